// Refreshes: after the crash, the next token that a client got is valid, the token before it still gets the same next
// token, and a token whose answer was lost is valid as before.
import { inParallel } from './clients.mjs';

/** Sessions that take turns: a crash could lose the newest token of each. */
const STOCK = 64;

export class Refreshes {
  constructor(kind, log, clients) {
    Object.assign(this, { kind, log, clients });
    this.living = [];
    this.seen = { acknowledged: 0, unknown: 0, sessions: 0, lost: [], unstable: [], torn: [] };
  }

  async fill() {
    await inParallel(this.clients, Array(STOCK - this.living.length).fill(), async client => {
      this.living.push(await client.signIn());
    });
  }

  storm() {
    return this.clients.map(async client => {
      for (;;) {
        const session = this.living.shift();
        const { refresh } = session;
        const outcome = await client.rotate(session);
        if (outcome !== 'unsent') this.log.append({ kind: this.kind, outcome, sid: session.sid, refresh, next: session.refresh });
        if (!['acknowledged', 'unknown', 'unsent'].includes(outcome)) this.seen.lost.push({ sid: session.sid, outcome });
        this.living.push(session);
        if (outcome !== 'acknowledged') return;
      }
    });
  }

  /** The last record of each session: earlier tokens have been used up. */
  afterStorm(records) {
    this.seen.acknowledged += records.filter(({ outcome }) => outcome === 'acknowledged').length;
    this.seen.unknown += records.filter(({ outcome }) => outcome === 'unknown').length;
    return [...new Map(records.map(record => [record.sid, record])).values()];
  }

  async judge(records) {
    const bySid = new Map(this.living.map(session => [session.sid, session]));
    await inParallel(this.clients, records.entries(), async (client, [index, { outcome, sid, refresh, next }]) => {
      const session = bySid.get(sid);
      const told = outcome === 'acknowledged' ? next : null;
      if (told) this.seen.sessions += 1;
      // Half of the sessions use the token before, as if the answer had been lost. The others use only the next token:
      // with the token before, the server would give the next token again, even if it had lost it.
      if (told && index % 2 === 0) {
        session.refresh = refresh;
        await this.expectRotated(client, session);
        if (session.refresh !== told) this.seen.unstable.push({ sid, told });
      }
      await this.expectRotated(client, session);
    });
  }

  async expectRotated(client, session) {
    const outcome = await client.rotate(session);
    const access = await client.protected(session);
    if (outcome !== 'acknowledged' || access !== '200') this.seen.lost.push({ sid: session.sid, outcome, access });
  }
}
