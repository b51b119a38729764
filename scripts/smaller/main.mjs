// Makes the program of the pages smaller, after wasm-bindgen and before wasm-opt: main.mjs FOLDER NAME. If these tools ever
// write another form, this fails.
//
// | file | what goes, and why no visitor notices |
// |---|---|
// | `panics.mjs` | the texts of panics: in the browser, std has no place to write them to |
// | `streams.mjs` | wasm-streams, which comes with Leptos for server functions that stream; ours do not |
// | `names.mjs` | the long names with which WASM and JavaScript call each other |
// | `parts.mjs` | the files of the parts that `--split` has cut off: some thirty for one page, now one |
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import binaryen from '../../end2end/node_modules/binaryen/index.js';
import { must } from './module.mjs';
import { shortenExports, shortenImports } from './names.mjs';
import { forgetPositions, forgetTexts } from './panics.mjs';
import { packParts } from './parts.mjs';
import { dropStreams } from './streams.mjs';

const [folder, name] = process.argv.slice(2);
const program = `${name}_bg.wasm`;
const modules = new Map(readdirSync(folder)
  .filter(file => file.endsWith('.wasm'))
  .map(file => [file, readFileSync(`${folder}/${file}`)]));
let script = readFileSync(`${folder}/${name}.js`, 'utf8');

// As `wasm-opt -Oz`.
binaryen.setOptimizeLevel(2);
binaryen.setShrinkLevel(2);

forgetPositions([...modules.values()]);
for (const [file, bytes] of modules) {
  const module = binaryen.readBinary(bytes);
  const panics = forgetTexts(module);
  if (file === program) {
    must(panics > 20, `only ${panics} functions panic`);
    script = dropStreams(module, script);
    module.runPasses(['remove-unused-module-elements']);
    script = shortenImports(module, script, `./${name}_bg.js`);
    script = shortenExports(module, script);
  } else {
    module.optimize();
    module.runPasses(['strip-producers', 'strip-target-features']);
  }
  modules.set(file, Buffer.from(module.emitBinary()));
  module.dispose();
}
writeFileSync(`${folder}/${program}`, modules.get(program));
modules.delete(program);
script = packParts(folder, modules, script);
writeFileSync(`${folder}/${name}.js`, script);
