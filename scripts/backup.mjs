#!/usr/bin/env node
// Does what docs/operations.md says about backups, while users sign in and out: makes one, restores it in another folder, and
// checks the result. It also shows the fault that the page warns of, and that the page's remedy works.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { PASSWORD, Server, block, expect, get, root, start, within } from './trying.mjs';

const folder = mkdtempSync(join(tmpdir(), 'handstamp-backup-'));
const binary = join(root, 'target/release/handstamp');
// HS256: JWT_SECRET itself is the key. EdDSA: key pairs that are encrypted with it.
const settings = (algorithm, data) => ({
  JWT_ALGORITHM: algorithm, DATABASE_URL: `sqlite:${data}/handstamp.db`, PUBLIC_URL: 'http://127.0.0.1:3000',
});

/** Four users who sign in and out again and again until `end`. */
class Storm {
  acknowledged = [];
  #over = false;
  #waiting;

  constructor(server) {
    this.people = Promise.all(Array.from({ length: 4 }, async () => {
      while (!this.#over) {
        const tokens = await signIn(server);
        expect('signing out', await signOut(server, tokens), 200);
        this.acknowledged.push(tokens);
        this.#waiting?.();
      }
    }));
  }

  /** Resolves after `count` sign-outs. */
  signedOut(count) {
    const enough = new Promise(done => (this.#waiting = () => this.acknowledged.length >= count && done()));
    return Promise.race([enough, this.people]);
  }

  async end() {
    this.#over = true;
    await this.people;
  }
}

try {
  for (const algorithm of ['HS256', 'EdDSA']) await backUpAndRestore(algorithm);
  console.log('backup: sessions and sign-outs from before the backup are there; the rest is as docs/operations.md says');
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function backUpAndRestore(algorithm) {
  const data = join(folder, algorithm, 'var');
  mkdirSync(data, { recursive: true });
  const before = new Server(binary, data, settings(algorithm, data));
  before.addUser();
  await before.start();
  const [stays, goes, goesLater] = [await signIn(before), await signIn(before), await signIn(before)];
  expect('signing out', await signOut(before, goes), 200);

  const storm = new Storm(before);
  await storm.signedOut(20);
  // Several backups, so that some sign-outs happen during one. The last backup is restored.
  let backup, acknowledged;
  let during = 0;
  for (let round = 1; during < 10; round++) {
    backup = join(folder, algorithm, `backup-${round}`);
    acknowledged = [...storm.acknowledged];
    await document('backup', data, { BACKUP: backup });
    during += storm.acknowledged.length - acknowledged.length;
  }
  await storm.end();
  expect('signing out after the backup', await signOut(before, goesLater), 200);
  expect('a token that was signed out', await greeted(before, goesLater), 401);
  await before.stop();

  expect('the mode of the backup', (statSync(join(backup, 'handstamp.db')).mode & 0o077).toString(8), '0');
  expect('the database', sqlite(join(backup, 'handstamp.db'), 'PRAGMA integrity_check'), 'ok');

  const restored = join(folder, algorithm, 'restored');
  mkdirSync(restored);
  await document('restore', restored, { BACKUP: backup });
  const after = await new Server(binary, restored, settings(algorithm, restored)).start();
  expect('a session of before', await greeted(after, stays), 200);
  expect('its refresh token', await refreshed(after, stays), 200);
  expect('a sign-out of before', await greeted(after, goes), 401);
  for (const tokens of acknowledged) {
    expect('a sign-out of the storm', await greeted(after, tokens), 401);
    expect('its refresh token', await refreshed(after, tokens), 401);
  }
  // The page's warning: the backup does not know a sign-out that came after it.
  expect('a sign-out that the backup missed', await greeted(after, goesLater), 200);
  await after.stop();

  await document('restore an old backup', restored, settings(algorithm, restored));
  const safe = await new Server(binary, restored, settings(algorithm, restored)).start();
  for (const tokens of [stays, goes, goesLater]) {
    expect('a token of before', await greeted(safe, tokens), 401);
    expect('a refresh token of before', await refreshed(safe, tokens), 401);
  }
  expect('who signs in again', await greeted(safe, await signIn(safe)), 200);
  await safe.stop();
  console.log(`backup: ${algorithm}: ${acknowledged.length} sign-outs before the last backup, ${during} while backups were made`);
}

/** Runs a block of docs/operations.md. */
async function document(mark, cwd, env) {
  const script = block(`backup: ${mark}`);
  const path = `${dirname(binary)}${delimiter}${process.env.PATH}`;
  const options = { cwd, env: { PATH: path, ...env }, stdio: ['ignore', 'ignore', 'inherit'] };
  const typed = start('bash', ['--norc', '-euo', 'pipefail', '-c', script], options);
  expect(`the block "backup: ${mark}"`, await within(typed.ended, 'a block of the document'), 0);
}

async function signIn(server) {
  const answer = await get(`${server.origin}/login`, { method: 'POST', body: new URLSearchParams({ username: 'ada', password: PASSWORD }) });
  expect('signing in', answer.status, 200);
  return answer.json();
}

async function signOut(server, tokens) {
  return (await get(`${server.origin}/logout`, { method: 'DELETE', headers: bearer(tokens.access_token) })).status;
}

async function greeted(server, tokens) {
  return (await get(`${server.origin}/protected`, { headers: bearer(tokens.access_token) })).status;
}

async function refreshed(server, tokens) {
  return (await get(`${server.origin}/refresh`, { method: 'POST', headers: bearer(tokens.refresh_token) })).status;
}

function bearer(token) {
  return { authorization: `Bearer ${token}` };
}

function sqlite(file, sql) {
  return execFileSync('sqlite3', [file, sql]).toString().trim();
}
