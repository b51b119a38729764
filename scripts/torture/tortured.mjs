// The server under test: one folder and one port, killed and started again and again.
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Server, within } from '../trying.mjs';

/** Users besides ada, who end all their sessions except one. */
export const CROWD = Array.from({ length: 16 }, (_, number) => `crowd${number}`);

export class Tortured extends Server {
  /** `more`: settings. The first of several servers on one database adds the users. */
  static async in(folder, binary, more = {}, users = ['ada', ...CROWD]) {
    mkdirSync(folder);
    const port = await freePort();
    // The tokens of the first cycle are still checked in the last one. They must not be rejected because they have
    // expired.
    const settings = { LEPTOS_SITE_ADDR: `127.0.0.1:${port}`, JWT_ACCESS_TOKEN_EXPIRES: '60m', ...more };
    const server = new Tortured(binary, folder, settings);
    Object.assign(server, { port, database: join(folder, 'data/handstamp.db') });
    for (const name of users) server.addUser(name);
    return server;
  }

  /** Kills the server with SIGKILL. It cannot clean up. */
  async kill() {
    this.child.kill('SIGKILL');
    await within(this.child.ended, 'a killed process to end');
  }

  /** Starts the server, and returns the first connection that it accepts. */
  async restart() {
    const listening = this.start();
    const socket = await within(this.firstConnection(), 'the server to accept a connection');
    await listening;
    return socket;
  }

  async firstConnection() {
    for (;;) {
      const socket = connect(this.port, '127.0.0.1');
      const connected = await new Promise(done => {
        socket.once('connect', () => done(true)).once('error', () => done(false));
      });
      if (connected) return socket;
    }
  }

  /** SQLite's check of every page: `ok`, or the fault. The server stays connected, so that this check repairs nothing. */
  async integrity() {
    const { stdout } = await promisify(execFile)('sqlite3', ['-readonly', this.database, 'PRAGMA integrity_check']);
    return stdout.trim();
  }
}

/** Below the ports that the system gives to clients: there, a client that connects to a closed port can connect to itself. */
async function freePort() {
  for (let port = 20_000 + (process.pid % 10_000); ; port += 1) {
    const probe = createServer();
    const free = await new Promise(done => {
      probe.once('error', () => done(false)).listen(port, '127.0.0.1', () => probe.close(() => done(true)));
    });
    if (free) return port;
  }
}
