// What the other files share: reading a module, and changing a text that must have the expected form.
import binaryen from '../../end2end/node_modules/binaryen/index.js';

export function functions(module) {
  return list(module.getNumFunctions(), at => binaryen.getFunctionInfo(module.getFunctionByIndex(at)));
}

export function functionExports(module) {
  return list(module.getNumExports(), at => binaryen.getExportInfo(module.getExportByIndex(at)))
    .filter(({ kind }) => kind === binaryen.ExternalFunction);
}

export function without(source, pattern, times) {
  must(source.match(pattern)?.length === times, `${pattern} is not there ${times} times`);
  return source.replace(pattern, '');
}

export function must(holds, otherwise) {
  if (!holds) throw new Error(`smaller: ${otherwise}`);
}

function list(length, item) {
  return Array.from({ length }, (_, at) => item(at));
}
