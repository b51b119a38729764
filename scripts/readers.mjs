// Tries the libraries of docs/doors.md with the settings that are written there: each gets tokens of the audience that its row adds.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Checks } from './checks.mjs';
import { Server, expect, get, root, talking, within } from './trying.mjs';
import { readers } from './verifiers/readers/readers.mjs';

const [python] = process.argv.slice(2);
const ISSUER = 'https://id.example.org';
const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const folder = mkdtempSync(join(tmpdir(), 'handstamp-readers-'));
const checks = new Checks('readers', 3);
const libraries = rows();

process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
try {
  for (const algorithm of ALGORITHMS) await withAlgorithm(algorithm);
} catch (error) {
  checks.failed(error.stack);
}
checks.finish();

async function withAlgorithm(algorithm) {
  const server = new Server(join(root, 'target/release/handstamp'), mkdtempSync(join(folder, 'server-')), { JWT_ISSUER: ISSUER, JWT_ALGORITHM: algorithm });
  server.addUser();
  for (const { command } of libraries) {
    server.run(command);
    // The same, but short-lived.
    server.run([...command.slice(0, 2), `${command[2]}-brief`, '--aud', command[2], ...command.slice(3), '--expires', '1s']);
  }
  const secret = server.run(['client', 'add', 'asks'], '', 'ignore').trim();
  await server.start();
  const own = await server.login();
  const ended = await stampsOfASignOut(server, secret);
  await Promise.all(libraries.map(library => tryLibrary(library, { server, own, ended }, algorithm)));
  await server.stop();
}

async function tryLibrary({ name, algorithms, command }, { server, own, ended }, algorithm) {
  const audience = command[2];
  const settings = { issuer: ISSUER, audience, jwks: `${server.origin}/.well-known/jwks.json`, algorithm };
  const reader = await started(name, settings).catch(error => ({ ask: async () => `refused ${error.message}`, stop: () => {} }));
  if (!algorithms.includes(algorithm)) {
    await checks.check(`${name} refuses ${algorithm}, as docs/doors.md says`, async () => {
      refuses('a token', await reader.ask(await stampFor(server, own, audience)));
    });
  } else {
    await checks.check(`${name} accepts a token by ${algorithm}, and no other audience, other claims or what has expired`, async () => {
      const [stamp, brief] = [await stampFor(server, own, audience), await stampFor(server, own, `${audience}-brief`)];
      accepts('a token', await reader.ask(stamp));
      refuses('our own access token', await reader.ask(own));
      refuses('other claims', await reader.ask(withOtherClaims(stamp)));
      await within(untilRefused(reader, brief), 'a token to expire');
      accepts('the token, afterwards', await reader.ask(stamp));
    });
    await checks.check(`${name}, alone, accepts a token whose session has ended (${algorithm}), and introspection does not`, async () => {
      accepts('the token', await reader.ask(ended.get(audience)));
    });
  }
  await reader.stop();
}

/** A stamp for each library, of a session that has ended: introspection says so about each. */
async function stampsOfASignOut(server, secret) {
  const token = await server.login();
  const stamps = new Map();
  for (const { command } of libraries) stamps.set(command[2], await stampFor(server, token, command[2]));
  const ended = await get(`${server.origin}/logout`, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } });
  expect('signing out', ended.status, 200);
  const headers = { authorization: `Basic ${Buffer.from(`asks:${secret}`).toString('base64')}` };
  for (const stamp of stamps.values()) {
    const asked = await get(`${server.origin}/introspect`, { method: 'POST', headers, body: new URLSearchParams({ token: stamp }) });
    expect('introspection', await asked.text(), '{"active":false}');
  }
  return stamps;
}

/** What answers "accepted NAME" or "refused WHY" about a token. */
async function started(name, settings) {
  const { issuer, audience, jwks, algorithm } = settings;
  const own = readers.find(reader => reader.name === name);
  if (!own) {
    const script = name.startsWith('Authlib') ? ['authlib_rfc9068.py', issuer, jwks, audience] : ['readers.py', name, issuer, audience, jwks, algorithm];
    return talking(name, python, ['-W', 'ignore', join(root, 'scripts/verifiers', script[0]), ...script.slice(1)]);
  }
  const ask = await own.start(settings);
  return { ask: token => within(ask(token).then(user => `accepted ${user}`, error => `refused ${error.message}`), name), stop: () => {} };
}

async function stampFor(server, token, audience) {
  const body = new URLSearchParams({ grant_type: EXCHANGE, subject_token: token, subject_token_type: ACCESS_TOKEN, audience });
  const answer = await get(`${server.origin}/token`, { method: 'POST', body });
  expect('the exchange', answer.status, 200);
  return (await answer.json()).access_token;
}

async function untilRefused(reader, token) {
  while ((await reader.ask(token)).startsWith('accepted')) await new Promise(later => setTimeout(later, 100));
}

function withOtherClaims(token) {
  const [header, payload, signature] = token.split('.');
  const claims = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), username: 'eve' };
  return [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
}

function accepts(what, answer) {
  if (answer !== 'accepted ada') throw new Error(`${what}: ${answer}`);
}

function refuses(what, answer) {
  if (!answer.startsWith('refused ') || /ECONNREFUSED|fetch failed|timed out/.test(answer)) throw new Error(`${what}: ${answer}`);
}

/** The table of libraries in docs/doors.md: their names, algorithms and commands. */
function rows() {
  const table = readFileSync(join(root, 'docs/doors.md'), 'utf8').split('## Libraries')[1].split('## ')[0];
  const found = [...table.matchAll(/^\| (\S+) [\d.]+[^|]*\| ([^|]+) \| `handstamp (audience add [^`]+)` \|/gm)];
  const known = [...readers.map(({ name }) => name), 'djangorestframework-simplejwt', 'python-jose', 'joserfc', 'jwcrypto', 'Authlib'];
  expect('the libraries in docs/doors.md', found.map(row => row[1]).join(), known.join());
  return found.map(([, name, algorithms, command]) => ({ name, algorithms: algorithms.split(', '), command: words(command) }));
}

/** The words of a command as a shell would see them. */
function words(command) {
  return [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, single, double, plain]) => single ?? double ?? plain);
}
