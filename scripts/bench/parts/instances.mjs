// Durable sign-outs a second with one, two and four processes on one PostgreSQL, beside one process on SQLite. All share all
// cores with PostgreSQL and the clients.
import { join } from 'node:path';
import { mkdirSync } from 'node:fs';
import { Node } from '../../torture/node.mjs';
import { expect, get } from '../../trying.mjs';
import { handstamp, withSessions } from '../candidates.mjs';
import { atLeast, print, ratio, shown, spread } from '../figures.mjs';
import { SHARED, TWO_CORES, load } from '../load.mjs';

const PROCESSES = [1, 2, 4];
const CLIENTS = 64;
const ROUNDS = 3;
/** Sessions of a round: more than can be ended in its time. */
const EACH = 40_000;

export async function instances(tools) {
  const postgres = new Node('bench');
  await postgres.initialise();
  // What is in the file is copied, so both stores begin alike.
  const { server: sqlite, tokens, file } = await withSessions(tools, 'instances', ROUNDS * PROCESSES.length * EACH, TWO_CORES);
  await sqlite.stop();
  const url = `postgres://handstamp@localhost/postgres?host=${postgres.folder}`;
  sqlite.run(['store', 'copy', '--from', 'sqlite:data/handstamp.db', '--to', url], '', 'ignore');
  const alone = await handstamp(tools, sqlite.folder, sqlite.settings, TWO_CORES);
  const servers = [];
  for (let number = 0; number < Math.max(...PROCESSES); number += 1) {
    const folder = join(tools.folder, `instance${number}`);
    mkdirSync(folder);
    servers.push(await handstamp(tools, folder, { ...sqlite.settings, DATABASE_URL: url }, TWO_CORES));
  }

  const runs = [[], ...PROCESSES.map(() => [])];
  for (let round = 0; round < ROUNDS; round += 1) {
    runs[0].push(await ended([alone], file, round * PROCESSES.length * EACH));
    for (const [index, number] of PROCESSES.entries()) {
      const first = (round * PROCESSES.length + index) * EACH;
      runs[index + 1].push(await ended(servers.slice(0, number), file, first));
      // wrk asks for one request more, to see its form: the first token is not sent.
      await expectEnded(servers.at(-1), tokens[first + 1]);
    }
  }
  for (const server of [alone, ...servers]) await server.stop();
  await postgres.stop();

  const [onSqlite, one, , four] = runs;
  const names = ['one process on SQLite', ...PROCESSES.map(number => `${number} on PostgreSQL`)];
  const row = (series, index) => [names[index], shown(spread(series).median), shown(ratio(series, one).median)];
  console.log(`DELETE /logout, ${CLIENTS} clients, all processes together:`);
  print(['', 'a second', 'of one on PostgreSQL'], runs.map(row), 1);
  atLeast(1.5, '4 processes on one PostgreSQL: times one process', ratio(four, one));
  atLeast(0.5, '4 processes on one PostgreSQL: share of one on SQLite', ratio(four, onSqlite));
  atLeast(0.5, '1 process on PostgreSQL: share of one on SQLite', ratio(one, onSqlite));
}

/** Ends sessions over all these servers at once, from this line of the file on. Returns how many a second. */
async function ended(servers, file, first) {
  const each = EACH / servers.length;
  const options = { seconds: 2, patience: 1, connections: CLIENTS / servers.length, ...(SHARED && { wrkOn: TWO_CORES }) };
  const done = await Promise.all(servers.map((server, index) => {
    return load(server, { path: '/logout', method: 'DELETE', tokens: [file, first + index * each, each] }, options);
  }));
  if (done.some(({ answers }) => answers >= each)) throw new Error(`${EACH} sessions are too few for a round`);
  return done.reduce((sum, { perSecond }) => sum + perSecond, 0);
}

/** The process that is asked need not be the one that ended the session. */
async function expectEnded(server, token) {
  const ask = async () => (await get(`${server.origin}/protected`, { headers: { authorization: `Bearer ${token}` } })).status;
  for (let tries = 0; tries < 200 && (await ask()) !== 401; tries += 1) await new Promise(later => setTimeout(later, 10));
  expect('a token after its sign-out', await ask(), 401);
}
