#!/usr/bin/env node
// Measures every goal for speed and size, side by side with other people's code, and ends with 1 if one is missed. Run it
// with `make bench`, or one part of it with `make bench ONLY=door`. The parts decide by ratios wherever they can: what
// disturbs this machine disturbs both sides.
//
// `bench.mjs PYTHON smoke` is for tests: all candidates must give the same answers, and no goal counts.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { blocklist } from './bench/parts/blocklist.mjs';
import { door, smoke } from './bench/parts/door.mjs';
import { feed } from './bench/parts/feed.mjs';
import { gate } from './bench/parts/gate.mjs';
import { growth } from './bench/parts/growth.mjs';
import { instances } from './bench/parts/instances.mjs';
import { lighthouse } from './bench/parts/lighthouse.mjs';
import { signIns } from './bench/parts/sign_ins.mjs';
import { signOuts } from './bench/parts/sign_outs.mjs';
import { size } from './bench/parts/size.mjs';
import { printGoals } from './bench/figures.mjs';
import { root } from './trying.mjs';

const PARTS = { door, gate, 'sign-ins': signIns, 'sign-outs': signOuts, feed, instances, blocklist, size, growth, lighthouse };
const [python, kind] = process.argv.slice(2);
const only = (process.env.ONLY ?? '').split(/[\s,]+/).filter(Boolean);
const unknown = only.filter(part => !(part in PARTS));
if (unknown.length > 0) {
  console.error(`bench: no part is called ${unknown.join(' or ')}; the parts are ${Object.keys(PARTS).join(', ')}`);
  process.exit(1);
}
const MINUTES = 10;
setTimeout(() => {
  console.error(`bench: it takes longer than ${MINUTES} minutes`);
  process.exit(1);
}, MINUTES * 60_000).unref();

// On the disk of the project: durable writes into a temporary folder in memory would cost nothing.
mkdirSync(join(root, 'target'), { recursive: true });
const folder = mkdtempSync(join(root, 'target/bench-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

// What is deployed is measured, and so are the others that are written in Rust.
const built = join(root, 'target', kind === 'smoke' ? 'release' : 'dist');
const tools = {
  python, folder, binary: process.env.HANDSTAMP_BIN ?? join(built, 'handstamp'), peers: join(built, 'examples/peers'),
};
if (kind === 'smoke') {
  const failed = await failure(smoke, { ...tools, entries: 10 });
  console.log(failed ? `bench: FAILED: ${failed}` : 'bench: all candidates answer alike');
  process.exit(failed ? 1 : 0);
}
let missed = 0;
for (const [name, part] of Object.entries(PARTS).filter(([name]) => only.length === 0 || only.includes(name))) {
  const began = performance.now();
  console.log(`\n== ${name}`);
  const failed = await failure(part, { ...tools, rounds: 5, seconds: 1.5, entries: 1_000_000, tokens: 100_000 });
  console.log('');
  missed += printGoals();
  if (failed) {
    missed += 1;
    console.error(`  FAILED: ${failed}`);
  }
  console.log(`  (${((performance.now() - began) / 1000).toFixed(0)} s)`);
}
console.log(missed > 0 ? `\nbench: goals that are missed or could not be measured: ${missed}` : '\nbench: all goals are met');
process.exit(missed > 0 ? 1 : 0);

/** Runs a part. Returns what went wrong, if anything did. */
function failure(part, bounds) {
  return part(bounds).then(() => undefined, error => error.stack);
}
