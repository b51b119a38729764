// The address of the primary: an address that is moved to another machine, or a proxy that knows which one it is. It passes
// bytes on to the socket of one PostgreSQL at a time.
import { connect, createServer } from 'node:net';

export class Switch {
  /** The socket of PostgreSQL; without one, connections end at once. */
  target = null;
  open = new Set();

  /** Begins to listen on loopback. */
  static async to(target) {
    const passing = Object.assign(new Switch(), { target });
    passing.server = createServer(client => passing.pass(client));
    await new Promise(done => passing.server.listen(0, '127.0.0.1', done));
    passing.port = passing.server.address().port;
    return passing;
  }

  /** All connections of before end. */
  turnTo(target) {
    this.target = target;
    this.open.forEach(socket => socket.destroy());
  }

  pass(client) {
    if (!this.target) return client.destroy();
    const server = connect(this.target);
    for (const [one, other] of [[client, server], [server, client]]) {
      this.open.add(one);
      one.setNoDelay?.(true);
      one.pipe(other);
      one.on('error', () => other.destroy()).on('close', () => {
        this.open.delete(one);
        other.destroy();
      });
    }
  }

  close() {
    this.turnTo(null);
    this.server.close();
  }
}
