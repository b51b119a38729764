// The names of the functions that WASM and JavaScript call in each other. wasm-bindgen gives them up to 64 characters, some
// of them a hash, and they are in both files.
import { functionExports, functions, must } from './module.mjs';

/** Functions of JavaScript. Those that the program no longer calls go. */
export function shortenImports(module, script, from) {
  const imports = functions(module).filter(({ module }) => module === from);
  const short = new Map(imports.map(({ base }, at) => [base, at.toString(36)]));
  for (const { name, base, params, results } of imports) {
    module.removeFunction(name);
    module.addFunctionImport(name, from, short.get(base), params, results);
  }
  let found = 0;
  script = script.replace(/^ {8}(\w+): (function[^]*?\n {8}\}.*,\n)/gm, (_, name, rest) => {
    if (!short.has(name)) return '';
    found++;
    return `        "${short.get(name)}": ${rest}`;
  });
  must(found === short.size, `the program calls ${short.size} functions, the script has ${found}`);
  return script;
}

/** Functions of the program. Those that the script does not call go. */
export function shortenExports(module, script) {
  functionExports(module).forEach(({ name, value }, at) => {
    const call = new RegExp(`\\bwasm\\.${name}\\b`, 'g');
    module.removeExport(name);
    if (!call.test(script)) return;
    module.addFunctionExport(value, at.toString(36));
    script = script.replace(call, `wasm["${at.toString(36)}"]`);
  });
  return script;
}
