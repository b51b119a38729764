// F2: PostgreSQL demands a standby that is away. No change is acknowledged then, no request waits longer than DATABASE_TIMEOUT,
// and the tries do not use up PostgreSQL's connections. F3: an operator ends the wait for the standby. PostgreSQL calls that
// a success; the servers must not.
import { within } from '../trying.mjs';
import { PatientClient } from './patient_client.mjs';

/** Clients of each server, each of which signs out, refreshes, and signs in. */
const CLIENTS = 16;
/** Milliseconds: how long an answer may take. Servers that share two cores with PostgreSQL answer late. */
export const LATEST = 2000 + 500;
/** Milliseconds: how soon all is well when the standby is back. */
export const RECOVERY = 5000;

const WAITING = `SELECT COUNT(*) FILTER (WHERE wait_event = 'SyncRep'), COUNT(*) FROM pg_stat_activity
                 WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`;
const pause = time => new Promise(over => setTimeout(over, time));

export class StandbyAway {
  constructor(database, servers) {
    Object.assign(this, { database, servers });
    this.outage = { lasts: true };
    this.seen = { answers: {}, longest: 0, doors: {}, first: [], most: [0, 0], recovery: [], acknowledged: [], wrong: [] };
  }

  client(server, number) {
    return new PatientClient(server, this.outage, { address: `127.0.2.${number + 1}` });
  }

  /** Takes the standby away for some seconds, under a load. */
  async run(seconds) {
    const clients = this.servers.flatMap((server, at) => Array.from({ length: CLIENTS }, (_, n) => this.client(server, at * CLIENTS + n)));
    const asking = [];
    for (const client of clients) {
      const [leaving, staying] = [await client.signIn(), await client.signIn()];
      asking.push({ client, leaving, staying });
    }
    await this.database.standby.stop();
    const until = performance.now() + seconds * 1000;
    const work = asking.map(one => this.ask(one, until));
    const doors = this.servers.map((server, at) => this.askDoor(this.client(server, 100 + at), asking[0].staying, until));
    // Before the first answer: what was being written when it began.
    await pause(1000);
    this.seen.first = await this.waiting();
    while (performance.now() < until) {
      const now = await this.waiting();
      this.seen.most = this.seen.most.map((most, at) => Math.max(most, now[at]));
      await pause(250);
    }
    await Promise.all([...work, ...doors]);
    await this.recover(asking);
    clients.forEach(client => client.close());
  }

  /** Asks for changes, none of which can be durable as the operator demands it. */
  async ask({ client, leaving, staying }, until) {
    const changes = [
      ['sign-out', () => client.send('DELETE', '/logout', leaving.access)],
      ['refresh', () => client.send('POST', '/refresh', staying.refresh)],
      ['sign-out', () => client.send('DELETE', '/logout', leaving.access)],
    ];
    for (let turn = 0; performance.now() < until; turn += 1) {
      const [change, send] = changes[turn % changes.length];
      const begun = performance.now();
      const { status } = await send();
      this.seen.longest = Math.max(this.seen.longest, performance.now() - begun);
      this.seen.answers[status] = (this.seen.answers[status] ?? 0) + 1;
      if (status !== 503) this.seen.acknowledged.push({ change, status });
      await pause(20);
    }
  }

  /** What a protected door answers to a session that goes on. */
  async askDoor(client, session, until) {
    while (performance.now() < until) {
      const answer = await client.protected(session);
      this.seen.doors[answer] = (this.seen.doors[answer] ?? 0) + 1;
      await pause(20);
    }
    client.close();
  }

  async waiting() {
    return (await this.database.primary.query(WAITING)).split('|').map(Number);
  }

  /** The standby is back. What was asked for meanwhile and appears now is harmless: the same requests are answered. */
  async recover(asking) {
    const begun = performance.now();
    await this.database.standby.start();
    const answered = asking.map(async ({ client, leaving, staying }) => {
      await client.insist('DELETE', '/logout', leaving.access);
      const outcome = await client.insistOnRotating(staying);
      if (outcome !== 'acknowledged') this.seen.wrong.push({ sid: staying.sid, outcome });
      return performance.now() - begun;
    });
    const ready = asking.map(({ client }) => client.untilReady(begun));
    this.seen.recovery.push(...await within(Promise.all([...answered, ...ready]), 'all to be well again'));
    this.outage.lasts = false;
    for (const { client, leaving, staying } of asking) {
      const answers = [await client.protected(leaving), await client.refreshed(leaving), await client.protected(staying)];
      if (answers[0] !== 'token_revoked' || answers[1] === '200' || answers[2] !== '200') this.seen.wrong.push({ answers });
    }
  }
}

/** Signs out while the standby is away, ends the wait of the commit with this function of PostgreSQL, and resolves to what happened. */
export async function endWait(database, [server, other], how) {
  const outage = { lasts: true };
  const [client, elsewhere] = [server, other].map(one => new PatientClient(one, outage, { address: '127.0.2.200' }));
  const session = await client.signIn();
  await database.standby.stop();
  const answer = client.send('DELETE', '/logout', session.access);
  const waiting = `FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND query LIKE '%COMMIT%'`;
  const ended = async () => {
    while ((await database.primary.query(`SELECT COUNT(*) ${waiting}`)) === '0') await pause(10);
    // Also of the heartbeat, if it waits by now.
    await database.primary.query(`SELECT ${how}(pid) ${waiting}`);
  };
  await within(ended(), 'a commit to wait for the standby');
  const row = async () => (await database.primary.query(`SELECT COUNT(*) FROM blocklist WHERE id = '${session.sid}'`)) === '1';
  await within((async () => { while (!(await row())) await pause(10); })(), 'the row to be visible');
  const { status } = await answer;
  await database.standby.start();
  await within(client.insist('DELETE', '/logout', session.access), 'the sign-out to be acknowledged');
  await Promise.all([client, elsewhere].map(one => one.untilReady()));
  const answers = [await client.protected(session), await elsewhere.protected(session)];
  [client, elsewhere].forEach(one => one.close());
  return { how, status, repeated: answers.every(answer => answer === 'token_revoked') };
}
