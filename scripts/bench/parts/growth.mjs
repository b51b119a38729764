// The same requests to a server with one user and to one with a million users and sessions.
import { expect, get } from '../../trying.mjs';
import { handstamp, newFolder, signIn } from '../candidates.mjs';
import { addUsers } from '../data.mjs';
import { atLeast, ratio, shown } from '../figures.mjs';
import { counted, load } from '../load.mjs';
import { printRates, rates, rounds, stopAll } from '../rounds.mjs';
import { signIn as signInRequest } from './sign_ins.mjs';

/** Connections that refresh, each a session of its own. */
const REFRESHING = 16;

export async function growth(tools) {
  const small = await started(tools, 'one', 0);
  const large = await started(tools, 'many', tools.entries);
  const all = [small, large];
  const settings = { ...tools, connections: 4 };
  for (const [what, bound, measure] of [
    ['GET /protected', 0.95, server => load(server, { path: '/protected', token: server.token }, tools)],
    ['GET /sessions', 0.8, server => load(server, { path: '/sessions', token: server.token }, tools)],
    ['POST /refresh', 0.8, server => counted(server, () => refreshAll(server, tools.seconds))],
    // Last, as it gives ada more sessions.
    ['POST /login', 0.8, server => load(server, signInRequest(), settings)],
  ]) {
    const runs = await rounds(tools, all.map(server => () => measure(server)));
    console.log(`\n${what}:`);
    printRates(all, runs, rates(runs[0]), 'of one user');
    atLeast(bound, `${what}, ${shown(tools.entries)} users: share of one user`, ratio(rates(runs[1]), rates(runs[0])));
  }
  await stopAll(all);
}

async function started(tools, name, users) {
  const settings = { RUST_LOG: 'info', JWT_ACCESS_TOKEN_EXPIRES: '60m' };
  const folder = newFolder(tools, name, settings);
  if (users > 0) addUsers(folder, users);
  const server = await handstamp(tools, folder, settings);
  const signedIn = [];
  for (let number = 0; number < REFRESHING; number++) signedIn.push(await signIn(server));
  const refreshTokens = signedIn.map(tokens => tokens.refresh_token);
  return Object.assign(server, { name: users ? `${shown(users)} users and sessions` : 'one user', token: signedIn[0].access_token, refreshTokens });
}

/** Every session refreshes again and again, each time with the token of its last answer. */
async function refreshAll(server, seconds) {
  const began = performance.now();
  let answers = 0;
  await Promise.all(server.refreshTokens.map(async (_, number) => {
    while (performance.now() - began < seconds * 1000) {
      const body = new URLSearchParams({ refresh_token: server.refreshTokens[number] });
      const answer = await get(`${server.origin}/refresh`, { method: 'POST', body });
      expect('a refresh', answer.status, 200);
      server.refreshTokens[number] = (await answer.json()).refresh_token;
      answers += 1;
    }
  }));
  return { answers, seconds: (performance.now() - began) / 1000 };
}
