// The parts of the program that `--split` has cut off. A part that several pages share is a file of its own, so a page
// loaded some thirty. Here each page has one file, `split_NAME.parts`, with all of its parts: as one stream they are also a
// quarter smaller. Each part follows its number and its length, as 32-bit numbers.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { must, without } from './module.mjs';

/** The file that cargo leptos wrote to load the parts. It gets its hash later. The script takes over from it. */
const LOADER = '__wasm_split.______________________.js';

export function packParts(folder, modules, script) {
  // Which parts each page needs, its own last.
  const pages = Object.entries(JSON.parse(readFileSync(`${folder}/__wasm_split_manifest.json`, 'utf8')));
  const packedFile = page => `split_${page.replace(/_loader_\d+$/, '')}.parts`;
  const files = [...modules.keys()];
  for (const [page, parts] of pages) {
    const packed = parts.map(part => `${part}.wasm`).flatMap(file => {
      const bytes = modules.get(file);
      return [Buffer.from(Uint32Array.of(files.indexOf(file), bytes.length).buffer), bytes];
    });
    writeFileSync(`${folder}/${packedFile(page)}`, Buffer.concat(packed));
  }
  for (const file of files) rmSync(`${folder}/${file}`);
  // cargo leptos must find it.
  writeFileSync(`${folder}/${LOADER}`, '');

  const loaders = pages.map(([page]) => `  __wasm_split_load_${page}: load("./${packedFile(page)}"),\n`).join('');
  script = without(script, /^import \* as import\d+ .*__wasm_split.*\n/gm, pages.length);
  script = without(script, new RegExp(`^ {8}"./${LOADER}": import(?!1,)\\d+,\\n`, 'gm'), pages.length - 1);
  // The old loader needed it.
  script = script.replace('export { initSync, ', 'export { ');
  must(/^let .*\bwasm;/m.test(script) && !/\b(load|started)\b/.test(script), 'other names in the script');
  return `${script}
const started = [];
const load = file => async (done, data) => {
  let loaded = false;
  try {
    const answer = await fetch(new URL(file, import.meta.url));
    if (!answer.ok) throw new Error(answer.statusText);
    const bytes = await answer.arrayBuffer();
    const imports = { __wasm_split: wasm };
    const parts = [];
    for (let at = 0; at < bytes.byteLength;) {
      const [part, length] = new Uint32Array(bytes.slice(at, at += 8));
      const code = bytes.slice(at, at += length);
      // A part that another page has started must not run again: it would set its memory back.
      parts.push(started[part] ??= WebAssembly.instantiate(code, imports));
    }
    await Promise.all(parts);
    loaded = true;
  } catch (error) {
    console.error(error);
  }
  wasm.__indirect_function_table.get(done)(data, loaded);
};
const import1 = {
${loaders}};
`;
}
