// Durable sign-outs a second, the time of each, and how soon another service knows. Server and clients share all cores.
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, get } from '../../trying.mjs';
import { withSessions } from '../candidates.mjs';
import { atLeast, atMost, shown, spread } from '../figures.mjs';
import { SHARED, TWO_CORES, load } from '../load.mjs';
import { claims } from '../tokens.mjs';

const CLIENTS = 64;
const ROUNDS = 3;
/** Sessions of a round: more than can be ended in its time. */
const EACH = 60_000;
/** Twice what the server did before group commit, with 64 clients on two cores. */
const RATE = 2 * 4603;
const P99_MS = 15;
/** The longest time until another service must know. */
const BOUND_MS = 1000;

export async function signOuts(tools) {
  console.log(`\nThe disk needs ${shown(fsyncTime(tools.folder))} ms (median) to make 4 KiB durable.`);
  const { server, tokens, file } = await withSessions(tools, 'sign-outs', ROUNDS * EACH, TWO_CORES);
  const options = { seconds: 3, patience: 1, connections: CLIENTS, ...(SHARED && { wrkOn: TWO_CORES }) };
  const runs = [];
  for (let round = 0; round < ROUNDS; round++) {
    const run = await load(server, { path: '/logout', method: 'DELETE', tokens: [file, round * EACH, EACH] }, options);
    if (run.answers >= EACH) throw new Error(`${EACH} sessions are too few for a round`);
    // wrk asks for one request more, to see its form: the first token is not sent.
    expect('a token after its sign-out', await status(server, tokens[round * EACH + 1]), 401);
    expect('a token before its sign-out', await status(server, tokens[(round + 1) * EACH - 1]), 200);
    runs.push(run);
  }
  await server.stop();
  console.log(`DELETE /logout, ${CLIENTS} clients, ${runs.map(({ answers }) => answers).join(' + ')} sign-outs, p50 ${shown(spread(runs.map(({ p50 }) => p50 / 1000)).median)} ms`);
  atLeast(RATE, `durable sign-outs with ${CLIENTS} clients`, spread(runs.map(({ perSecond }) => perSecond)), 'a second');
  atMost(P99_MS, 'their p99', spread(runs.map(({ p99 }) => p99 / 1000)), 'ms');
  await followed(tools);
}

/** Another service follows the blocklist by a cursor meanwhile. */
async function followed(tools) {
  const { server, tokens, basic } = await withSessions(tools, 'followed', 50 * CLIENTS, TWO_CORES);
  const [known, answered] = [new Map(), new Map()];
  const follow = async () => {
    for (let query = ''; known.size < tokens.length;) {
      const headers = { authorization: basic, prefer: 'wait=25' };
      const { cursor, entries } = await (await get(`${server.origin}/revocations${query}`, { headers })).json();
      const now = performance.now();
      for (const { sid } of entries) if (!known.has(sid)) known.set(sid, now);
      query = `?after=${cursor}`;
    }
  };
  const client = async number => {
    for (let index = number; index < tokens.length; index += CLIENTS) {
      const headers = { authorization: `Bearer ${tokens[index]}` };
      expect('a sign-out', (await get(`${server.origin}/logout`, { method: 'DELETE', headers })).status, 200);
      answered.set(claims(tokens[index]).sid, performance.now());
    }
  };
  await Promise.all([follow(), ...Array.from({ length: CLIENTS }, (_, number) => client(number))]);
  await server.stop();
  // The service may know before the client has its answer.
  const { median, high } = spread([...answered].map(([sid, at]) => Math.max(0, known.get(sid) - at)));
  console.log(`Another service follows GET /revocations: of ${answered.size} sign-outs it knew after ${shown(median)} ms (median)`);
  atMost(BOUND_MS, 'until another service knows, at most', { median: high }, 'ms');
}

async function status(server, token) {
  return (await get(`${server.origin}/protected`, { headers: { authorization: `Bearer ${token}` } })).status;
}

/** The median time to make a block durable, in milliseconds. */
function fsyncTime(folder) {
  const file = openSync(join(folder, 'probe'), 'w');
  const times = Array.from({ length: 200 }, () => {
    const began = performance.now();
    writeSync(file, Buffer.alloc(4096, 7));
    fdatasyncSync(file);
    return performance.now() - began;
  });
  closeSync(file);
  return spread(times).median;
}
