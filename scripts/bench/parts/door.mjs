// The protected door, compared with the framework alone and with what others write: answers a second, with a million
// entries on the blocklist.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, get } from '../../trying.mjs';
import { FORM, byHand, fastify, flask, handstamp, limit, shared } from '../candidates.mjs';
import { atLeast, ratio, shown } from '../figures.mjs';
import { SHARED, TWO_CORES, load } from '../load.mjs';
import { printRates, rates, rounds, stopAll } from '../rounds.mjs';
import { forged, newId, reissued } from '../tokens.mjs';

const ALGORITHMS = ['HS256', 'ES256', 'EdDSA'];
const DOOR = '/protected';
const INFO = { RUST_LOG: 'info' };
const WARN = { RUST_LOG: 'warn' };

export async function door(tools) {
  for (const algorithm of ALGORITHMS) {
    const common = await shared(tools, algorithm, tools.entries);
    await compared(tools, algorithm, common);
    await distinct(tools, algorithm, common);
    if (algorithm !== 'HS256') continue;
    await otherDoors(tools, common);
    await twoCores(tools, common);
  }
}

/** Fails unless all candidates answer alike, with every algorithm, also to wrk. */
export async function smoke(tools) {
  for (const algorithm of ALGORITHMS) {
    const common = await shared(tools, algorithm, tools.entries);
    const { all } = await candidates(tools, common);
    const file = join(common.folder, 'tokens');
    writeFileSync(file, `${common.token}\n`.repeat(200));
    for (const candidate of all) await load(candidate, { path: DOOR, tokens: [file, 0, 200] }, { seconds: 10 });
    await stopAll(all);
  }
}

async function compared(tools, algorithm, common) {
  const { all, info, warn, hand } = await candidates(tools, common);
  const runs = await rounds(tools, all.map(candidate => () => load(candidate, { path: DOOR, token: common.token }, tools)));
  const ratesOf = candidate => rates(runs[all.indexOf(candidate)]);
  const top = ratesOf(all[0]);
  console.log(`\n${DOOR}, ${algorithm}, ${shown(tools.entries)} entries on the blocklist:`);
  printRates(all, runs, top);
  for (const [candidate, bound, what] of [[info, 0.85, 'info'], [warn, 0.92, 'warn']]) {
    atLeast(bound, `${algorithm}, log ${what}: share of the limit`, ratio(ratesOf(candidate), top));
    atLeast(1.3, `${algorithm}, log ${what}: times the handler by hand`, ratio(ratesOf(candidate), ratesOf(hand)));
  }
  await stopAll(all);
}

/** Starts all candidates. They have been seen to answer alike. */
async function candidates(tools, common) {
  const ours = (what, settings) => named(`Handstamp, log ${what}`, handstamp(tools, common.folder, { ...common.keys.settings, ...settings }));
  const [info, warn, hand, ...others] = await Promise.all([
    ours('info', INFO), ours('warn', WARN), byHand(tools, common), fastify(common), flask(tools, common),
  ]);
  const answer = await (await ask(info, common.token)).text();
  const all = [await limit(tools, { [DOOR]: answer }), info, warn, hand, ...others];
  await answerAlike(all, common, answer);
  return { all, info, warn, hand };
}

/** Fails unless all give the same answer to the good token, and all but the limit refuse the others. */
async function answerAlike([top, ...others], { token, ended }, answer) {
  for (const candidate of [top, ...others]) {
    const good = await ask(candidate, token);
    expect(`${candidate.name}: status`, good.status, 200);
    expect(`${candidate.name}: type`, good.headers.get('content-type').split(';')[0], 'application/json');
    expect(`${candidate.name}: answer`, JSON.stringify(await good.json()), answer);
  }
  for (const candidate of others) {
    for (const [what, bad] of [['a forged token', forged(token)], ['an ended session', ended], ['no token', '']]) {
      const { status } = await ask(candidate, bad);
      // Flask-JWT-Extended answers 422 to a token whose signature is wrong.
      if (![401, 422].includes(status)) throw new Error(`${candidate.name}: ${status} to ${what}`);
    }
  }
}

