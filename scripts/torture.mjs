#!/usr/bin/env node
// Tests the promise against crashes: an acknowledged sign-out, end of all other sessions or refresh must survive. R1
// kills the server under a load of such requests (torture/crashes.mjs). A crash does not show what a power failure
// would lose, so R2 reads a trace of system calls: no acknowledgement may come before the fsync of its rows
// (torture/fsync_order.mjs).
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Log } from './torture/clients.mjs';
import { Crashes } from './torture/crashes.mjs';
import { traceAnswers } from './torture/fsync_order.mjs';
import { randomFrom } from './torture/random.mjs';
import { different, rowsOf } from './torture/report.mjs';
import { Tortured } from './torture/tortured.mjs';
import { root } from './trying.mjs';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '100' }, // of R1; R2 takes a few more
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    binary: { type: 'string', default: join(root, 'target/release/handstamp') },
  },
});
for (const tool of ['sqlite3', 'strace']) {
  try {
    execFileSync(tool, ['--version'], { stdio: 'ignore' });
  } catch {
    console.error(`torture: ${tool} is missing; run: scripts/setup test`);
    process.exit(1);
  }
}

mkdirSync(join(root, 'target'), { recursive: true });
const folder = mkdtempSync(join(root, 'target/torture-'));
const logFolder = mkdtempSync(join(tmpdir(), 'handstamp-torture-'));
process.once('exit', () => [folder, logFolder].forEach(path => rmSync(path, { recursive: true, force: true })));

console.log(`torture: seed ${options.seed}; the database in ${folder}, the clients' log in ${logFolder}`);
const crashes = await crash(await Tortured.in(join(folder, 'crashes'), options.binary));
const order = await traceAnswers(await Tortured.in(join(folder, 'traced'), options.binary));
report(crashes, order);

async function crash(server) {
  const log = new Log(join(logFolder, 'log'));
  const crashes = new Crashes(server, log, randomFrom(Number(options.seed)));
  await server.start();
  const until = performance.now() + Number(options.seconds) * 1000;
  let next = performance.now();
  while (performance.now() < until) {
    await crashes.cycle();
    if (performance.now() < next) continue;
    next = performance.now() + 10_000;
    const counts = crashes.storms.map(({ kind, seen }) => `${seen.acknowledged} ${kind}`).join(', ');
    console.log(`  cycle ${crashes.seen.cycles}: ${counts} acknowledged; ${crashes.storms.flatMap(({ seen }) => seen.lost).length} lost`);
  }
  crashes.seen.exit = await crashes.finish();
  log.close();
  return crashes;
}

function report({ seen, living, storms }, order) {
  const starts = seen.starts.sort((a, b) => a - b);
  const rows = [
    ['R1 cycles: storm, SIGKILL, restart', seen.cycles],
    ...storms.flatMap(rowsOf),
    ['   never ended: let in, and refreshed', living.length - different(seen.cut)],
    ['      refused without a sign-out', different(seen.cut), seen.cut],
    ['   integrity_check other than ok', seen.damaged.length, seen.damaged],
    ['   start to first 401, p50 / longest', `${starts[starts.length >> 1]?.toFixed(0)} / ${starts.at(-1)?.toFixed(0)} ms`],
    ['   exit code after SIGTERM', seen.exit],
    ...order.flatMap(({ kind, traced, proven, fsyncs, provenWithout }) => [
      [`R2 ${kind} traced`, traced],
      ['   acknowledged only after their fsync', proven],
      ['   fsyncs that did it', fsyncs],
      ['   the same trace without its fsyncs', `${provenWithout} proven`],
    ]),
  ];
  console.log('');
  for (const [what, figure] of rows) console.log(`${what.padEnd(50)} ${figure}`);
  for (const [, , details] of rows) if (details?.length > 0) console.log(details.slice(0, 10));

  const faults = [seen.cut, seen.damaged, ...storms.map(({ seen }) => [...seen.lost, ...seen.unstable, ...seen.torn])].flat().length;
  const vacuous = storms.some(({ seen }) => seen.sessions === 0) || order.some(({ traced, provenWithout }) => traced === 0 || provenWithout > 0);
  if (faults > 0 || vacuous || seen.exit !== 0 || order.some(({ traced, proven }) => proven < traced)) {
    console.error('torture: the promise was broken, or was not tested');
    process.exitCode = 1;
  }
}
