// Two PostgreSQL servers, of which one is the standby of the other, behind one address.
import { Node } from './node.mjs';
import { Switch } from './switch.mjs';

export class Pair {
  /** A primary, and a standby that it demands for each commit. */
  static async start() {
    const pair = new Pair();
    [pair.primary, pair.standby] = [new Node('one'), new Node('two')];
    await pair.primary.initialise();
    pair.address = await Switch.to(pair.primary.socket);
    pair.url = `postgres://handstamp@127.0.0.1:${pair.address.port}/postgres?sslmode=disable`;
    await pair.rebuild();
    return pair;
  }

  /** The primary's own address, for commands that this process waits for: it is busy then, and passes nothing on. */
  get direct() {
    return `postgres://handstamp@localhost/postgres?host=${this.primary.folder}`;
  }

  async loseThePrimary() {
    await this.primary.kill();
    this.address.turnTo(null);
  }

  /** Lets the standby take over. It demands no standby then, because there is none. */
  async failOver() {
    await this.standby.demand('');
    await this.standby.promote();
    this.address.turnTo(this.standby.socket);
    [this.primary, this.standby] = [this.standby, this.primary];
  }

  /** Makes a new standby in the place of the old server, and demands it. */
  async rebuild() {
    await this.standby.follow(this.primary);
    // Before, all commits would wait until it streams.
    await this.primary.hasStandby('async');
    await this.primary.demand('*');
    await this.primary.hasStandby('sync', 'quorum');
  }
}
