// R2: ends sessions and refreshes them under strace, and demands of the trace that every acknowledgement comes after the
// fsync of its rows.
//
// By order, not by pairs: one fsync may be for many requests. strace holds a thread before and after each call, so a line
// that is earlier in the trace was earlier in time.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, inParallel } from './clients.mjs';
import { CROWD } from './tortured.mjs';

const SIGN_OUTS = 128;
const REFRESHES = 64;
/** Sessions that one request ends. */
const OTHERS = 3;
const AT_A_TIME = 16;
const CALLS = 'pwrite64,fdatasync,fsync,read,recvfrom,recvmsg,write,writev,sendto,sendmsg';
/** Whole pages in the trace, and which file or connection a number stands for. `-D`: the child is the server. */
const STRACE = ['strace', '-D', '-f', '-qq', '-yy', '-s', '5000', '-e', `trace=${CALLS}`, '-e', 'signal=none'];

/** By kind of request: how many there were, how many of their answers came after the fsync, and of how many fsyncs. */
export async function traceAnswers(server) {
  const trace = join(server.folder, 'trace');
  await server.start([...STRACE, '-o', trace]);
  const deeds = { 'sign-outs': await signOuts(server), 'ends of all others': await endsOfOthers(server), refreshes: await refreshes(server) };
  await server.stop();

  const calls = parse(readFileSync(trace, 'latin1'));
  const without = calls.filter(call => !isSync(call));
  return Object.entries(deeds).map(([kind, answered]) => {
    const fsyncs = proofs(answered, calls);
    const provenWithout = proofs(answered, without).filter(Boolean).length;
    return { kind, traced: answered.length, proven: fsyncs.filter(Boolean).length, fsyncs: new Set(fsyncs).size, provenWithout };
  });
}

async function signOuts(server) {
  const sessions = await signIn(server, Array(SIGN_OUTS).fill('ada'));
  return allAtOnce(server, sessions, async (client, { sid, access }) => {
    const { port } = await client.change('DELETE', '/logout', access);
    return { port, asked: 'DELETE /logout ', answered: 'Access token revoked', rows: [blocked(sid)] };
  });
}

/** All rows are durable; that they became so at once, R1 shows: a page holds those of earlier commits too. */
async function endsOfOthers(server) {
  const others = await signIn(server, CROWD.flatMap(user => Array(OTHERS).fill(user)));
  const asking = await signIn(server, CROWD);
  return allAtOnce(server, asking.entries(), async (client, [index, { access }]) => {
    const { port } = await client.change('DELETE', '/sessions', access);
    const rows = others.slice(index * OTHERS, (index + 1) * OTHERS).map(({ sid }) => blocked(sid));
    return { port, asked: 'DELETE /sessions ', answered: 'All other sessions ended', rows };
  });
}

async function refreshes(server) {
  const sessions = await signIn(server, Array(REFRESHES).fill('ada'));
  return allAtOnce(server, sessions, async (client, session) => {
    const outcome = await client.rotate(session);
    if (outcome !== 'acknowledged') throw new Error(`a refresh under strace was answered ${outcome}`);
    const { port, refresh, jti } = session;
    return { port, asked: 'POST /refresh ', answered: refresh, rows: [jti] };
  });
}

/** The row in the blocklist as SQLite writes it: its first column, and then its second. */
function blocked(sid) {
  return `${sid}session`;
}

/** One after the other, so that the sessions are in the order of the users. */
async function signIn(server, users) {
  const client = new Client(server.port);
  const sessions = [];
  for (const user of users) sessions.push(await client.signIn(user));
  client.close();
  return sessions;
}

async function allAtOnce(server, work, job) {
  const done = [];
  await inParallel(Array(AT_A_TIME).fill(), work, async (_, one) => {
    // A connection each: its port says whose answer it is.
    done.push(await job(new Client(server.port, { keepAlive: false }), one));
  });
  return done;
}

/** For each answer the commit that made its rows durable between the request and it, if there is one. */
function proofs(answers, calls) {
  const done = commits(calls);
  return answers.map(({ port, asked, answered, rows }) => {
    const ofClient = calls.filter(({ text }) => text.includes(`->127.0.0.1:${port}]>`));
    const request = ofClient.find(({ text }) => text.includes(`"${asked}`));
    const answer = ofClient.find(({ text }) => text.includes('HTTP/1.1 200 OK') && text.includes(answered));
    if (!request || !answer) throw new Error(`the trace lacks the request or the answer of port ${port}`);
    const holdsAll = ({ pages }) => rows.every(row => pages.some(({ text }) => text.includes(row)));
    return done.find(commit => commit.begin > request.end && commit.end < answer.begin && holdsAll(commit));
  });
}

/** Pages that went into the write-ahead log, and the fsync after the last of them. SQLite has one writer at a time. */
function commits(calls) {
  const done = [];
  let pages = [];
  for (const call of calls.filter(({ text }) => text.includes('-wal>'))) {
    if (call.name === 'pwrite64') pages.push(call);
    if (!isSync(call) || pages.length === 0) continue;
    const written = Math.max(...pages.map(({ end }) => end));
    if (call.succeeded && written < call.begin) done.push({ pages, begin: pages[0].begin, end: call.end });
    pages = [];
  }
  return done;
}

function isSync({ name }) {
  return name === 'fdatasync' || name === 'fsync';
}

/** Calls in the order in which they began; `begin` and `end` are line numbers. One that another thread's interrupts stands on two lines. */
function parse(trace) {
  const [calls, unfinished] = [[], new Map()];
  trace.split('\n').forEach((line, number) => {
    const [, thread, rest] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const resumed = /^<\.\.\. (\w+) resumed>(.*)$/.exec(rest);
    if (resumed) {
      const call = unfinished.get(thread);
      Object.assign(call, { end: number, text: call.text + resumed[2], succeeded: / = \d+$/.test(rest) });
      return;
    }
    const begun = /^(\w+)\((.*)$/.exec(rest);
    if (!begun) return;
    const call = { name: begun[1], text: begun[2], begin: number, end: number, succeeded: / = \d+$/.test(rest) };
    calls.push(call);
    if (rest.endsWith('<unfinished ...>')) {
      call.end = Infinity;
      unfinished.set(thread, call);
    }
  });
  return calls;
}
