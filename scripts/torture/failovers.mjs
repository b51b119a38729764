// F1: storms of requests that end or refresh sessions, on two servers with one PostgreSQL. SIGKILL ends the primary in each
// storm, its standby takes over, and the clients repeat what was not acknowledged. What was acknowledged holds on both
// servers, also after a restart; a refresh token has one successor. Then the old primary is the new standby.
import { within } from '../trying.mjs';
import { inParallel } from './clients.mjs';
import { EndsOfOthers, SignOuts, endedBy } from './endings.mjs';
import { PatientClient } from './patient_client.mjs';
import { Refreshes } from './refreshes.mjs';
import { CROWD } from './tortured.mjs';

/** The number of clients that sign out, that end other sessions, and that refresh: half of them on each server. */
const [SIGNING_OUT, ENDING, REFRESHING] = [32, 4, 8];
/** Duration of a storm in milliseconds. */
const [SHORTEST, LONGEST] = [50, 500];
/** A server may not hear of the other's sign-outs for this time. After it, it answers 503. */
const REVOCATION_BOUND = 1000;

export class Failovers {
  /** `outage`: what the clients share. */
  constructor(database, servers, log, random) {
    Object.assign(this, { database, servers, log, random });
    this.outage = { lasts: false };
    this.clients = Array.from({ length: SIGNING_OUT + ENDING + REFRESHING }, (_, number) => {
      return new PatientClient(servers[number % 2], this.outage, { address: `127.0.1.${number + 1}` });
    });
    this.storms = [
      new SignOuts('sign-outs', log, this.clients.slice(0, SIGNING_OUT)),
      new EndsOfOthers('ends of all others', log, this.clients.slice(SIGNING_OUT, -REFRESHING), CROWD, random),
      new Refreshes('refreshes', log, this.clients.slice(-REFRESHING)),
    ];
    /** Asks while the database fails. */
    this.watching = servers.map(server => new PatientClient(server, this.outage));
    this.seen = { rounds: 0, repeated: 0, asked: 0, letIn: [], cut: [], twoSuccessors: [], promotion: [], recovery: [] };
  }

  get living() {
    return this.storms.flatMap(({ living }) => living);
  }

  /** One storm, one failover, one check on each server and after a restart of one. */
  async round() {
    for (const storm of this.storms) await storm.fill();
    const under = this.storms.flatMap(storm => storm.storm());
    await new Promise(over => setTimeout(over, SHORTEST + this.random() * (LONGEST - SHORTEST)));
    this.outage.lasts = true;
    const begun = performance.now();
    await this.database.loseThePrimary();
    const lost = performance.now();
    const over = this.failOver(begun);
    await Promise.all(under);
    const records = await this.log.readNew();
    const watched = this.watching.map(client => this.watch(client, lost, endedBy(records)));
    await Promise.all([within(this.repeat(records), 'repeated requests to be answered'), over]);
    this.outage.lasts = false;
    await Promise.all(watched);
    // What one server has acknowledged, the other knows by now.
    await new Promise(over => setTimeout(over, REVOCATION_BOUND));

    records.push(...await this.log.readNew());
    this.seen.rounds += 1;
    const [endings, refreshes] = [this.storms.slice(0, 2), this.storms[2]];
    const judged = endings.map(storm => storm.afterStorm(ofKind(records, storm)));
    await this.judgeOnEach(endings, judged);
    await refreshes.judge(refreshes.afterStorm(ofKind(records, refreshes)));
    await this.database.rebuild();
    const restarted = this.servers[this.seen.rounds % 2];
    await restarted.kill();
    await restarted.start();
    await this.judgeOnEach(endings, judged);
  }

  /** After the last round: restarts both servers and checks every end that was ever acknowledged. */
  async finish() {
    for (const server of this.servers) {
      await server.kill();
      await server.start();
    }
    const records = await this.log.read();
    const endings = this.storms.slice(0, 2);
    await this.judgeOnEach(endings, endings.map(storm => ofKind(records, storm)));
    await inParallel(this.clients, this.living, async (client, session) => {
      const answer = await client.refreshed(session);
      if (answer !== '200') this.seen.cut.push({ sid: session.sid, refresh: answer });
    });
    [...this.clients, ...this.watching].forEach(client => client.close());
  }

  async failOver(begun) {
    // Until it is noticed: shorter or longer than servers may answer without the database.
    await new Promise(over => setTimeout(over, this.random() * 2 * REVOCATION_BOUND));
    await this.database.failOver();
    this.seen.promotion.push(performance.now() - begun);
    const promoted = performance.now();
    const ready = this.watching.map(client => client.untilReady(promoted));
    this.seen.recovery.push(...await within(Promise.all(ready), 'the servers to be ready again'));
  }

  /** Asks with the tokens of ended sessions until the outage is over: no server may let them in. */
  async watch(client, lost, ended) {
    await new Promise(over => setTimeout(over, lost + REVOCATION_BOUND - performance.now()));
    for (let turn = 0; this.outage.lasts && ended.length > 0; turn += 1) {
      const session = ended[turn % ended.length];
      const asked = performance.now() - lost;
      const answer = await client.protected(session);
      this.seen.asked += 1;
      if (answer === '200') this.seen.letIn.push({ sid: session.sid, asked });
    }
  }

  /** Repeats half of the requests that have no answer, until they have one. Then it holds on this server, at once. */
  async repeat(records) {
    const unknown = records.filter(({ outcome }, index) => outcome === 'unknown' && index % 2 === 0);
    const [signOuts, ends, refreshes] = this.storms;
    await inParallel(this.clients, unknown, async (client, record) => {
      this.seen.repeated += 1;
      if (record.kind === refreshes.kind) return this.repeatRefresh(client, record);
      const { sessions } = record;
      if (record.kind === signOuts.kind) {
        await client.insist('DELETE', '/logout', sessions[0].access);
      } else {
        const crowd = ends.crowds.find(({ others }) => others.some(({ sid }) => sid === sessions[0].sid));
        await client.insist('DELETE', '/sessions', crowd.asking.access);
      }
      for (const session of sessions) {
        const answer = await client.protected(session);
        if (answer === '200') this.seen.letIn.push({ sid: session.sid, repeated: record.kind });
      }
      this.log.append({ ...record, outcome: 'acknowledged' });
    });
  }

  /** Each server gives the token the same successor. */
  async repeatRefresh(client, { sid, refresh }) {
    const session = this.storms[2].living.find(living => living.sid === sid);
    const successors = [];
    for (const server of this.servers) {
      client.port = server.port;
      const asking = { ...session, refresh };
      const outcome = await client.insistOnRotating(asking);
      successors.push(outcome === 'acknowledged' ? asking.refresh : outcome);
      Object.assign(session, asking);
    }
    if (successors[0] !== successors[1]) this.seen.twoSuccessors.push({ sid, successors });
  }

  async judgeOnEach(storms, judged) {
    for (const server of this.servers) {
      this.clients.forEach(client => { client.port = server.port; });
      await Promise.all(storms.map((storm, index) => storm.judge(judged[index])));
      await inParallel(this.clients, this.living, async (client, session) => {
        const answer = await client.protected(session);
        if (answer !== '200') this.seen.cut.push({ sid: session.sid, answer });
      });
    }
    this.clients.forEach((client, number) => { client.port = this.servers[number % 2].port; });
  }
}

function ofKind(records, storm) {
  return records.filter(({ kind }) => kind === storm.kind);
}
