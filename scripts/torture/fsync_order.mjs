// R2: signs out under strace, and demands of the trace that every acknowledgement comes after the fsync of its row.
//
// By order, not by pairs: one fsync may be for many sign-outs. strace holds a thread before and after each call, so a line
// that is earlier in the trace was earlier in time.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from './clients.mjs';

const SIGN_OUTS = 128;
const AT_A_TIME = 16;
const CALLS = 'pwrite64,fdatasync,fsync,read,recvfrom,recvmsg,write,writev,sendto,sendmsg';
/** Whole pages in the trace, and which file or connection a number stands for. `-D`: the child is the server. */
const STRACE = ['strace', '-D', '-f', '-qq', '-yy', '-s', '5000', '-e', `trace=${CALLS}`, '-e', 'signal=none'];

export async function traceSignOuts(server) {
  const trace = join(server.folder, 'trace');
  await server.start([...STRACE, '-o', trace]);
  const client = new Client(server.port);
  const sessions = [];
  while (sessions.length < SIGN_OUTS) sessions.push(await client.signIn());
  client.close();

  const left = sessions[Symbol.iterator]();
  const acknowledged = [];
  await Promise.all(Array(AT_A_TIME).fill().map(async () => {
    for (const { sid, access } of left) {
      // A connection each: its port says whose answer it is.
      const { status, port } = await new Client(server.port, { keepAlive: false }).send('DELETE', '/logout', access);
      if (status !== 200) throw new Error(`a sign-out under strace was answered ${status}`);
      acknowledged.push({ sid, port });
    }
  }));
  await server.stop();

  const calls = parse(readFileSync(trace, 'latin1'));
  const fsyncs = proofs(acknowledged, calls);
  return {
    traced: acknowledged.length,
    proven: fsyncs.filter(Boolean).length,
    fsyncs: new Set(fsyncs).size,
    provenWithout: proofs(acknowledged, calls.filter(call => !isSync(call))).filter(Boolean).length,
  };
}

/** For each sign-out the commit that made it durable between its request and its answer, if there is one. */
function proofs(signOuts, calls) {
  const done = commits(calls);
  return signOuts.map(({ sid, port }) => {
    const ofClient = calls.filter(({ text }) => text.includes(`->127.0.0.1:${port}]>`));
    const request = ofClient.find(({ text }) => text.includes('"DELETE /logout '));
    const answer = ofClient.find(({ text }) => text.includes('HTTP/1.1 200 OK') && text.includes('Access token revoked'));
    if (!request || !answer) throw new Error(`the trace lacks the request or the answer of port ${port}`);
    // The row in the blocklist as SQLite writes it: its first column, and then its second.
    const blocks = commit => commit.pages.some(({ text }) => text.includes(`${sid}session`));
    return done.find(commit => commit.begin > request.end && commit.end < answer.begin && blocks(commit));
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
