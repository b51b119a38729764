// The texts of panics. std builds the text, finds no place to write it to, and stops with the instruction `unreachable`.
// Here the functions that build it are that instruction.
import binaryen from '../../end2end/node_modules/binaryen/index.js';
import { functions, must } from './module.mjs';

/** Functions of core, alloc and std that panic. Those that can also return keep their body. */
const PANICS = /9panicking|panic_(already|access|poisoned)|_fail(_rt|ed)?$|13assert_failed|handle_alloc_error|capacity_overflow|7raw_vec12handle_error|rust_begin_unwind/;

/** Only the functions above call these. */
const PAYLOAD = /12PanicPayload/;

/** Only panics print with `Debug`, and the optimiser cannot remove functions from tables. They write nothing. */
const DEBUG = /Debug(\$GT\$)?3fmt/;

export function forgetTexts(module) {
  let panics = 0;
  for (const { name, params, results, body } of functions(module).filter(({ module }) => !module)) {
    const becomes = body => {
      module.removeFunction(name);
      module.addFunction(name, params, results, [], body);
    };
    if (results === binaryen.none && (PAYLOAD.test(name) || PANICS.test(name) && neverReturns(body))) {
      becomes(module.unreachable());
      panics++;
    }
    // The value of `Ok(())`.
    if (results === binaryen.i32 && DEBUG.test(name)) becomes(module.i32.const(0));
  }
  return panics;
}

function neverReturns(body) {
  return binaryen.getExpressionType(body) === binaryen.unreachable && !binaryen.emitText(body).includes('(return');
}

/**
 * Fills with zeros every path that a `core::panic::Location` points to. They name folders of the machine that built the
 * program. A part can point into the memory of another.
 */
export function forgetPositions(modules) {
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
        paths.add(path);
      }
    }
  }
  must(paths.size > 0, 'no source positions');
  for (const path of paths) path.fill(0);
}

/** Returns the parts of the memory that a module fills at its start, as views of its bytes (section 11). */
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
