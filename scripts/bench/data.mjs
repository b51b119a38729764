// Fills a server's SQLite database while the server is stopped. Of all scripts, only this one knows the tables. What it
// adds is what the server would have written.
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '../trying.mjs';
import { newId } from './tokens.mjs';

/** Sorted, which spares SQLite a search for each. */
export function newIds(number) {
  return Array.from({ length: number }, newId).sort();
}

/** Puts these sessions on the blocklist. */
export function block(folder, sessions) {
  fill(folder, 'blocklist', sessions, 'id', `
    INSERT INTO blocklist (id, kind, keep_until, seq)
      SELECT id, 'session', unixepoch() + 7200, value + given.rowid FROM given, counters WHERE name = 'blocklist';
    UPDATE counters SET value = (SELECT MAX(seq) FROM blocklist) WHERE name = 'blocklist';`);
}

/** Adds this number of users who have ada's password and one session each. */
export function addUsers(folder, number) {
  // In letters whose skeleton is the letter itself: no two names look alike.
  const name = index => `user${String(index).padStart(7, '0').replace(/\d/g, digit => 'abcdefghjk'[digit])}`;
  const rows = newIds(number).map((id, index) => `${id},${name(index)}`);
  fill(folder, 'users', rows, 'id, name', `
    INSERT INTO users (id, username, skeleton, is_ascii, password_hash, roles, created_at)
      SELECT given.id, name, name, 1, password_hash, '', created_at FROM given, users WHERE username = 'ada';
    ${startSessions('given.id, given.id')};`);
}

/** Starts these sessions of ada. */
export function addSessions(folder, sessions) {
  fill(folder, 'sessions', sessions, 'id', `${startSessions("given.id, (SELECT id FROM users WHERE username = 'ada')")};`);
}

function startSessions(ids) {
  return `INSERT INTO sessions (id, user_id, started_at, expires_at, kind, rotated_at, token_expires_at, last_used_at)
    SELECT ${ids}, unixepoch(), unixepoch() + 43200, 'brief', unixepoch(), unixepoch() + 3600, unixepoch() FROM given`;
}

/** Runs these statements with the rows as the table `given`. Fails unless the ids of all rows are in this table afterwards. */
function fill(folder, table, rows, columns, statements) {
  const file = join(folder, 'given.csv');
  writeFileSync(file, `${rows.join('\n')}\n`);
  const script = `.bail on
    PRAGMA synchronous = OFF;
    CREATE TEMP TABLE given (${columns});
    .import --csv ${file} given
    BEGIN; ${statements} COMMIT;
    SELECT COUNT(*) FROM given WHERE id IN (SELECT id FROM ${table});`.replace(/^ +/gm, '');
  const said = execFileSync('sqlite3', [join(folder, 'data/handstamp.db')], { input: script });
  expect(`rows in ${table}`, Number(said), rows.length);
  rmSync(file);
}
