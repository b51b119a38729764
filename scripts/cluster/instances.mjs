// Several servers on one PostgreSQL, all alike.
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CROWD, Tortured } from '../torture/tortured.mjs';
import { within } from '../trying.mjs';
import { Caller } from './caller.mjs';

export const COUNT = 3;
const SECRET = randomBytes(48).toString('base64');

export class Instances {
  /** Three servers that share this database. `publicUrl`: the address of the proxy, which all of them must know. */
  constructor({ binary, folder, publicUrl = 'http://127.0.0.1:3000', settings = {} }) {
    this.all = [];
    this.make = { binary, folder, settings: { JWT_SECRET: SECRET, PUBLIC_URL: publicUrl, TRUSTED_PROXIES: '127.0.0.1', ...settings } };
  }

  /** Starts them. `users`: the first one adds them before. */
  async start(users = []) {
    const { binary, folder, settings } = this.make;
    mkdirSync(folder, { recursive: true });
    for (let number = 1; number <= COUNT; number += 1) {
      const instance = await Tortured.in(join(folder, `instance${number}`), binary, settings, number === 1 ? users : []);
      Object.assign(instance, { number, log: join(folder, `instance${number}.log`), starts: [] });
      this.all.push(instance);
      await this.begin(instance);
    }
    return this;
  }

  /** Starts one of them, for the first time or again. */
  async begin(instance) {
    instance.starts.push(performance.now());
    try {
      return await instance.start([], instance.log);
    } catch (error) {
      throw new Error(`${error.message}\n${readFileSync(instance.log, 'utf8').split('\n').slice(-5).join('\n')}`);
    }
  }

  /** Waits until all of them serve protected doors. */
  async ready() {
    const callers = this.callers();
    await within(Promise.all(callers.map(async caller => {
      while ((await caller.send('GET', '/readyz')).status !== 200) await new Promise(later => setTimeout(later, 10));
      caller.close();
    })), 'all instances to be ready');
  }

  /** A caller of each instance. `address`: where the calls come from. */
  callers(address = '127.0.0.1') {
    return this.all.map(({ port }) => new Caller(port, { address }));
  }

  /** Stops them with SIGTERM, and returns their exit codes. */
  async stop() {
    return Promise.all(this.all.map(async ({ child }) => {
      child.kill('SIGTERM');
      return within(child.ended, 'an instance to stop');
    }));
  }
}

/** The users of the experiments. */
export const USERS = ['ada', ...CROWD];

/** Many sessions of the users, made over all instances. Each caller has an address of its own, so that none is slowed. */
export async function signIn(instances, count) {
  const sessions = [];
  const left = Array.from({ length: count }, (_, index) => USERS[index % USERS.length]);
  await Promise.all(instances.callers().map(async ({ port }, index) => {
    const caller = new Caller(port, { address: `127.0.2.${index + 1}` });
    for (let user = left.pop(); user; user = left.pop()) sessions.push({ ...(await caller.signIn(user)), user });
    caller.close();
  }));
  return sessions;
}

