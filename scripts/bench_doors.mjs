#!/usr/bin/env node
// Measures the followers in clients/: the time from an acknowledged sign-out until ten services refuse the token, what a check
// costs beside the plain library, and how long a million entries take to load. Run it with `make bench-doors`; it ends with 1
// if a goal is missed.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { block, newIds } from './bench/data.mjs';
import { atMost, print, printGoals, ratio, shown } from './bench/figures.mjs';
import { installNode } from './clients/node.mjs';
import { Provider, part } from './clients/provider.mjs';
import { installPython } from './clients/python.mjs';
import { installRust } from './clients/rust.mjs';
import { expect, get, root, talking, within } from './trying.mjs';

const SERVICES = 10;
const SIGN_OUTS = 100;
const BOUND_MS = 10;
const DEARER = 1.2;
const MILLION = 1_000_000;

const [python] = process.argv.slice(2);
// On the disk of the project: durable writes into a temporary folder in memory would cost nothing.
mkdirSync(join(root, 'target'), { recursive: true });
const folder = mkdtempSync(join(root, 'target/bench-doors-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const kinds = [installPython(python, newFolder('python')), installNode(newFolder('node')), installRust('release')];

const provider = await Provider.start(newFolder('server'));
const rows = [];
for (const kind of kinds) {
  const services = Array.from({ length: SERVICES }, () => start(kind));
  await Promise.all(services.map(service => service.ask('ready')));
  const delays = (await refusals(services)).sort((a, b) => a - b);
  const { plain, checked } = await cost(services[0]);
  await Promise.all(services.map(service => service.stop()));
  const at = share => delays[Math.floor(share * (delays.length - 1))];
  const times = ratio(checked, plain);
  rows.push([kind.name, ...[0.5, 0.99, 1].map(share => shown(at(share), 'ms')), ...[plain, checked].map(ns => shown(ratio(ns, ns.map(() => 1000)).median, 'µs'))]);
  atMost(BOUND_MS, `${kind.name}: from a sign-out to the refusal in ${SERVICES} services, p99`, { median: at(0.99), low: at(0), high: at(1) }, 'ms');
  atMost(DEARER, `${kind.name}: a check beside the library alone`, times, 'times');
}
print(['', 'refused p50', 'p99', 'worst', 'library', 'with follower'], rows, 1);

console.log(`\nA snapshot of ${shown(MILLION)} entries:`);
await provider.server.stop();
block(provider.server.folder, newIds(MILLION));
await provider.server.start();
const loads = [];
for (const kind of kinds) {
  const service = start(kind);
  const [began, before] = [performance.now(), Number(await service.ask('resident'))];
  await within(service.ask('ready'), 'a million entries', 120);
  const took = (performance.now() - began) / 1000;
  expect('entries', JSON.parse(await service.ask('state')).entries >= MILLION, true);
  const each = (Number(await service.ask('resident')) - before) / MILLION;
  loads.push([kind.name, shown(took, 's'), shown(each, 'bytes')]);
  await service.stop();
}
print(['', 'loaded in', 'of the process, an entry'], loads, 1);
await provider.server.stop();
console.log('');
process.exit(printGoals() > 0 ? 1 : 0);

/** Milliseconds from the answer to a sign-out until each service refuses the token; 0 if it was refused before the answer. */
async function refusals(services) {
  const delays = [];
  for (let number = 0; number < SIGN_OUTS; number++) {
    const token = await provider.signIn();
    const answers = await Promise.all(services.map(service => service.ask(`watch ${token}`)));
    answers.forEach(answer => expect('the answer', answer, 'watching'));
    const refused = services.map(async service => {
      expect('the answer', await service.heard(), 'refused');
      return performance.now();
    });
    const acknowledged = await provider.signOut(token);
    delays.push(...(await Promise.all(refused)).map(at => Math.max(0, at - acknowledged)));
  }
  return delays;
}

/** Nanoseconds of a check, with the library alone and with the follower, in rounds that take turns. */
async function cost(service) {
  const token = await provider.signIn();
  const { keys } = await (await get(`${provider.server.origin}/.well-known/jwks.json`)).json();
  return JSON.parse(await service.ask(`cost ${token} ${JSON.stringify(keys.find(({ kid }) => kid === part(token, 0).kid))}`));
}

function start({ name, answer: { command, words, env } }) {
  return talking(name, command, [...words, ...provider.words], { env });
}

function newFolder(name) {
  const own = join(folder, name);
  mkdirSync(own);
  return own;
}
