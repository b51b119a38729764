// R1: storms of sign-outs, each ended by SIGKILL. What was acknowledged before must be refused by the very first connection
// that is accepted after.
import { request } from 'node:http';
import { Client } from './clients.mjs';

const CLIENTS = 32;
/** Sessions that are there when a storm begins. Clients that find none left sign in first. */
const STOCK = 256;
/** Milliseconds of a storm. */
const [SHORTEST, LONGEST] = [50, 500];

export class Crashes {
  constructor(server, log, random) {
    Object.assign(this, { server, log, random });
    this.clients = Array.from({ length: CLIENTS }, (_, number) => new Client(server.port, { address: `127.0.1.${number + 1}` }));
    /** Signed in, and waiting to be signed out. */
    this.living = [];
    /** Signed in, and never signed out: what must be let in to the end. */
    this.kept = [];
    /** Those of the last storm whose end is unknown. */
    this.asked = [];
    /** By session, the first answer about those whose end is unknown. */
    this.firstAnswers = new Map();
    this.seen = { cycles: 0, acknowledged: 0, unknown: 0, lost: [], unstable: [], cut: [], damaged: [], starts: [] };
  }

  /** One storm, one crash, one judgement. */
  async cycle() {
    await this.fill(this.kept, CLIENTS);
    await this.fill(this.living, STOCK);
    const storm = this.clients.map((client, index) => this.signOutUntilKilled(client, index % 4 === 0));
    await new Promise(over => setTimeout(over, SHORTEST + this.random() * (LONGEST - SHORTEST)));
    await this.server.kill();
    await Promise.all(storm);

    const records = await this.log.readNew();
    this.seen.cycles += 1;
    this.seen.acknowledged += sessions(records, 'acknowledged').length;
    this.seen.unknown += sessions(records, 'unknown').length;
    await this.restartAndJudge([...this.asked, ...records]);
    this.asked = records.filter(({ outcome }) => outcome === 'unknown');
  }

  /** One more crash, and then everything that was ever told. */
  async finish() {
    await this.server.kill();
    await this.restartAndJudge(await this.log.read());
    // Sign-ins that were acknowledged are durable too.
    await this.inParallel([...this.kept, ...this.living], async (client, session) => {
      const answer = await client.refreshed(session);
      if (answer !== '200') this.seen.cut.push({ sid: session.sid, refresh: answer });
    });
    this.clients.forEach(client => client.close());
    this.server.child.kill('SIGTERM');
    return this.server.child.ended;
  }

  async fill(sessions, number) {
    await this.inParallel(Array(Math.max(0, number - sessions.length)).fill(), async client => {
      sessions.push(await client.signIn());
    });
  }

  /** Those with `signingIn` sign in before each sign-out, so that both are under way when the server dies. */
  async signOutUntilKilled(client, signingIn) {
    for (;;) {
      const session = (!signingIn && this.living.pop()) || (await client.signIn());
      if (!session) return;
      const outcome = await client.signOut(session);
      if (outcome === 'unsent') this.living.push(session);
      else this.log.append({ outcome, session });
      if (outcome !== 'acknowledged') return;
    }
  }

  async restartAndJudge(records) {
    // The newest first: they are what a crash could take.
    const ended = sessions(records, 'acknowledged').reverse();
    const begun = performance.now();
    const socket = await this.server.restart();
    if (ended.length > 0) {
      const status = await askOn(socket, ended[0].access);
      this.seen.starts.push(performance.now() - begun);
      if (status !== 401) this.seen.lost.push({ sid: ended[0].sid, first: status });
    }
    socket.destroy();

    const integrity = this.server.integrity();
    await this.inParallel(ended, async (client, session) => {
      const access = await client.protected(session);
      const refresh = await client.refreshed(session);
      if (access !== 'token_revoked' || refresh === '200') this.seen.lost.push({ sid: session.sid, access, refresh });
    });
    await this.inParallel(sessions(records, 'unknown'), async (client, session) => {
      const answer = await client.protected(session);
      const first = this.firstAnswers.get(session.sid) ?? answer;
      this.firstAnswers.set(session.sid, first);
      if (answer !== first) this.seen.unstable.push({ sid: session.sid, first, answer });
    });
    // A server that refused everybody would lose nothing.
    await this.inParallel([...this.kept, ...this.living], async (client, session) => {
      const answer = await client.protected(session);
      if (answer !== '200') this.seen.cut.push({ sid: session.sid, answer });
    });
    const pages = await integrity;
    if (pages !== 'ok') this.seen.damaged.push(pages);
  }

  /** Shares work out among the clients. */
  async inParallel(work, job) {
    const left = work[Symbol.iterator]();
    await Promise.all(this.clients.map(async client => {
      for (const one of left) await job(client, one);
    }));
  }
}

function sessions(records, wanted) {
  return records.filter(({ outcome }) => outcome === wanted).map(({ session }) => session);
}

/** The status of the protected door's answer on this very connection. */
function askOn(socket, token) {
  const headers = { authorization: `Bearer ${token}`, connection: 'close' };
  return new Promise((answered, failed) => {
    const asked = request({ path: '/protected', headers, createConnection: () => socket });
    asked.on('response', response => answered(response.resume().statusCode)).on('error', failed).end();
  });
}