/** Tokens that the server has not seen: each is sent once, to one server. */
async function distinct(tools, algorithm, common) {
  const file = join(common.folder, 'tokens');
  const each = Math.floor(tools.tokens / tools.rounds);
  const tokens = Array.from({ length: each * tools.rounds }, () => reissued(common.keys, common.token, { jti: newId(), sid: newId() }));
  writeFileSync(file, tokens.join('\n'));
  const all = [await byHand(tools, common), await handstamp(tools, common.folder, { ...common.keys.settings, ...INFO })];
  const runs = await rounds(tools, all.map(candidate => round => load(candidate, { path: DOOR, tokens: [file, round * each, each] }, tools)));
  const [hand, ours] = runs.map(rates);
  console.log(`\n${DOOR}, ${algorithm}, ${shown(tokens.length)} different tokens:`);
  printRates(all, runs, hand, 'of by hand');
  atLeast(0.9, `${algorithm}, tokens not seen before: share of the handler by hand`, ratio(ours, hand));
  await stopAll(all);
}

async function otherDoors(tools, common) {
  const ours = await named('Handstamp, log info', handstamp(tools, common.folder, { ...common.keys.settings, ...INFO }));
  const me = { path: '/me', token: common.token };
  const introspect = { path: '/introspect', method: 'POST', body: `token=${common.token}`, type: FORM, authorization: common.basic };
  for (const request of [me, introspect]) {
    const headers = { authorization: request.authorization ?? `Bearer ${request.token}`, ...(request.type && { 'content-type': request.type }) };
    const answer = await get(ours.origin + request.path, { method: request.method, body: request.body, headers });
    expect(request.path, answer.status, 200);
    const top = await limit(tools, { [request.path]: await answer.text() });
    const runs = await rounds(tools, [top, ours].map(candidate => () => load(candidate, request, tools)));
    console.log(`\n${request.path}, HS256:`);
    printRates([top, ours], runs, rates(runs[0]));
    atLeast(0.6, `${request.path}, log info: share of the limit`, ratio(rates(runs[1]), rates(runs[0])));
    await top.stop();
  }
  await ours.stop();
}

/**
 * With four cores or more, wrk has its own. With fewer, wrk shares the cores of the server, both times. Then its work
 * counts for neither: twice the rate would be ideal, less the share of time in which the cores had nothing to do.
 */
async function twoCores(tools, common) {
  const settings = { ...common.keys.settings, ...INFO };
  const one = await named('one core', handstamp(tools, common.folder, settings));
  const two = await named('two cores', handstamp(tools, common.folder, settings, TWO_CORES));
  const loaded = (server, threads) => load(server, { path: DOOR, token: common.token }, {
    ...tools, threads, connections: 32 * threads, ...(SHARED && { wrkOn: server.cores }),
  });
  const runs = await rounds(tools, [() => loaded(one, 1), () => loaded(two, 2)]);
  console.log(`\n${DOOR}, HS256, one core and two:`);
  printRates([one, two], runs, rates(runs[0]), 'of one core');
  const speed = SHARED ? (run, cores) => cores * run.rate * (1 - run.idle) : run => run.perSecond;
  if (SHARED) console.log('  wrk shares these cores with the server: times = cores × answers per CPU second × busy share of the cores');
  atLeast(1.8, 'two cores: times one core', ratio(runs[1].map(run => speed(run, 2)), runs[0].map(run => speed(run, 1))));
  await stopAll([one, two]);
}

function ask({ origin }, token) {
  return get(origin + DOOR, { headers: token ? { authorization: `Bearer ${token}` } : {} });
}

async function named(name, starting) {
  return Object.assign(await starting, { name });
}
