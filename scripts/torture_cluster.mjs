#!/usr/bin/env node
// Tests the promise on three instances with one PostgreSQL.
// C1 measures how long other instances let a token in after its sign-out (cluster/delay.mjs), also without news from PostgreSQL.
// C2 takes PostgreSQL away in four ways (cluster/outages.mjs). C3 restarts the instances one by one behind nginx
// (cluster/rolling.mjs). C4 mixes all requests and kills instances meanwhile, for the time that is left (cluster/mixed.mjs).
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { delays, percentile } from './cluster/delay.mjs';
import { Instances, USERS } from './cluster/instances.mjs';
import { BOUND } from './cluster/judge.mjs';
import { mix } from './cluster/mixed.mjs';
import { AFTER_IT, LATEST, RECOVERY, Outages } from './cluster/outages.mjs';
import { report } from './cluster/report.mjs';
import { roll } from './cluster/rolling.mjs';
import { Wire } from './cluster/wire.mjs';
import { Node, isInstalled } from './torture/node.mjs';
import { randomFrom } from './torture/random.mjs';
import { root } from './trying.mjs';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '240' }, // all together; C4 gets what C1 to C3 leave, and at least 20 of them
    operations: { type: 'string' }, // C4 runs until so many are done
    only: { type: 'string', default: 'C1,C2,C3,C4' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    binary: { type: 'string', default: join(root, 'target/release/handstamp') },
  },
});
if (!isInstalled) {
  console.error('torture: PostgreSQL is missing; run: scripts/setup cluster');
  process.exit(1);
}

const SIGN_OUTS = 300;
const SIGN_OUTS_UNHEARD = 60;
/** The goal for the sign-outs that other instances hear of, in milliseconds. */
const GOAL = 10;
const LEAST = 20;

const begun = performance.now();
mkdirSync(join(root, 'target'), { recursive: true });
const folder = mkdtempSync(join(root, 'target/torture-'));
const logFolder = mkdtempSync(join(tmpdir(), 'handstamp-torture-'));
if (!process.env.KEEP) process.once('exit', () => [folder, logFolder].forEach(path => rmSync(path, { recursive: true, force: true })));
console.log(`torture: seed ${options.seed}; the instances in ${folder}, the clients' log in ${logFolder}`);

const postgres = new Node('cluster');
await postgres.initialise();
const direct = `postgres://handstamp@localhost/postgres?host=${postgres.folder}`;
const wire = await Wire.to(postgres.socket);
const throughWire = `postgres://handstamp@127.0.0.1:${wire.port}/postgres?sslmode=disable`;
// The first instances add the users of all experiments.
await (await instances('first', { DATABASE_URL: direct }).start(USERS)).stop();

const rows = [];
const experiments = { C1: measureDelays, C2: takePostgresAway, C3: restartOneByOne, C4: mixAll };
for (const [name, experiment] of Object.entries(experiments)) {
  if (options.only.split(',').includes(name)) rows.push(...(await experiment()));
}
process.exitCode = report(rows) ? 0 : 1;
process.exit();

async function measureDelays() {
  const found = [];
  const hearing = await instances('hearing', { DATABASE_URL: direct }).start();
  // The first heartbeat is heard.
  await new Promise(over => setTimeout(over, 1500));
  found.push(...rowsOfDelays('C1 sign-outs, told by PostgreSQL', await delays(hearing, SIGN_OUTS), GOAL));
  await hearing.stop();
  for (const [state, how] of [['losing', 'whose listeners\' packets are lost'], ['cut', 'whose listeners are cut off']]) {
    const deaf = await instances(state, { DATABASE_URL: direct, DATABASE_LISTEN_URL: throughWire }).start();
    await wire.set(state);
    found.push(...rowsOfDelays(`   sign-outs, ${how}`, await delays(deaf, SIGN_OUTS_UNHEARD)));
    await wire.set('passing');
    await deaf.stop();
  }
  return found;
}

function rowsOfDelays(what, { delays, wrong }, goal = BOUND) {
  const [p50, p99, worst] = [0.5, 0.99, 1].map(share => percentile(delays, share));
  const shown = [p50, p99, worst].map(delay => delay?.toFixed(1)).join(' / ');
  return [
    [what, delays.length / 2],
    [`      to refusal on the others, p50 / p99 / worst`, `${shown} ms`, p99 <= goal && worst <= BOUND, `p99 at most ${goal} ms, worst ${BOUND} ms`],
    ['      answered wrongly', wrong.length, wrong.length === 0, wrong],
  ];
}

async function takePostgresAway() {
  const through = await instances('outages', { DATABASE_URL: throughWire }).start();
  const outages = new Outages(through, postgres, wire, join(logFolder, 'outages'));
  const found = await outages.run();
  await through.stop();
  return [
    [`C2 answers within ${LATEST} ms; protected doors 503 after ${AFTER_IT} ms; all well in ${RECOVERY} ms`, ''],
    ...found,
  ];
}

async function restartOneByOne() {
  return roll(publicUrl => instances('rolling', { DATABASE_URL: direct }, publicUrl), join(folder, 'nginx'));
}

async function mixAll() {
  const left = Number(options.seconds) - (performance.now() - begun) / 1000;
  const until = options.operations ? { operations: Number(options.operations) } : { seconds: Math.max(LEAST, left) };
  const mixed = await instances('mixed', { DATABASE_URL: direct }).start();
  return mix(mixed, join(logFolder, 'mixed'), randomFrom(Number(options.seed)), until);
}

function instances(name, settings, publicUrl) {
  return new Instances({ binary: resolve(options.binary), folder: join(folder, name), settings: { RUST_LOG: 'warn', ...settings }, publicUrl });
}
