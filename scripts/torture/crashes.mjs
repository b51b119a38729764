// R1: storms of requests that end or refresh sessions. SIGKILL ends each storm. What was acknowledged before must hold
// from the very first connection that is accepted after the restart.
import { request } from 'node:http';
import { Client, inParallel } from './clients.mjs';
import { EndsOfOthers, SignOuts, endedBy } from './endings.mjs';
import { Refreshes } from './refreshes.mjs';
import { CROWD } from './tortured.mjs';

/** The number of clients that sign out, that end other sessions, and that refresh. */
const [SIGNING_OUT, ENDING, REFRESHING] = [32, 4, 4];
/** Duration of a storm in milliseconds. */
const [SHORTEST, LONGEST] = [50, 500];

export class Crashes {
  constructor(server, log, random) {
    Object.assign(this, { server, log, random });
    this.clients = Array.from({ length: SIGNING_OUT + ENDING + REFRESHING }, (_, number) => {
      return new Client(server.port, { address: `127.0.1.${number + 1}` });
    });
    const refreshing = this.clients.slice(SIGNING_OUT + ENDING);
    this.storms = [
      new SignOuts('sign-outs', log, this.clients.slice(0, SIGNING_OUT)),
      new EndsOfOthers('ends of all others', log, this.clients.slice(SIGNING_OUT, -REFRESHING), CROWD, random),
      new Refreshes('refreshes', log, refreshing),
    ];
    /** Sessions that never sign out: their tokens must work until the end. */
    this.kept = [];
    this.seen = { cycles: 0, cut: [], damaged: [], starts: [] };
  }

  /** Sessions whose end no client has asked for. */
  get living() {
    return [...this.kept, ...this.storms.flatMap(({ living }) => living)];
  }

  /** One storm, one crash, one check. */
  async cycle() {
    await inParallel(this.clients, Array(SIGNING_OUT - this.kept.length).fill(), async client => {
      this.kept.push(await client.signIn());
    });
    await Promise.all(this.storms.map(storm => storm.fill()));
    const under = this.storms.flatMap(storm => storm.storm());
    await new Promise(over => setTimeout(over, SHORTEST + this.random() * (LONGEST - SHORTEST)));
    await this.server.kill();
    await Promise.all(under);

    const records = await this.log.readNew();
    this.seen.cycles += 1;
    await this.restartAndJudge(records, storm => storm.afterStorm(ofKind(records, storm)));
  }

  /** One more crash, then a check of every end that was ever acknowledged. Of the refreshes only the last counts, which was checked. */
  async finish() {
    await this.server.kill();
    const records = await this.log.read();
    await this.restartAndJudge(records, storm => (storm instanceof Refreshes ? [] : ofKind(records, storm)));
    // Sign-ins that were acknowledged are durable too.
    await inParallel(this.clients, this.living, async (client, session) => {
      const answer = await client.refreshed(session);
      if (answer !== '200') this.seen.cut.push({ sid: session.sid, refresh: answer });
    });
    this.clients.forEach(client => client.close());
    this.server.child.kill('SIGTERM');
    return this.server.child.ended;
  }

  async restartAndJudge(records, judged) {
    const [newest] = endedBy(records);
    const begun = performance.now();
    const socket = await this.server.restart();
    if (newest) {
      const status = await askOn(socket, newest.access);
      this.seen.starts.push(performance.now() - begun);
      if (status !== 401) this.storms[0].seen.lost.push({ sid: newest.sid, first: status });
    }
    socket.destroy();

    const integrity = this.server.integrity();
    await Promise.all(this.storms.map(storm => storm.judge(judged(storm))));
    // Also check that good tokens work: a server that rejects everything would lose nothing.
    await inParallel(this.clients, this.living, async (client, session) => {
      const answer = await client.protected(session);
      if (answer !== '200') this.seen.cut.push({ sid: session.sid, answer });
    });
    const pages = await integrity;
    if (pages !== 'ok') this.seen.damaged.push(pages);
  }
}

function ofKind(records, storm) {
  return records.filter(({ kind }) => kind === storm.kind);
}

/** Returns the status of the protected door's answer on this connection. */
function askOn(socket, token) {
  const headers = { authorization: `Bearer ${token}`, connection: 'close' };
  return new Promise((answered, failed) => {
    const asked = request({ path: '/protected', headers, createConnection: () => socket });
    asked.on('response', response => answered(response.resume().statusCode)).on('error', failed).end();
  });
}
