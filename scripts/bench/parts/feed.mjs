// What the feed of the blocklist costs: a thousand services follow it with a long poll while a thousand users a second sign
// out. The server has one core. The services are one process on another core, beside this one, which sends the sign-outs
// (`DELETE /logout`; the sessions were put into the database). The cost is the processor time of the server with the services,
// minus that of the same sign-outs without them.
import { fork } from 'node:child_process';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { expect, get, root, within } from '../../trying.mjs';
import { withSessions } from '../candidates.mjs';
import { atMost, shown, spread } from '../figures.mjs';
import { ONE_CORE, memory, processorTime } from '../load.mjs';
import { claims } from '../tokens.mjs';

const SERVICES = 1000;
const SIGN_OUTS = 1000; // a second
const SECONDS = 5;
const ROUNDS = 3;
const EACH = SIGN_OUTS * SECONDS;
/** Sign-outs are sent in small groups. */
const GROUP_MS = 10;
const SHARE = 1 / 3;
/** The longest time until another service must know. */
const BOUND_MS = 1000;

export async function feed(tools) {
  const { server, tokens, basic } = await withSessions(tools, 'feed', 2 * ROUNDS * EACH, ONE_CORE);
  const [shares, delays, answers] = [[], [], []];
  for (let round = 0; round < ROUNDS; round++) {
    const [alone, followed] = [0, 1].map(part => tokens.slice((2 * round + part) * EACH, (2 * round + part + 1) * EACH));
    const base = await counted(server, () => signOut(server, alone));
    const { followers, told } = await startFollowers(server, basic);
    const costly = await counted(server, async () => {
      const ended = await signOut(server, followed);
      return { ended, ...(await within(told, 'the services to know all')) };
    });
    await followers.ended;
    shares.push((costly.cpu - base.cpu) / costly.seconds);
    delays.push(delaysOf(costly));
    answers.push(costly.got.flat().length / costly.seconds);
    console.log(`  round ${round + 1}: server ${shown(base.cpu / base.seconds)} of its core alone, ${shown(costly.cpu / costly.seconds)} with the services; ${shown(answers.at(-1))} answers a second, ${costly.bodies.length} of them different; ${shown(memory(server.pid, 'VmRSS') / 1e6)} MB resident`);
  }
  await server.stop();
  const sorted = delays.flat().sort((a, b) => a - b);
  const [p50, p99] = [0.5, 0.99].map(part => sorted[Math.floor(part * sorted.length)]);
  console.log(`From an acknowledged sign-out to each of ${SERVICES} services: p50 ${shown(p50)} ms, p99 ${shown(p99)} ms, worst ${shown(sorted.at(-1))} ms`);
  atMost(SHARE, `${SERVICES} services, ${SIGN_OUTS} sign-outs a second`, spread(shares), 'of a core');
  atMost(BOUND_MS, 'from a sign-out to a service, p99', { median: p99 }, 'ms');
}

/** Starts the services. `told`: what they were told, when all know all sign-outs of a round. */
async function startFollowers(server, basic) {
  const cursor = await cursorOfNow(server, basic);
  const words = [new URL(server.origin).port, basic, cursor, SERVICES, EACH].map(String);
  const followers = fork(join(root, 'scripts/bench/followers.mjs'), words, { serialization: 'advanced' });
  followers.ended = new Promise(end => followers.once('exit', end));
  process.once('exit', () => followers.kill('SIGKILL'));
  const message = () => new Promise((heard, failed) => {
    followers.once('message', heard);
    followers.once('exit', code => failed(new Error(`the services ended with ${code}`)));
  });
  expect('the services', await within(message(), 'the services to connect'), 'ready');
  return { followers, told: message() };
}

/** A cursor after which nothing comes of the sign-outs before: the server reads the last of them some milliseconds later. */
async function cursorOfNow({ origin }, authorization) {
  const ask = async query => (await get(`${origin}/revocations${query}`, { headers: { authorization, prefer: 'wait=1' } })).json();
  let news = await ask('');
  do news = await ask(`?after=${news.cursor}`); while (news.entries.length > 0);
  return news.cursor;
}

/** Signs out at the given rate. Returns when each answer came, by session, in microseconds of the machine's steady clock. */
async function signOut({ origin }, tokens) {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const [ended, pending] = [new Map(), []];
  const begun = performance.now();
  for (let sent = 0; sent < tokens.length;) {
    const due = Math.min(tokens.length, Math.floor(((performance.now() - begun) * SIGN_OUTS) / 1000));
    for (; sent < due; sent++) pending.push(logout(agent, origin, tokens[sent], ended));
    await new Promise(later => setTimeout(later, GROUP_MS));
  }
  await within(Promise.all(pending), 'the last sign-outs');
  agent.destroy();
  return ended;
}

function logout(agent, origin, token, ended) {
  return new Promise((done, failed) => {
    const headers = { authorization: `Bearer ${token}` };
    request(`${origin}/logout`, { method: 'DELETE', agent, headers }, answer => {
      if (answer.statusCode !== 200) failed(new Error(`a sign-out: ${answer.statusCode}`));
      ended.set(claims(token).sid, Number(process.hrtime.bigint() / 1000n));
      answer.resume().once('end', done);
    }).once('error', failed).end();
  });
}

/** The processor time of the server during this work, and the time that passed. */
async function counted({ pid }, work) {
  const [cpu, begun] = [processorTime(pid), performance.now()];
  const said = await work();
  return { ...said, cpu: processorTime(pid) - cpu, seconds: (performance.now() - begun) / 1000 };
}

/** Milliseconds from each sign-out to each service. Fails unless each service was told exactly the sessions that ended. */
function delaysOf({ ended, bodies, got }) {
  const sids = bodies.map(body => JSON.parse(body).entries.map(({ sid }) => sid));
  const [delays, right] = [[], new Set()];
  for (const answers of got) {
    const path = answers.map(([number]) => number).join();
    if (!right.has(path)) {
      const told = answers.flatMap(([number]) => sids[number]);
      expect('entries that a service got', told.length, ended.size);
      expect('sessions that ended and that a service knows', new Set(told.filter(sid => ended.has(sid))).size, ended.size);
      right.add(path);
    }
    // A service may know before the client has its answer. Every tenth is enough.
    for (const [number, at] of answers) {
      for (let index = number % 10; index < sids[number].length; index += 10) {
        delays.push(Math.max(0, at - ended.get(sids[number][index])) / 1000);
      }
    }
  }
  return delays;
}
