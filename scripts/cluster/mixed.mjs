// C4: many operations of all kinds on all instances, while instances are killed and started again. The clients' log is checked
// afterwards.
import { Log, tokens } from '../torture/clients.mjs';
import { PASSWORD } from '../trying.mjs';
import { Crowd } from './crowd.mjs';
import { judge } from './judge.mjs';

const WORKERS = 16;
/** Milliseconds from one kill to the next. */
const KILL_EVERY = 4000;
/** Sessions that are kept alive: each costs the hash of a password. */
const [FEW, ENOUGH] = [60, 150];
/** Of a thousand operations. The rest are greetings. */
const SHARES = { refresh: 90, refreshTwice: 10, signOut: 8, signOutEverywhere: 1 };
const pause = time => new Promise(over => setTimeout(over, time));

/** Runs for `seconds`, or until so many `operations` are done. Returns the rows for the report. */
export async function mix(instances, path, random, { seconds, operations = Infinity }) {
  const log = new Log(path);
  const mixed = new Mixed(instances, log, random);
  const begun = performance.now();
  const until = seconds ? begun + seconds * 1000 : Infinity;
  await mixed.work(() => performance.now() < until && mixed.done < operations);
  const took = (performance.now() - begun) / 1000;
  const cut = await mixed.finish();
  const found = await judge(log);
  await instances.stop();
  log.close();
  return rowsOf(mixed, found, cut, took);
}

class Mixed {
  counts = { greetings: 0, refreshes: 0, 'refreshes of one token on two instances': 0, 'sign-outs': 0, 'sign-outs everywhere': 0, 'sign-ins': 0 };
  kills = 0;
  unanswered = 0;
  unavailable = 0;
  wrong = [];

  constructor(instances, log, random) {
    Object.assign(this, { instances, log, random, crowd: new Crowd(random) });
    for (const instance of instances.all) this.noteStart(instance);
  }

