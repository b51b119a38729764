#!/usr/bin/env node
// Tries deploy/nginx.conf and deploy/Caddyfile unchanged, except host name, ports and certificate: Handstamp behind
// each of them on this machine, an attacker with curl, and a user in Chromium.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from '../end2end/node_modules/@playwright/test/index.mjs';
import { startNginx } from './nginx.mjs';
import { freePorts, reached } from './ports.mjs';
import { CHROMIUM, PASSWORD, Server, expect, root, start, stop, within } from './trying.mjs';

const NAME = 'id.example.org';
/** The attacker's address; the proxy connects from 127.0.0.1. */
const STRANGER = '127.7.7.7';
const ONCE = [
  'strict-transport-security', 'content-security-policy', 'x-content-type-options', 'x-frame-options', 'referrer-policy',
  'cache-control', 'x-request-id', 'date',
];

for (const tryProxy of [nginx, caddy]) {
  const folder = mkdtempSync(join(tmpdir(), 'handstamp-proxy-'));
  const [http, https, own] = await freePorts(3);
  const origin = `https://${NAME}:${https}`;
  const server = new Server(join(root, 'target/release/handstamp'), folder, {
    APP_ENV: 'production', PUBLIC_URL: origin, LEPTOS_SITE_ADDR: `127.0.0.1:${own}`, TRUSTED_PROXIES: '127.0.0.1',
  });
  let proxy;
  try {
    selfMadeCertificate(folder);
    server.addUser();
    await server.start();
    proxy = tryProxy({ folder, http, https, own });
    await within(Promise.race([reached(https), ended(proxy)]), `${tryProxy.name} to listen`);
    plainHttpGoesToHttps(http, https);
    onlyNewTls(https);
    everyHeaderOnce(origin, https);
    filesComePacked(origin, https);
    tooMuchIsRefusedInOurWords(origin, https);
    addressIsTheStrangers(origin, https);
    requestIdIsTheProxys(origin, https);
    await personSignsIn(origin);
    console.log(`proxies: ${tryProxy.name} works as its example says`);
  } finally {
    if (proxy) await stop(proxy);
    if (server.child) await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The example with other ports and another certificate. */
function nginx({ folder, http, https, own }) {
  const example = read('deploy/nginx.conf')
    .replace(/^ *listen \[::\].*\n/gm, '')
    .replace('listen 80;', `listen 127.0.0.1:${http};`)
    .replace('listen 443 ', `listen 127.0.0.1:${https} `)
    .replace('127.0.0.1:3000', `127.0.0.1:${own}`)
    .replace(`https://${NAME}$request_uri`, `https://${NAME}:${https}$request_uri`)
    .replace(/\/etc\/ssl\/id\.example\.org/g, folder);
  return startNginx(folder, example);
}

function caddy({ folder, http, https, own }) {
  const file = join(folder, 'Caddyfile');
  const options = `{\n\tadmin off\n\tlog {\n\t\tlevel ERROR\n\t}\n\thttp_port ${http}\n\thttps_port ${https}\n\tdefault_bind 127.0.0.1\n}\n`;
  const certificate = `${NAME} {\n\ttls ${folder}/fullchain.pem ${folder}/privkey.pem`;
  writeFileSync(file, options + read('deploy/Caddyfile').replace(`${NAME} {`, certificate));
  const env = { ...process.env, HANDSTAMP: `127.0.0.1:${own}`, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  return start('caddy', ['run', '--config', file, '--adapter', 'caddyfile'], { stdio: ['ignore', 'inherit', 'inherit'], env });
}

function plainHttpGoesToHttps(http, https) {
  const answer = curl(http, ['-i', `http://${NAME}:${http}/login?next=1`]);
  const told = `${/^HTTP\/\S+ (\d+)/.exec(answer)[1]} ${header(answer, 'location')}`;
  // Caddy treats any port of its configuration as the usual one.
  expect('plain http', told.replace(`:${https}/`, '/'), `308 https://${NAME}/login?next=1`);
}

/** The handshake fails with the older protocol, although this side allows it, and succeeds with the newer ones. */
function onlyNewTls(https) {
  for (const [protocol, wanted] of [['tls1_1', false], ['tls1_2', true], ['tls1_3', true]]) {
    const words = ['s_client', '-connect', `127.0.0.1:${https}`, '-servername', NAME, `-${protocol}`, '-cipher', 'DEFAULT@SECLEVEL=0'];
    let shaken = true;
    try {
      execFileSync('openssl', words, { input: '', stdio: ['pipe', 'ignore', 'ignore'], timeout: 30_000 });
    } catch {
      shaken = false;
    }
    expect(`a handshake of ${protocol}`, shaken, wanted);
  }
}

function everyHeaderOnce(origin, https) {
  const answer = curl(https, ['-i', `${origin}/login`]);
  for (const name of ONCE) expect(`headers ${name}`, answer.match(new RegExp(`^${name}:`, 'gim'))?.length, 1);
  if (/^(server|via):.*\d/im.test(answer)) throw new Error('a header tells a version');
}

function filesComePacked(origin, https) {
  const page = curl(https, [`${origin}/login`]);
  const wasm = /"(\/pkg\/handstamp\.[^"]+\.wasm)"/.exec(page)[1];
  const answer = curl(https, ['-i', '-o', '-', '-H', 'accept-encoding: br', '--head', origin + wasm]);
  expect('the program', header(answer, 'content-encoding'), 'br');
  expect('the program', header(answer, 'cache-control'), 'public, max-age=31536000, immutable');
}

function tooMuchIsRefusedInOurWords(origin, https) {
  const body = curl(https, ['--data', `username=${'x'.repeat(20_000)}`, `${origin}/login`]);
  expect('a large body', body, '{"code":"too_large","msg":"Request too large"}');
}

/** A client that sends its own X-Forwarded-For is still seen at its real address. */
function addressIsTheStrangers(origin, https) {
  const forged = ['-H', 'x-forwarded-for: 203.0.113.9', '-H', 'forwarded: for=203.0.113.9', '-H', 'x-real-ip: 203.0.113.9'];
  const form = ['--data', `username=ada&password=${encodeURIComponent(PASSWORD)}`];
  const token = JSON.parse(curl(https, [...forged, ...form, `${origin}/login`])).access_token;
  const sessions = JSON.parse(curl(https, [...forged, '-H', `authorization: Bearer ${token}`, `${origin}/sessions`]));
  expect('the address of the session', sessions.find(session => session.current).ip.split('.').slice(0, 3).join('.'), '127.7.7');
}

/** A request id from the client must not appear in the log; the proxy's own id does, and is in the answer. */
function requestIdIsTheProxys(origin, https) {
  const forged = '0'.repeat(32);
  const id = header(curl(https, ['-i', '-H', `x-request-id: ${forged}`, `${origin}/login`]), 'x-request-id');
  expect("that a stranger's request id comes back", id === forged, false);
  // nginx makes 32 digits, Caddy a UUID; Handstamp's own ids have 16 characters.
  expect("that the proxy's request id comes back", /^[0-9a-f-]{32,36}$/.test(id), true);
}

async function personSignsIn(origin) {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-quic', `--host-resolver-rules=MAP ${NAME} 127.0.0.1`],
  });
  try {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    await page.goto(`${origin}/login`);
    await page.locator('html[data-program="started"]').waitFor();
    await page.getByLabel('Username').fill('ada');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.waitForURL(`${origin}/dashboard`);
    await page.getByText('Hello, ada!').first().waitFor();
    for (const { name, secure, httpOnly, sameSite, path } of await context.cookies()) {
      expect('a cookie', JSON.stringify([name.slice(0, '__Host-'.length), secure, httpOnly, sameSite, path]), '["__Host-",true,true,"Strict","/"]');
    }
    const refresh = async () => (await context.cookies()).filter(cookie => cookie.name === '__Host-handstamp_refresh').length;
    expect('refresh cookies', await refresh(), 1);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { level: 1, name: 'You are signed out.' }).waitFor();
    expect('refresh cookies after signing out', await refresh(), 0);
  } finally {
    await browser.close();
  }
}

/** Runs curl as the attacker, who trusts the certificate. */
function curl(port, words) {
  const fixed = ['-sSk', '--max-time', '30', '--interface', STRANGER, '--resolve', `${NAME}:${port}:127.0.0.1`];
  return execFileSync('curl', [...fixed, ...words]).toString();
}

function header(answer, name) {
  return new RegExp(`^${name}: (.*?)\\r?$`, 'im').exec(answer)?.[1];
}

function selfMadeCertificate(folder) {
  const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${NAME}`];
  const files = ['-addext', `subjectAltName=DNS:${NAME}`, '-keyout', join(folder, 'privkey.pem'), '-out', join(folder, 'fullchain.pem')];
  execFileSync('openssl', [...words, ...files], { stdio: 'ignore' });
}

async function ended(process) {
  throw new Error(`the proxy ended with ${await process.ended}`);
}

function read(file) {
  return readFileSync(join(root, file), 'utf8');
}
