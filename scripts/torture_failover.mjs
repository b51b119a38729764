#!/usr/bin/env node
// Tests the promise against the loss of a machine with PostgreSQL: two servers share a primary with a synchronous standby.
// F1 kills the primary under a load of sign-outs and refreshes and lets the standby take over (torture/failovers.mjs).
// F2 takes the standby away while it is demanded. F3 lets an operator end the wait for it (torture/standby_away.mjs). F4 asks
// the doctor about each kind of standby (torture/doctors_words.mjs). F5 promotes the standby while the primary lives on
// (torture/old_primary.mjs).
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Log } from './torture/clients.mjs';
import { askDoctor } from './torture/doctors_words.mjs';
import { Failovers } from './torture/failovers.mjs';
import { isInstalled } from './torture/node.mjs';
import { NOTICED, promoteBesideThePrimary } from './torture/old_primary.mjs';
import { Pair } from './torture/pair.mjs';
import { randomFrom } from './torture/random.mjs';
import { different, rowsOf } from './torture/report.mjs';
import { LATEST, RECOVERY, StandbyAway, endWait } from './torture/standby_away.mjs';
import { CROWD, Tortured } from './torture/tortured.mjs';
import { root } from './trying.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '12' }, // of F1
    seconds: { type: 'string', default: '30' }, // of F2
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    binary: { type: 'string', default: join(root, 'target/release/handstamp') },
  },
});
if (!isInstalled) {
  console.error('torture: PostgreSQL is missing; run: scripts/setup torture-failover');
  process.exit(1);
}

mkdirSync(join(root, 'target'), { recursive: true });
const folder = mkdtempSync(join(root, 'target/torture-'));
const logFolder = mkdtempSync(join(tmpdir(), 'handstamp-torture-'));
process.once('exit', () => [folder, logFolder].forEach(path => rmSync(path, { recursive: true, force: true })));

console.log(`torture: seed ${options.seed}; the clients' log in ${logFolder}`);
const database = await Pair.start();
const servers = [await serve('one', ['ada', ...CROWD]), await serve('two', [])];

const failovers = new Failovers(database, servers, new Log(join(logFolder, 'log')), randomFrom(Number(options.seed)));
for (let round = 1; round <= Number(options.rounds); round += 1) {
  await failovers.round();
  const counts = failovers.storms.map(({ kind, seen }) => `${seen.acknowledged} ${kind}`).join(', ');
  console.log(`  round ${round}: ${counts} acknowledged; ${failovers.storms.flatMap(({ seen }) => seen.lost).length} lost`);
}
await failovers.finish();
const away = new StandbyAway(database, servers);
await away.run(Number(options.seconds));
const ended = [];
for (const how of ['pg_cancel_backend', 'pg_terminate_backend']) ended.push(await endWait(database, servers, how));
const said = await askDoctor(database, servers[0]);
const split = await promoteBesideThePrimary(database, servers);
report();
process.exit();

async function serve(name, users) {
  const shared = { JWT_SECRET: Buffer.from(options.seed.padEnd(48, '.')).toString('base64'), PUBLIC_URL: 'http://127.0.0.1:3000' };
  const server = await Tortured.in(join(folder, name), options.binary, { ...shared, DATABASE_URL: database.direct, RUST_LOG: 'off' }, users);
  server.settings.DATABASE_URL = database.url;
  return server.start();
}

function report() {
  const { seen, living, storms } = failovers;
  const waiting = [away.seen.first[0], away.seen.most[0]];
  const atMost = waiting[0] + servers.length;
  const rows = [
    ['F1 rounds: storm, SIGKILL, promotion, new standby', seen.rounds],
    ...storms.flatMap(rowsOf),
    ['   repeated until they were acknowledged', seen.repeated],
    ['   ended tokens let in during or after it', different(seen.letIn), seen.letIn],
    [`      of ${seen.asked} asked while the database was away`, '' ],
    ['   two successors of one refresh token', different(seen.twoSuccessors), seen.twoSuccessors],
    ['   never ended: let in, and refreshed', living.length - different(seen.cut)],
    ['      refused without a sign-out', different(seen.cut), seen.cut],
    ['   SIGKILL to promotion, p50 / longest', milliseconds(seen.promotion)],
    ['   promotion to ready, p50 / longest', milliseconds(seen.recovery)],
    [`F2 answers in ${options.seconds} s without the standby`, JSON.stringify(away.seen.answers)],
    ['   acknowledged', away.seen.acknowledged.length, away.seen.acknowledged],
    [`   longest, at most ${LATEST} ms`, `${away.seen.longest.toFixed(0)} ms`],
    ['   protected doors', JSON.stringify(away.seen.doors)],
    [`   commits that wait: first / most, at most ${atMost}`, waiting.join(' / ')],
    ['   connections to PostgreSQL: first / most', [away.seen.first[1], away.seen.most[1]].join(' / ')],
    [`   standby back to all well, at most ${RECOVERY} ms`, milliseconds(away.seen.recovery)],
    ['   repeated requests with another answer', away.seen.wrong.length, away.seen.wrong],
    ...ended.map(({ how, status, repeated }) => [`F3 ${how} ends the wait`, `${status}, repeated: ${repeated ? 'refused' : 'LET IN'}`]),
    ...said.map(({ standby, line }) => [`F4 ${standby}`, line]),
    [`F5 let in after a sign-out elsewhere, at most ${NOTICED} ms`, `${split.letIn.toFixed(0)} ms; refused after ${split.after.toFixed(0)} ms`],
  ];
  console.log('');
  for (const [what, figure] of rows) console.log(`${what.padEnd(52)} ${figure}`);
  for (const [, , details] of rows) if (details?.length > 0) console.log(details.slice(0, 10));

  const lists = [seen.cut, seen.letIn, seen.twoSuccessors, away.seen.acknowledged, away.seen.wrong];
  const faults = [...lists, ...storms.map(({ seen }) => [...seen.lost, ...seen.unstable, ...seen.torn])].flat().length;
  const vacuous = storms.some(({ seen }) => seen.sessions === 0) || !(away.seen.answers[503] > 0) || waiting[1] === 0;
  const late = away.seen.longest > LATEST || Math.max(...away.seen.recovery) > RECOVERY || waiting[1] > atMost || split.letIn > NOTICED;
  if (faults > 0 || vacuous || late || ended.some(({ status, repeated }) => status !== 503 || !repeated) || said.some(({ right }) => !right)) {
    console.error('torture: the promise was broken, or was not tested');
    process.exitCode = 1;
  }
}

function milliseconds(times) {
  const sorted = times.toSorted((a, b) => a - b);
  return `${sorted[sorted.length >> 1]?.toFixed(0)} / ${sorted.at(-1)?.toFixed(0)} ms`;
}
