#!/usr/bin/env node
// Tries the examples of deploy/forward-auth/ on real proxies: Handstamp, a proxy, and a small application that knows nothing of
// tokens. Prints a table. `node scripts/doors.mjs nginx caddy` tries these alone.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hash, startApplication } from './doors/application.mjs';
import { APP, NAVIGATION, ask, upgrade } from './doors/client.mjs';
import { proxies } from './doors/proxies.mjs';
import { freePorts, reached } from './ports.mjs';
import { PASSWORD, Server, expect, get, root, stop, within } from './trying.mjs';

const ID = 'https://id.example.org';
const FORGED = ['Remote-User', 'remote-user', 'Remote_User', 'REMOTE_USER', 'remote_groups', 'Remote-Groups', 'Remote-Subject', 'Remote-Email'];

/** What is tried, in this order: `signedIn` lives until the one that ends it. */
const TRIES = {
  'a stranger is led to the form': async ({ port, application }) => {
    const answer = await ask(port, { path: '/reports?week=3&x=%2F', headers: NAVIGATION });
    expect('status', answer.status, 302);
    expect('address', answer.headers.location, form(port, '/reports?week=3&x=%2F'));
    for (const request of [{}, { method: 'POST', body: 'a=b', headers: NAVIGATION }, { headers: { authorization: 'Bearer x' } }]) {
      expect('status', (await ask(port, request)).status, 401);
    }
    expect('requests that reached the application', application.reached, 0);
  },
  'in by the cookie': async ({ port, cookie, token }) => {
    const subject = JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).sub;
    const answer = await ask(port, { path: '/reports?week=3', headers: { ...NAVIGATION, cookie: `a=1; ${cookie}; b=2` } });
    const seen = saw(answer);
    expect('what the application saw', `${seen.method} ${seen.url}`, 'GET /reports?week=3');
    expect('the user', seen.remote.filter(line => !line.endsWith(': ')).join(', '), `remote-groups: admin, remote-subject: ${subject}, remote-user: ada`);
    expect('cookies', seen.cookie, 'a=1; b=2');
  },
  'in by an access token': async ({ port, token }) => {
    const seen = saw(await ask(port, { headers: { authorization: `Bearer ${token}` } }));
    expect('the user', seen.user, 'ada');
  },
  'POST with a body': async ({ port, cookie }) => {
    const body = 'x'.repeat(100_000);
    const seen = saw(await ask(port, { method: 'POST', path: '/save', body, headers: { cookie, 'content-type': 'text/plain' } }));
    expect('what the application saw', `${seen.method} ${seen.url} ${seen.body}`, `POST /save ${hash(body)}`);
    expect('the user', seen.user, 'ada');
  },
  'WebSocket': async ({ port, cookie, application }) => {
    const answer = await upgrade(port, { cookie });
    expect('status', answer.status, 101);
    expect('the user', answer.user, 'ada');
    expect('what came back', answer.heard, 'ping');
    const before = application.reached;
    expect("a stranger's status", (await upgrade(port, {})).status, 401);
    expect('requests that reached the application', application.reached, before);
  },
  'forged Remote-User': async ({ port, cookie, application }) => {
    for (const name of FORGED) {
      const before = application.reached;
      const forged = { [name]: 'root' };
      expect(`a stranger with ${name}`, (await ask(port, { headers: forged })).status, 401);
      expect('requests that reached the application', application.reached, before);
      const seen = saw(await ask(port, { headers: { ...forged, cookie } }));
      expect(`what the application saw of ${name}`, seen.remote.filter(line => line.endsWith(': root')).join(), '');
      expect('the user', seen.user, 'ada');
    }
  },
  'hostile address': async ({ port, application, cookie }) => {
    const before = application.reached;
    const evil = 'evil.example';
    for (const [path, more] of [
      ['//evil.example/', {}], ['/\\evil.example', {}], ['/@evil.example/', {}], ['/?next=https://evil.example', {}],
      ['/', { host: evil }], ['/', { host: `${APP}.${evil}` }], ['/', { host: `${APP}@${evil}` }],
      ['/', { 'x-forwarded-host': evil, 'x-forwarded-proto': 'https', 'x-forwarded-uri': '/' }],
      ['/', { 'x-original-url': 'https://evil.example/' }], ['/', { 'x-forwarded-uri': '@evil.example/' }],
    ]) {
      const answer = await ask(port, { path, headers: { ...NAVIGATION, ...more } });
      const next = answer.headers.location && new URL(new URL(answer.headers.location, 'https://none.example').searchParams.get('next') ?? 'https://none.example');
      if (answer.headers.location) expect(`where ${path} ${JSON.stringify(more)} leads`, `${answer.headers.location.split('?')[0]} ${next.host}`, `${ID}/login ${APP}:${port}`);
    }
    expect('requests that reached the application', application.reached, before);
    const { status } = await ask(port, { headers: { host: evil, cookie } });
    if (status < 400 && application.reached > before) throw new Error('an origin that is not listed is open');
  },
  'signed out in between': async ({ port, cookie, token, handstamp, application }) => {
    expect('status before', (await ask(port, { headers: { cookie } })).status, 200);
    const out = await get(`${handstamp}/logout`, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } });
    expect('signing out', out.status, 200);
    const before = application.reached;
    expect('the next request', (await ask(port, { headers: { cookie } })).status, 401);
    expect('the next navigation', (await ask(port, { headers: { cookie, ...NAVIGATION } })).status, 302);
    expect('the next WebSocket', (await upgrade(port, { cookie })).status, 401);
    expect('requests that reached the application', application.reached, before);
  },
  'Handstamp is away': async ({ port, cookie, server, application }) => {
    await server.stop();
    const before = application.reached;
    for (const headers of [{}, { cookie }, { cookie, ...NAVIGATION }]) {
      const { status } = await ask(port, { headers });
      if (status < 500) throw new Error(`status ${status} instead of an error of the server`);
    }
    expect('requests that reached the application', application.reached, before);
  },
};

