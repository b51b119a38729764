// Makes the program of the pages smaller, between wasm-bindgen and wasm-opt: smaller.mjs FOLDER NAME.
//
// What goes, and why no visitor notices. If wasm-bindgen ever writes another form, this script fails.
//
// 1. The texts of panics. In the browser std has no place to write them to: it builds the text, drops it and stops with
//    the instruction `unreachable`. Here the functions that build it are that instruction. The source positions that they
//    would print become zeros, and with them the paths of the machine that built the program.
// 2. `Debug`. Only panics print with it. The implementations stay in tables that no optimiser can empty, so they print
//    nothing here.
// 3. wasm-streams. It comes with Leptos, for server functions that stream; ours do not. It exports its functions, so no
//    linker removes them.
// 4. Names. wasm-bindgen gives each function that WASM and JavaScript call in each other a name with a hash, up to 64
//    characters, in both files.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import binaryen from '../end2end/node_modules/binaryen/index.js';

const [folder, name] = process.argv.slice(2);
const program = `${folder}/${name}_bg.wasm`;
const script = `${folder}/${name}.js`;
// The program and the parts that `--split` has cut off: one memory, so a part can point into another.
const files = [program, ...readdirSync(folder).filter(file => file.endsWith('.wasm')).map(file => `${folder}/${file}`)]
  .filter((file, at, all) => all.indexOf(file) === at);
const bytes = new Map(files.map(file => [file, readFileSync(file)]));

forgetPositions([...bytes.values()]);
binaryen.setDebugInfo(true);
for (const [file, contents] of bytes) {
  const module = binaryen.readBinary(contents);
  forgetTexts(module);
  if (file === program) {
    let source = dropStreams(module, readFileSync(script, 'utf8'));
    module.runPasses(['remove-unused-module-elements']);
    source = shortenImports(module, source);
    source = shortenExports(module, source);
    writeFileSync(script, source);
  }
  writeFileSync(file, module.emitBinary());
  module.dispose();
}

/** Fills with zeros every `core::panic::Location`: the address and length of a path, a line, a column. And every path. */
function forgetPositions(modules) {
  const memory = modules.flatMap(dataSegments);
  const find = (address, length) => {
    const segment = memory.find(({ start, data }) => address >= start && address + length <= start + data.length);
    return segment?.data.subarray(address - segment.start, address - segment.start + length);
  };
  const paths = new Set();
  for (const { start, data } of memory) {
    for (let at = -start & 3; at + 16 <= data.length; at += 4) {
      const [address, length] = [data.readUInt32LE(at), data.readUInt32LE(at + 4)];
      const path = length > 4 && length < 300 ? find(address, length) : undefined;
      if (path && /^[\w/.@-]+\.rs$/.test(path.toString('latin1'))) {
        data.fill(0, at, at + 16);
        paths.add(path);
      }
    }
  }
  must(paths.size > 0, 'no source positions');
  for (const path of paths) path.fill(0);
}

/** Returns the parts of the memory that a module fills at its start, as views of its bytes. */
function dataSegments(bytes) {
  let at = 8;
  const number = () => {
    let value = 0, shift = 0, byte;
    do {
      byte = bytes[at++];
      value |= (byte & 127) << shift;
      shift += 7;
    } while (byte > 127);
    return value >>> 0;
  };
  while (at < bytes.length) {
    const section = bytes[at++];
    const end = number() + at;
    if (section === 11) {
      return Array.from({ length: number() }, () => {
        must(number() === 0 && bytes[at++] === 0x41, 'a data segment without a fixed place');
        const start = number();
        at++;
        const length = number();
        at += length;
        return { start, data: bytes.subarray(at - length, at) };
      });
    }
    at = end;
  }
  return [];
}

function forgetTexts(module) {
  const panics = /9panicking|_fail$|_fail_rt$|_failed$|13assert_failed|panic_already|panic_access_error|panic_poisoned|handle_alloc_error|capacity_overflow|7raw_vec12handle_error|rust_begin_unwind/;
  const debug = /5Debug3fmt|Debug\$GT\$3fmt/;
  for (const { name, params, results } of functions(module).filter(({ module }) => !module)) {
    const becomes = body => {
      module.removeFunction(name);
      module.addFunction(name, params, results, [], body);
    };
    if (results === binaryen.none && panics.test(name)) becomes(module.unreachable());
    // `Ok(())`: nothing was written.
    if (results === binaryen.i32 && debug.test(name)) becomes(module.i32.const(0));
  }
}

function dropStreams(module, source) {
  for (const { name } of exports(module)) {
    if (/^(__wbg_)?intounderlying/.test(name)) module.removeExport(name);
  }
  source = without(source, /^export class IntoUnderlying\w+ \{\n[^]*?^\}\nif .*\n/gm, 3);
  return without(source, /^const IntoUnderlying\w+ = [^]*?;\n/gm, 3);
}

function shortenImports(module, source) {
  const used = new Map(functions(module)
    .filter(({ module }) => module === `./${name}_bg.js`)
    .map(({ base }, at) => [base, at.toString(36)]));
  for (const { name, module: from, base, params, results } of functions(module)) {
    if (!used.has(base)) continue;
    module.removeFunction(name);
    module.addFunctionImport(name, from, used.get(base), params, results);
  }
  let found = 0;
  source = source.replace(/^ {8}(\w+): (function[^]*?\n {8}\}.*,\n)/gm, (_, name, rest) => {
    if (!used.has(name)) return '';
    found++;
    return `        "${used.get(name)}": ${rest}`;
  });
  must(found === used.size, `${used.size} imports, ${found} found`);
  // One for each part that was cut off, all of the same file.
  source = source.replace(/^import \* as import(?!1 )\d+ .*\n/gm, '');
  return source.replace(/^ {8}".*": import(?![01],)\d+,\n/gm, '');
}

function shortenExports(module, source) {
  exports(module).filter(({ kind }) => kind === binaryen.ExternalFunction).forEach(({ name, value }, at) => {
    const called = new RegExp(`\\bwasm\\.${name.replaceAll('$', '\\$')}\\b`, 'g');
    const short = at.toString(36);
    module.removeExport(name);
    if (!called.test(source)) return;
    module.addFunctionExport(value, short);
    source = source.replace(called, `wasm["${short}"]`);
  });
  return source;
}

function functions(module) {
  return Array.from({ length: module.getNumFunctions() }, (_, at) => binaryen.getFunctionInfo(module.getFunctionByIndex(at)));
}

function exports(module) {
  return Array.from({ length: module.getNumExports() }, (_, at) => binaryen.getExportInfo(module.getExportByIndex(at)));
}

function without(source, pattern, times) {
  must(source.match(pattern)?.length === times, `${pattern} is not there ${times} times`);
  return source.replace(pattern, '');
}

function must(holds, otherwise) {
  if (!holds) throw new Error(`smaller.mjs: ${otherwise}`);
}
