// Requests that end sessions: the current one, or all others of a user. If one was acknowledged, every token of those
// sessions must be rejected after the crash.
import { inParallel } from './clients.mjs';

/** Sessions that exist when a storm begins. Clients that find none left sign in first. */
const STOCK = 256;
/** Sessions that end together. */
const OTHERS = 3;
/** Milliseconds between two such requests of one client. */
const LONGEST_PAUSE = 100;

/** The common part: for each request, the log has the outcome and the sessions that it had to end. */
class Endings {
  constructor(kind, log, clients) {
    Object.assign(this, { kind, log, clients });
    /** Requests of the last storm with an unknown outcome. */
    this.asked = [];
    /** For each session with an unknown outcome, the first answer about it. */
    this.firstAnswers = new Map();
    this.seen = { acknowledged: 0, unknown: 0, sessions: 0, lost: [], unstable: [], torn: [] };
  }

  /** Returns what to check after the storm of these records: their sessions, and those with an unknown outcome before. */
  afterStorm(records) {
    const unknown = records.filter(({ outcome }) => outcome === 'unknown');
    const acknowledged = records.filter(({ outcome }) => outcome === 'acknowledged');
    this.seen.unknown += unknown.length;
    this.seen.acknowledged += acknowledged.length;
    this.seen.sessions += acknowledged.flatMap(({ sessions }) => sessions).length;
    // Asked for again: the answer may differ.
    for (const { sid } of unknown.flatMap(({ sessions }) => sessions)) this.firstAnswers.delete(sid);
    const judged = [...this.asked, ...records];
    this.asked = unknown;
    return judged;
  }

  async judge(records) {
    const ended = endedBy(records);
    await inParallel(this.clients, ended, async (client, session) => {
      const access = await client.protected(session);
      const refresh = await client.refreshed(session);
      if (access !== 'token_revoked' || refresh === '200') this.seen.lost.push({ sid: session.sid, access, refresh });
    });
    const known = new Set(ended.map(({ sid }) => sid));
    const unknown = records.filter(({ outcome, sessions }) => outcome === 'unknown' && !known.has(sessions[0].sid));
    await inParallel(this.clients, unknown, async (client, { sessions }) => {
      const answers = [];
      for (const session of sessions) answers.push(await this.firstOrSame(client, session));
      if (new Set(answers).size > 1) this.seen.torn.push({ sid: sessions[0].sid, answers });
    });
  }

  async firstOrSame(client, session) {
    const answer = await client.protected(session);
    const first = this.firstAnswers.get(session.sid) ?? answer;
    this.firstAnswers.set(session.sid, first);
    if (answer !== first) this.seen.unstable.push({ sid: session.sid, first, answer });
    return answer;
  }
}

/** Sessions whose end was acknowledged, the newest first: those that a crash could lose. */
export function endedBy(records) {
  return records.filter(({ outcome }) => outcome === 'acknowledged').flatMap(({ sessions }) => sessions ?? []).reverse();
}

export class SignOuts extends Endings {
  /** Sessions that wait for their sign-out. */
  living = [];

  async fill() {
    await inParallel(this.clients, Array(Math.max(0, STOCK - this.living.length)).fill(), async client => {
      this.living.push(await client.signIn());
    });
  }

  storm() {
    return this.clients.map((client, index) => this.signOutUntilKilled(client, index % 4 === 0));
  }

  /** Clients with `signingIn` sign in before each sign-out, so that both kinds of request are running when the server is killed. */
  async signOutUntilKilled(client, signingIn) {
    for (;;) {
      const session = (!signingIn && this.living.pop()) || (await client.signIn());
      if (!session) return;
      const { outcome } = await client.change('DELETE', '/logout', session.access);
      if (outcome === 'unsent') this.living.push(session);
      else this.log.append({ kind: this.kind, outcome, sessions: [session] });
      if (outcome !== 'acknowledged') return;
    }
  }
}

export class EndsOfOthers extends Endings {
  /** Each client has its own users, so that no client ends a session that another one checks. */
  constructor(kind, log, clients, users, random) {
    super(kind, log, clients);
    this.random = random;
    this.crowds = users.map((user, index) => ({ client: clients[index % clients.length], user, asking: null, others: [] }));
  }

  /** The sessions that send the requests stay signed in. */
  get living() {
    return this.crowds.map(({ asking }) => asking);
  }

  async fill() {
    await Promise.all(this.crowds.map(async crowd => {
      crowd.asking ??= await crowd.client.signIn(crowd.user);
      await this.signOthersIn(crowd);
    }));
  }

  /** Resolves to `false` if the server is gone. */
  async signOthersIn({ client, user, others }) {
    while (others.length < OTHERS) {
      const session = await client.signIn(user);
      if (!session) return false;
      others.push(session);
    }
    return true;
  }

  storm() {
    return this.clients.map(async client => {
      const own = this.crowds.filter(crowd => crowd.client === client);
      for (let turn = 0; ; turn += 1) {
        // Without a pause, all sessions would have ended long before the server is killed.
        await new Promise(over => setTimeout(over, this.random() * LONGEST_PAUSE));
        const crowd = own[turn % own.length];
        if (!(await this.signOthersIn(crowd))) return;
        const { outcome } = await client.change('DELETE', '/sessions', crowd.asking.access);
        if (outcome !== 'unsent') this.log.append({ kind: this.kind, outcome, sessions: crowd.others });
        if (outcome !== 'acknowledged') return;
        crowd.others = [];
      }
    });
  }

  async judge(records) {
    await super.judge(records);
    // Sessions that are still live are used in the next storm.
    for (const crowd of this.crowds) {
      crowd.others = crowd.others.filter(({ sid }) => (this.firstAnswers.get(sid) ?? '200') === '200');
    }
  }
}