const chosen = process.argv.slice(2);
const names = Object.keys(proxies).filter(name => !chosen.length || chosen.includes(name));
const table = new Map(Object.keys(TRIES).map(what => [what, []]));
for (const name of names) await tryProxy(name);
console.log(`\n${''.padEnd(32)}${names.map(name => name.padEnd(10)).join('')}`);
for (const [what, verdicts] of table) console.log(what.padEnd(32) + verdicts.map(verdict => verdict.padEnd(10)).join(''));
if ([...table.values()].flat().includes('FAILED')) process.exit(1);

async function tryProxy(name) {
  const folder = mkdtempSync(join(tmpdir(), 'handstamp-doors-'));
  const [proxy, handstamp] = await freePorts(2);
  const application = await startApplication();
  const server = new Server(process.env.HANDSTAMP_BIN ?? join(root, 'target/release/handstamp'), folder, {
    PUBLIC_URL: ID, LEPTOS_SITE_ADDR: `127.0.0.1:${handstamp}`, GATE_ORIGINS: `https://${APP}:${proxy}`,
    GATE_COOKIE_DOMAIN: 'example.org', TRUSTED_PROXIES: '127.0.0.1',
  });
  let running;
  try {
    certificate(folder);
    server.addUser();
    server.run(['user', 'promote', 'ada']);
    await server.start();
    running = proxies[name]({ folder, ports: { proxy, handstamp, application: application.port } });
    await within(Promise.race([reached(proxy), running.ended.then(code => { throw new Error(`${name} ended with ${code}`); })]), `${name} to listen`);
    const tried = { port: proxy, handstamp: server.origin, server, application, ...(await signIn(server.origin)) };
    for (const [what, attempt] of Object.entries(TRIES)) {
      const failure = await attempt(tried).then(() => undefined, error => error);
      if (failure) console.error(`doors: ${name}, ${what}: ${failure.message}`);
      table.get(what).push(failure ? 'FAILED' : 'ok');
    }
  } finally {
    if (running) await stop(running);
    if (server.child && server.child.exitCode === null) await server.stop();
    application.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Signs ada in as the page does. */
async function signIn(handstamp) {
  const headers = { 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
  const answer = await get(`${handstamp}/api/login`, { method: 'POST', headers, body: new URLSearchParams({ username: 'ada', password: PASSWORD }) });
  expect('signing in', answer.status, 200);
  const cookie = answer.headers.getSetCookie().find(cookie => cookie.startsWith('handstamp_gate=')).split(';')[0];
  return { cookie, token: (await answer.json()).access_token };
}

function saw({ status, text }) {
  expect('status', status, 200);
  const seen = JSON.parse(text);
  const named = name => seen.remote.filter(line => line.startsWith(`${name}: `)).map(line => line.slice(name.length + 2)).join(' and ');
  return { ...seen, user: named('remote-user') };
}

function form(port, path) {
  return `${ID}/login?next=${encodeURIComponent(`https://${APP}:${port}${path}`)}`;
}

function certificate(folder) {
  const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${APP}`];
  const files = ['-addext', `subjectAltName=DNS:${APP}`, '-keyout', join(folder, 'privkey.pem'), '-out', join(folder, 'fullchain.pem')];
  execFileSync('openssl', [...words, ...files], { stdio: 'ignore' });
}
