// R2: ends and refreshes sessions under strace, and checks in the trace that every acknowledgement comes after the
// fsync of its rows.
//
// It compares the order, because one fsync may serve many requests. strace stops a thread before and after each call,
// so an earlier line in the trace was earlier in time.
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
/** The trace contains whole pages, and the file or connection of each descriptor. `-D`: the child process is the server. */
const STRACE = ['strace', '-D', '-f', '-qq', '-yy', '-s', '5000', '-e', `trace=${CALLS}`, '-e', 'signal=none'];

/** For each kind of request: how many there were, how many answers came after the fsync, and how many fsyncs these had. */
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

/** Checks that all rows are durable. R1 shows that this happens at once: a page also contains rows of earlier commits. */
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

/** The row of the blocklist in SQLite's format: its first column, then its second. */
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
    // Each request has its own connection: its port identifies the answer.
    done.push(await job(new Client(server.port, { keepAlive: false }), one));
  });
  return done;
}

/** Finds for each answer the commit that made its rows durable between request and answer, if there is one. */
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

/** Finds the pages in the write-ahead log, and the fsync after the last of them. SQLite has one writer at a time. */
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

/** Parses calls in the order of their beginning; `begin` and `end` are line numbers. A call that another thread interrupts has two lines. */
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