  get done() {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0);
  }

  async work(goes) {
    this.goes = goes;
    const workers = Array.from({ length: WORKERS }, (_, number) => this.worker(this.instances.callers(`127.0.4.${number + 1}`)));
    const signingIn = this.instances.all.map((_, number) => this.signingIn(this.instances.callers(`127.0.5.${number + 1}`)));
    await Promise.all([...workers, ...signingIn, this.killing(), this.telling()]);
  }

  async telling() {
    for (let next = performance.now() + 20_000; this.goes(); await pause(200)) {
      if (performance.now() < next) continue;
      next += 20_000;
      console.log(`  ${this.done} operations, ${this.kills} kills; ${this.wrong.length} wrong`);
    }
  }

  async killing() {
    for (let next = performance.now() + KILL_EVERY; this.goes(); await pause(50)) {
      if (performance.now() < next) continue;
      const instance = this.pick(this.instances.all);
      await instance.kill();
      this.kills += 1;
      await this.instances.begin(instance);
      this.noteStart(instance);
      next = performance.now() + KILL_EVERY;
    }
  }

  noteStart({ number, starts }) {
    this.log.append({ k: 'start', i: number, b: starts.at(-1) });
  }

  async signingIn(callers) {
    while (this.goes()) {
      const user = this.crowd.living.length < ENOUGH && this.crowd.userToSignIn();
      if (user) {
        const { status, body } = await this.ask(this.pick(callers), 'POST', '/login', null, { username: user, password: PASSWORD });
        this.crowd.signedIn(user, status === 200 ? tokens(body) : null);
        if (status === 200) this.counts['sign-ins'] += 1;
        else if (status !== undefined && status !== 503) this.wrong.push({ signIn: status, body });
      }
      await pause(50);
    }
    callers.forEach(caller => caller.close());
  }

  async worker(callers) {
    const of = { refresh: SHARES.refresh };
    of.refreshTwice = of.refresh + SHARES.refreshTwice;
    of.signOut = of.refreshTwice + SHARES.signOut;
    of.signOutEverywhere = of.signOut + SHARES.signOutEverywhere;
    while (this.goes()) {
      const turn = this.random() * 1000;
      const enough = this.crowd.living.length > FEW;
      if (turn < of.refresh) await this.refresh(callers, 1);
      else if (turn < of.refreshTwice) await this.refresh(callers, 2);
      else if (turn < of.signOut && enough) await this.signOut(callers);
      else if (turn > of.signOut && turn < of.signOutEverywhere && enough) await this.signOutEverywhere(callers);
      else await this.greet(this.pick(callers));
    }
    callers.forEach(caller => caller.close());
  }

  async greet(caller) {
    const session = this.crowd.anyone();
    if (!session) return pause(10);
    const { status, begun: b, ended: e, sent } = await this.ask(caller, 'GET', '/protected', session.access);
    if (status === undefined) return sent || pause(5);
    this.counts.greetings += 1;
    this.log.append({ k: 'ask', i: this.numberOf(caller), b, e, s: session.sid, a: status });
    if (status !== 200 && status !== 503 && !(status === 401 && session.state !== 'living')) this.wrong.push({ greeting: status, sid: session.sid, state: session.state });
  }

  /** With several callers, all at once: all that are answered get the same successor. */
  async refresh(callers, at_once) {
    const session = this.crowd.take();
    if (!session) return;
    const first = Math.floor(this.random() * callers.length);
    const asked = Array.from({ length: at_once }, (_, index) => callers[(first + index) % callers.length]);
    const { refresh } = session;
    await Promise.all(asked.map(async caller => {
      const { status, body, begun: b, ended: e } = await this.ask(caller, 'POST', '/refresh', refresh);
      if (status === 200) {
        Object.assign(session, tokens(body));
        this.log.append({ k: 'turn', i: this.numberOf(caller), b, e, s: session.sid, p: refresh, n: session.refresh });
        this.counts[at_once > 1 ? 'refreshes of one token on two instances' : 'refreshes'] += 1;
      } else if (status !== undefined && status !== 503 && session.state === 'living') {
        this.wrong.push({ refresh: status, body, sid: session.sid });
      }
    }));
    this.crowd.giveBack(session);
  }

  async signOut(callers) {
    const session = this.crowd.take();
    if (!session) return;
    session.state = 'ending';
    await this.untilAcknowledged(callers, [session], 'DELETE', '/logout', session.access);
    this.counts['sign-outs'] += 1;
    this.crowd.giveBack(session);
  }

  async signOutEverywhere(callers) {
    const taken = this.crowd.takeWithOthers();
    if (!taken) return;
    const { session, others } = taken;
    others.forEach(other => (other.state = 'ending'));
    await this.untilAcknowledged(callers, others, 'DELETE', '/sessions', session.access);
    this.counts['sign-outs everywhere'] += 1;
    this.crowd.giveBack(session, true);
  }

  /** Asks one instance after the other until one acknowledges it. */
  async untilAcknowledged(callers, sessions, method, path, token) {
    for (;;) {
      const caller = this.pick(callers);
      const { status, body, begun: b, ended: e } = await this.ask(caller, method, path, token);
      if (status === 200) {
        this.log.append({ k: 'end', i: this.numberOf(caller), b, e, s: sessions.map(({ sid }) => sid) });
        sessions.forEach(session => this.crowd.ended(session));
        return;
      }
      if (status !== undefined && status !== 503) {
        this.wrong.push({ method, path, status, body });
        return;
      }
      await pause(5);
    }
  }

  async ask(caller, ...request) {
    const answer = await caller.send(...request);
    if (answer.status === undefined && answer.sent) this.unanswered += 1;
    if (answer.status === 503) this.unavailable += 1;
    return answer;
  }

  /** At the end, all living sessions still work, and no other one does. Returns those of which this is not true. */
  async finish() {
    await this.instances.ready();
    const cut = [];
    const callers = this.instances.callers();
    await Promise.all(callers.map(async (caller, index) => {
      for (const session of this.crowd.living.filter((_, number) => number % callers.length === index)) {
        const [refreshed, access] = [await caller.rotate(session), await caller.protected(session)];
        if (refreshed !== 'acknowledged' || access !== '200') cut.push({ sid: session.sid, refreshed, access });
      }
      for (const session of this.crowd.gone) {
        const access = await caller.protected(session);
        if (access !== 'token_revoked') cut.push({ sid: session.sid, ended: true, access });
      }
      caller.close();
    }));
    return cut;
  }

  numberOf({ port }) {
    return this.instances.all.find(instance => instance.port === port).number;
  }

  pick(list) {
    return list[Math.floor(this.random() * list.length)];
  }
}

function rowsOf(mixed, { askedAfterEnd, longest, letIn, turns, twoSuccessors }, cut, took) {
  return [
    ['C4 operations, all mixed', `${mixed.done} in ${took.toFixed(0)} s`],
    ...Object.entries(mixed.counts).map(([kind, count]) => [`      ${kind}`, count, count > 0, 'none were done']),
    ['   instances killed (SIGKILL) and started again', mixed.kills, mixed.kills > 0, 'none was killed'],
    ['   requests without an answer, answered 503', `${mixed.unanswered}, ${mixed.unavailable}`],
    ['   answered wrongly', mixed.wrong.length, mixed.wrong.length === 0, mixed.wrong],
    [`   ended tokens let in, of ${askedAfterEnd} asked`, letIn.length, letIn.length === 0 && askedAfterEnd > 0, letIn],
    ['      acknowledged on one to asked on another that let it in, longest', `${longest.toFixed(0)} ms`],
    [`   two successors of one refresh token, of ${turns}`, twoSuccessors.length, twoSuccessors.length === 0 && turns > 0, twoSuccessors],
    [`   at the end: ${mixed.crowd.living.length} living and ${mixed.crowd.gone.length} ended sessions, wrong`, cut.length, cut.length === 0, cut],
  ];
}
