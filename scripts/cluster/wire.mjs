// The network between the servers and PostgreSQL: a port of this machine that leads to the socket of PostgreSQL, and that can
// lose packets or end connections. It runs in a thread of its own, so that it does not wait for the clients.
import { connect, createServer } from 'node:net';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { within } from '../trying.mjs';

export class Wire {
  /** Begins to listen on loopback for this socket. */
  static async to(socket) {
    const wire = new Wire();
    wire.thread = new Worker(new URL(import.meta.url), { workerData: { socket } });
    wire.port = await wire.told();
    return wire;
  }

  /** `passing`; `losing`: no byte arrives any more, in both directions; `cut`: connections end, and new ones end at once. */
  async set(state) {
    this.thread.postMessage(state);
    await this.told();
  }

  told() {
    return within(new Promise((told, failed) => this.thread.once('message', told).once('error', failed)), 'the wire');
  }

  close() {
    return this.thread.terminate();
  }
}

let state = 'passing';
const open = new Set();

function pass(client) {
  if (state === 'cut') return client.destroy();
  const server = connect(workerData.socket);
  client.setNoDelay(true);
  for (const [one, other] of [[client, server], [server, client]]) {
    open.add(one);
    if (state === 'losing') one.pause();
    one.pipe(other);
    if (state === 'losing') one.pause();
    one.on('error', () => other.destroy()).on('close', () => {
      open.delete(one);
      other.destroy();
    });
  }
}

function change(to) {
  state = to;
  // A socket that is not read does not notice either that the other side has closed it.
  for (const socket of open) {
    if (to === 'cut') socket.destroy();
    else if (to === 'losing') socket.pause();
    else socket.resume();
  }
}

if (!isMainThread) {
  const server = createServer(pass).listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
  parentPort.on('message', to => {
    change(to);
    parentPort.postMessage('done');
  });
}
