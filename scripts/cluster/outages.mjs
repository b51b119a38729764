// C2: PostgreSQL goes away and comes back, while clients send every kind of request to all instances.
import { Log, tokens } from '../torture/clients.mjs';
import { childrenOf } from '../torture/node.mjs';
import { PASSWORD } from '../trying.mjs';
import { Caller } from './caller.mjs';
import { USERS, signIn } from './instances.mjs';
import { BOUND, judge } from './judge.mjs';

/** `DATABASE_TIMEOUT`, and what a machine with two busy cores may add; in milliseconds. */
const LIMIT = 2000;
const TOLERANCE = 500;
export const LATEST = LIMIT + TOLERANCE;
export const AFTER_IT = BOUND;
/** From the return of PostgreSQL to the last failure. */
export const RECOVERY = 5000;
/** How long the clients ask before PostgreSQL goes away, while it is away, and after. */
const [BEFORE, AWAY, AFTER] = [500, 4000, 4000];
/** For each instance. */
const STOCK = 40;
const pause = time => new Promise(over => setTimeout(over, time));

export class Outages {
  constructor(instances, postgres, wire, path) {
    Object.assign(this, { instances, postgres, wire, log: new Log(path), answers: [], going: true });
  }

  /** Returns the rows for the report. */
  async run() {
    for (const { number, starts } of this.instances.all) starts.forEach(b => this.log.append({ k: 'start', i: number, b }));
    const sessions = await signIn(this.instances, this.instances.all.length * (STOCK + 3));
    this.kept = [];
    this.ended = [];
    const clients = this.instances.all.flatMap(instance => this.clientsOf(instance, sessions));
    const rows = [];
    for (const [how, outage] of Object.entries(this.ways())) rows.push(...this.rowsOf(how, await this.perform(outage)));
    this.going = false;
    await Promise.all(clients);
    rows.push(...(await this.rowsOfRefreshes()), ...this.rowsOfJudge(await judge(this.log)));
    this.log.close();
    return rows;
  }

  /** What goes away, and how it comes back. */
  ways() {
    const { postgres, wire } = this;
    const signal = name => {
      const { pid } = postgres.postmaster();
      [pid, ...childrenOf(pid)].forEach(one => process.kill(one, name));
    };
    return {
      'stopped (immediate), started': { begin: () => postgres.stop(), end: () => postgres.start() },
      'restarted (immediate) at once': { begin: () => postgres.stop(), end: () => postgres.start(), away: 0 },
      'paused (SIGSTOP), continued': { begin: () => signal('SIGSTOP'), end: () => signal('SIGCONT') },
      'all packets lost, then found': { begin: () => wire.set('losing'), end: () => wire.set('passing') },
      'connections cut and refused': { begin: () => wire.set('cut'), end: () => wire.set('passing') },
    };
  }

  async perform({ begin, end, away = AWAY }) {
    this.answers = [];
    await pause(BEFORE);
    await begin();
    const gone = performance.now();
    await pause(away);
    const ending = performance.now();
    await end();
    const back = performance.now();
    await pause(AFTER);
    return { gone, ending, back, answers: this.answers };
  }

  rowsOf(how, { gone, ending, back, answers }) {
    const longest = Math.max(...answers.map(({ b, e }) => e - b));
    const late = answers.filter(({ b, e, status }) => status === undefined || e - b > LATEST);
    const meanwhile = answers.filter(({ b, e }) => b > gone && e < ending);
    // A blocklist of the moment at which PostgreSQL went away is too old afterwards.
    const knows = ({ kind, b }) => kind === 'greeting' && b <= gone + BOUND;
    const answeredWrongly = answers.filter(({ status, good }) => ![good, 503, undefined].includes(status));
    const answeredWithoutIt = meanwhile.filter(answer => answer.kind !== 'ended' && answer.status !== 503 && !knows(answer));
    const failedAfter = answers.filter(({ b, status, good }) => b > back && status !== good).map(({ e }) => e - back);
    const recovery = Math.max(0, ...failedAfter);
    const silent = this.silent(answers.filter(({ b, status, good }) => b > back + recovery && status === good));
    const refused = meanwhile.filter(({ status }) => status === 503).length;
    return [
      [`   PostgreSQL ${how}: answers`, `${answers.length}, ${refused} of them 503`],
      ['      longest answer', `${longest.toFixed(0)} ms`, late.length === 0, late],
      ['      answers that need PostgreSQL, without it', answeredWithoutIt.length, answeredWithoutIt.length === 0, answeredWithoutIt],
      ['      answered wrongly', answeredWrongly.length, answeredWrongly.length === 0, answeredWrongly],
      ['      back to the last failure', `${recovery.toFixed(0)} ms`, recovery <= RECOVERY && silent.length === 0, silent],
    ];
  }

