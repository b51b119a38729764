// Clients of servers whose database fails for a while: 503 `unavailable` is an outcome then, and no fault of the test.
import { Client } from './clients.mjs';

const pause = () => new Promise(over => setTimeout(over, 10));

export class PatientClient extends Client {
  /** `outage`: what all clients share. `lasts`: whether 503 is expected. */
  constructor(server, outage, options) {
    super(server.port, options);
    this.outage = outage;
  }

  /** Resolves to nothing during the outage. */
  async signIn(username) {
    try {
      return await super.signIn(username);
    } catch (error) {
      if (this.outage.lasts && error.message.startsWith('signing in was answered 503')) return null;
      throw error;
    }
  }

  /** After a 503, the change may have been made, or be made later. */
  async change(method, path, token) {
    try {
      return await super.change(method, path, token);
    } catch (error) {
      if (this.outage.lasts && error.message.startsWith(`${method} ${path} was answered 503`)) return { outcome: 'unknown' };
      throw error;
    }
  }

  async rotate(session) {
    const outcome = await super.rotate(session);
    return this.outage.lasts && outcome === 'unavailable' ? 'unknown' : outcome;
  }

  /** Makes the change again and again until it is acknowledged. */
  async insist(method, path, token) {
    for (;;) {
      const answer = await this.change(method, path, token);
      if (answer.outcome === 'acknowledged') return answer;
      await pause();
    }
  }

  /** Refreshes again and again until there is an answer. */
  async insistOnRotating(session) {
    for (;;) {
      const outcome = await this.rotate(session);
      if (!['unknown', 'unsent'].includes(outcome)) return outcome;
      await pause();
    }
  }

  /** Waits until the server is ready. Resolves to the time that it took, in milliseconds. */
  async untilReady(begun = performance.now()) {
    for (;;) {
      const { status } = await this.send('GET', '/readyz');
      if (status === 200) return performance.now() - begun;
      await pause();
    }
  }
}
