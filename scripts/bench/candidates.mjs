// The servers that are compared: Handstamp, and the peers with the same protected route.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PASSWORD, Server, expect, get, root, said, start, stop } from '../trying.mjs';
import { addSessions, block, newIds } from './data.mjs';
import { ONE_CORE, on } from './load.mjs';
import { ISSUER, claims, newId, newKeys, reissued } from './tokens.mjs';

export const FORM = 'application/x-www-form-urlencoded';

/** Starts Handstamp in this folder on these cores, with its log in a file. */
export async function handstamp(tools, folder, settings, cores = ONE_CORE) {
  const server = new Server(tools.binary, folder, settings);
  await server.start(on(cores), join(folder, 'log'));
  return Object.assign(server, { name: 'Handstamp', pid: server.child.pid, cores });
}

/** A folder with the user ada. */
export function newFolder(tools, name, settings = {}) {
  const folder = join(tools.folder, name);
  mkdirSync(folder);
  new Server(tools.binary, folder, settings).addUser();
  return folder;
}

/** Adds another service that may introspect and follow the blocklist. Returns its header `authorization`. */
export function addClient(tools, folder, settings) {
  const secret = new Server(tools.binary, folder, settings).run(['client', 'add', 'billing'], '', 'ignore').trim();
  return `Basic ${Buffer.from(`billing:${secret}`).toString('base64')}`;
}

/** The answer to a sign-in of ada: her tokens. */
export async function signIn(server) {
  const answer = await get(`${server.origin}/login`, { method: 'POST', body: new URLSearchParams(credentials()) });
  expect('signing in', answer.status, 200);
  return answer.json();
}

/** A server on these cores with this number of sessions of ada, a token of each, and another service. */
export async function withSessions(tools, name, number, cores) {
  const keys = newKeys('HS256', tools.folder);
  const folder = newFolder(tools, name, keys.settings);
  const basic = addClient(tools, folder, keys.settings);
  let server = await handstamp(tools, folder, keys.settings, cores);
  const { access_token: token } = await signIn(server);
  await server.stop();
  const sessions = newIds(number);
  addSessions(folder, sessions);
  const tokens = sessions.map(sid => reissued(keys, token, { sid, jti: newId() }));
  const file = join(folder, 'tokens');
  writeFileSync(file, tokens.join('\n'));
  server = await handstamp(tools, folder, keys.settings, cores);
  return { server, tokens, file, basic };
}

export function credentials() {
  return { username: 'ada', password: PASSWORD };
}

/**
 * What all candidates of one algorithm share: a key, a token of ada, one whose session has ended, the list of ended
 * sessions in Handstamp's database and in a file, and another service that may introspect.
 */
export async function shared(tools, algorithm, entries) {
  const name = `${algorithm}-${entries}`;
  mkdirSync(join(tools.folder, `keys-${name}`));
  const keys = newKeys(algorithm, join(tools.folder, `keys-${name}`));
  const folder = newFolder(tools, name, keys.settings);
  const basic = addClient(tools, folder, keys.settings);
  const server = await new Server(tools.binary, folder, keys.settings).start();
  const [{ access_token: token }, { access_token: ended }] = [await signIn(server), await signIn(server)];
  await server.stop();
  const list = [...newIds(entries - 1), claims(ended).sid];
  const file = join(folder, 'ended');
  writeFileSync(file, list.join('\n'));
  block(folder, list);
  return { folder, keys, token, ended, file, basic };
}

/** The framework alone: it gives these answers, by path, to every request. */
export function limit({ peers }, answers) {
  const [command, ...words] = [...on(ONE_CORE), peers, 'limit'];
  return peer('limit: axum alone', command, words, { ANSWERS: JSON.stringify(answers) }, 'stdout', /^listens on (\S+)/);
}

export function byHand({ peers }, common) {
  const [command, ...words] = [...on(ONE_CORE), peers, 'by-hand'];
  return peer('axum + jsonwebtoken by hand', command, words, verifying(common), 'stdout', /^listens on (\S+)/);
}

export function fastify(common) {
  const [command, ...words] = [...on(ONE_CORE), process.execPath, join(root, 'scripts/bench/peers/fastify_app.mjs')];
  return peer('Fastify + @fastify/jwt', command, words, verifying(common), 'stdout', /^listens on (\S+)/);
}

export function flask(tools, common) {
  const [command, ...words] = [
    ...on(ONE_CORE), tools.python, '-m', 'gunicorn', '--bind', '127.0.0.1:0', '--worker-class', 'gthread', '--threads', '32',
    '--keep-alive', '75', '--chdir', join(root, 'scripts/verifiers'), 'flask_app:app',
  ];
  const env = { ...verifying(common), PYTHONDONTWRITEBYTECODE: '1' };
  return peer('Flask-JWT-Extended on gunicorn', command, words, env, 'stderr', /Listening at: (\S+)/);
}

function verifying({ keys, file }) {
  return { JWT_ALGORITHM: keys.settings.JWT_ALGORITHM, JWT_KEY: keys.key, JWT_ISSUER: ISSUER, ENDED_SESSIONS: file };
}

async function peer(name, command, words, env, stream, ready) {
  const stdio = stream === 'stdout' ? ['ignore', 'pipe', 'inherit'] : ['ignore', 'ignore', 'pipe'];
  const child = start(command, words, { env: { PATH: process.env.PATH, ...env }, stdio });
  const origin = await said(child, child[stream], ready);
  return { name, pid: child.pid, origin, stop: () => stop(child) };
}

/** Hashes like a sign-in, without a server. `hash` does so this number of times. */
export function argon2({ peers }) {
  const [command, ...words] = [...on(ONE_CORE), peers, 'argon2'];
  const child = start(command, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  const hash = times => new Promise(done => {
    child.stdout.once('data', done);
    child.stdin.write(`${times}\n`);
  });
  return { name: 'Argon2id alone', pid: child.pid, hash, stop: () => stop(child) };
}