  /** The kinds of request, with the instance, that have no such answer. */
  silent(answers) {
    const heard = new Set(answers.map(({ kind, i }) => `${kind} ${i}`));
    const all = this.instances.all.flatMap(({ number }) => ['greeting', 'ended', 'refresh', 'sign-out', 'sign-in', 'ready'].map(kind => `${kind} ${number}`));
    return all.filter(one => !heard.has(one));
  }

  /** Clients of one instance, one for each kind of request. */
  clientsOf({ port, number }, sessions) {
    const greeted = sessions.pop();
    const refreshed = Object.assign(sessions.pop(), { number });
    const stock = sessions.splice(-STOCK);
    this.kept.push(refreshed);
    return [
      this.client(number, port, 20, ask => this.greet(ask, number, 'greeting', greeted, 200)),
      this.client(number, port, 20, async ask => {
        // The newest ended ones: those that an instance could have missed.
        const session = this.ended[this.ended.length - 1 - Math.floor(Math.random() * 5)];
        if (session) await this.greet(ask, number, 'ended', session, 401);
      }),
      this.client(number, port, 50, ask => this.refresh(ask, number, refreshed)),
      this.client(number, port, 100, async ask => {
        const session = stock.pop();
        if (!session) return;
        const { status, begun, ended } = await ask('sign-out', 200, 'DELETE', '/logout', session.access);
        if (status !== 200) return stock.push(session);
        this.log.append({ k: 'end', i: number, b: begun, e: ended, s: [session.sid] });
        // Other instances may let it in for so long.
        setTimeout(() => this.ended.push(session), BOUND);
      }),
      this.client(number, port, 300, async ask => {
        const { status, body } = await ask('sign-in', 200, 'POST', '/login', null, { username: USERS[number], password: PASSWORD });
        if (status === 200) stock.unshift(tokens(body));
      }),
      this.client(number, port, 50, ask => ask('ready', 200, 'GET', '/readyz')),
    ];
  }

  async client(number, port, time, job) {
    const caller = new Caller(port, { address: `127.0.3.${number}` });
    const ask = async (kind, good, ...request) => {
      const answer = await caller.send(...request);
      const { status, begun: b, ended: e } = answer;
      this.answers.push({ kind, i: number, b, e, status, good });
      return answer;
    };
    while (this.going) {
      await job(ask);
      await pause(time);
    }
    caller.close();
  }

  async greet(ask, number, kind, session, good) {
    const { status, begun, ended } = await ask(kind, good, 'GET', '/protected', session.access);
    this.log.append({ k: 'ask', i: number, b: begun, e: ended, s: session.sid, a: status });
  }

  async refresh(ask, number, session) {
    const { refresh } = session;
    const { status, body, begun, ended } = await ask('refresh', 200, 'POST', '/refresh', refresh);
    if (status !== 200) return;
    Object.assign(session, tokens(body));
    this.log.append({ k: 'turn', i: number, b: begun, e: ended, s: session.sid, p: refresh, n: session.refresh });
  }

  /** The token of every failed call works afterwards, on another instance, and leads on. */
  async rowsOfRefreshes() {
    const broken = [];
    for (const [index, caller] of this.instances.callers().entries()) {
      const session = this.kept[(index + 1) % this.kept.length];
      for (const turn of ['again', 'on']) {
        const outcome = await caller.rotate(session);
        const access = await caller.protected(session);
        if (outcome !== 'acknowledged' || access !== '200') broken.push({ turn, outcome, access });
      }
      caller.close();
    }
    return [['   refresh tokens consumed by a failed call', broken.length, broken.length === 0, broken]];
  }

  rowsOfJudge({ askedAfterEnd, letIn, turns, twoSuccessors }) {
    return [
      [`   ended tokens let in, of ${askedAfterEnd} asked`, letIn.length, letIn.length === 0 && askedAfterEnd > 0, letIn],
      [`   two successors of one refresh token, of ${turns}`, twoSuccessors.length, twoSuccessors.length === 0 && turns > 0, twoSuccessors],
    ];
  }
}
