#!/usr/bin/env node
// Tries the examples of deploy/forward-auth/: Debian's nginx, Caddy, HAProxy and Apache before a small application, with the
// real binary. Prints a table. Traefik is not in Debian: its request is sent as its documentation describes it.
import { mkdtempSync, openSync, readFileSync, rmSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Application } from './doors/application.mjs';
import { CASES, closed, withToken } from './doors/cases.mjs';
import { NAVIGATION } from './doors/client.mjs';
import { AUDIENCE, Gate, PUBLIC_URL } from './doors/gate.mjs';
import { PROXIES, WITH_SCRIPT, withCertificate } from './doors/proxies.mjs';
import { freePorts, reached } from './ports.mjs';
import { expect, expectQuoted, stop, within } from './trying.mjs';

const SECONDS = 90;
/** docs/forward-auth.md shows lines of each. */
const EXAMPLES = ['nginx.conf', 'Caddyfile', 'traefik.yaml', 'apache.conf', 'haproxy.cfg'];
const only = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'handstamp-doors-'));
const results = new Map();
const failures = [];

// Debian's path of an ordinary user lacks the servers.
process.env.PATH += ':/usr/sbin';
// The workers of Apache are another user.
chmodSync(folder, 0o755);
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
setTimeout(() => {
  console.error(`doors: FAILED: it takes longer than ${SECONDS} seconds`);
  process.exit(1);
}, SECONDS * 1000).unref();

EXAMPLES.forEach(example => expectQuoted(`lines: ${example}`, `deploy/forward-auth/${example}`));
const names = Object.keys(PROXIES).filter(name => only.length === 0 || only.includes(name));
const withScript = names.filter(name => WITH_SCRIPT.includes(name));
const [gatePort, ...ports] = await freePorts(1 + 2 * names.length + withScript.length);
const application = await new Application().start();
const gate = await Gate.start(folder, gatePort);
const doors = await Promise.all(names.map(name => open(name)));
const broken = await Promise.all(withScript.map(name => open(name, { broken: true })));
const naming = await Promise.all(names.map(name => open(name, { audience: AUDIENCE })));

for (const [name, tried] of Object.entries(CASES)) {
  await Promise.all(doors.map(door => attempt(name, door.name, () => tried(door))));
}
await Promise.all(naming.map(door => attempt('a token for the application', door.name, () => withToken(door))));
await attempt("Traefik's request", 'Traefik', traefik);
const token = await gate.token('ada');
const close = (what, doors) => Promise.all(doors.map(door => attempt(what, door.name, () => closed({ ...door, token }))));
await close('the script fails', broken);
gate.server.child.kill('SIGSTOP');
await close('Handstamp does not answer', doors);
gate.server.child.kill('SIGCONT');
await gate.server.stop();
await close('Handstamp is away', doors);

for (const { process } of [...doors, ...broken, ...naming]) await stop(process);
print();
process.exit(failures.length > 0 ? 1 : 0);

async function open(name, variant = {}) {
  const port = ports.pop();
  const place = { folder: join(folder, [name, ...Object.keys(variant)].join('-')), port, gate: gatePort, application: application.port, ...variant };
  withCertificate(place.folder);
  place.log = openSync(join(place.folder, 'log'), 'a');
  const process = PROXIES[name](place);
  const ended = process.ended.then(code => { throw new Error(`${name} ended with ${code}: ${tail(name)}`); });
  ended.catch(() => {});
  await within(Promise.race([reached(port), ended]), `${name} to listen`);
  return { name, port, process, gate, application };
}

/** A proxy of this version sends the headers of its client, without the body, and these of its own. */
async function traefik() {
  const browser = await gate.asTraefik(Object.fromEntries([NAVIGATION.slice(0, 2)]));
  expect('a navigation', `${browser.status} ${browser.headers.get('location')}`,
    `302 ${PUBLIC_URL}/login?next=${encodeURIComponent('https://app.example.org/wiki?a=b&c=d')}`);
  expect('a script', (await gate.asTraefik({ accept: 'application/json' })).status, 401);
  const { cookie, refreshToken } = await gate.signIn('/');
  const inside = await gate.asTraefik({ cookie });
  expect('a browser that is signed in', `${inside.status} ${inside.headers.get('remote-user')}`, '200 ada');
  expect('an origin that is not listed', (await gate.asTraefik({ cookie }, 'unlisted.example.org')).status, 403);
  await gate.signOut(refreshToken);
  expect('after the sign-out', (await gate.asTraefik({ cookie, accept: 'application/json' })).status, 401);
}

async function attempt(name, proxy, tried) {
  let result = 'ok';
  try {
    await tried();
  } catch (error) {
    result = 'FAILED';
    failures.push(`${proxy}: ${name}: ${error.message}`);
  }
  results.set(name, { ...results.get(name), [proxy]: result });
}

function print() {
  const columns = [...names, 'Traefik'];
  const width = Math.max(...[...results.keys()].map(name => name.length)) + 2;
  const line = (first, cells) => console.log(first.padEnd(width) + cells.map(cell => cell.padEnd(9)).join('').trimEnd());
  line('', columns);
  for (const [name, result] of results) line(name, columns.map(column => result[column] ?? '–'));
  for (const failure of failures) console.error(`doors: FAILED: ${failure}`);
  for (const name of new Set(failures.map(failure => failure.split(':')[0]))) if (names.includes(name)) console.error(`${name} said: ${tail(name)}`);
}

function tail(name) {
  return readFileSync(join(folder, name, 'log'), 'utf8').split('\n').slice(-15).join('\n');
}
