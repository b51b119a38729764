// wasm-streams. Its functions and classes are exported, so no linker removes them.
import { functionExports, without } from './module.mjs';

export function dropStreams(module, script) {
  for (const { name } of functionExports(module)) {
    if (/^(__wbg_)?intounderlying/.test(name)) module.removeExport(name);
  }
  script = without(script, /^export class IntoUnderlying\w+ \{\n[^]*?^\}\nif .*\n/gm, 3);
  return without(script, /^const IntoUnderlying\w+ = [^]*?;\n/gm, 3);
}
