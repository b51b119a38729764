// A client that costs little, and that notes when it asked and when it was answered: HTTP/1.1 on one connection, one request at
// a time.
import { connect } from 'node:net';
import { Client } from '../torture/clients.mjs';

const END_OF_HEADER = '\r\n\r\n';
/** Longer than any answer may take. */
const PATIENCE = 20_000;

export class Caller extends Client {
  socket = null;
  waiting = null;
  read = '';

  /**
   * Resolves to an answer: `status`, `body`, `begun` and `ended` in milliseconds. Without an answer to `{ sent, begun, ended }`:
   * whether the request may have arrived.
   */
  send(method, path, token, json) {
    const body = json ? JSON.stringify(json) : '';
    let head = `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:${this.port}\r\n`;
    if (token) head += `Authorization: Bearer ${token}\r\n`;
    if (json) head += 'Content-Type: application/json\r\n';
    if (json || method === 'POST') head += `Content-Length: ${Buffer.byteLength(body)}\r\n`;
    return new Promise(answer => {
      this.waiting = { answer, begun: performance.now(), sent: false };
      this.socket ??= this.connect();
      this.socket.write(`${head}\r\n${body}`);
      if (!this.socket.connecting) this.waiting.sent = true;
    });
  }

  /** Makes the connection, if it is not there yet. */
  async ready() {
    this.socket ??= this.connect();
    if (this.socket.connecting) await new Promise(done => this.socket.once('connect', done).once('close', done));
  }

  connect() {
    const socket = connect({ port: this.port, host: '127.0.0.1', localAddress: this.address, noDelay: true });
    socket.setEncoding('latin1').setTimeout(PATIENCE, () => socket.destroy());
    socket.on('connect', () => {
      if (this.waiting) this.waiting.sent = true;
    });
    socket.on('data', text => this.take(text)).on('error', () => {}).on('end', () => this.over(socket)).on('close', () => this.over(socket));
    return socket;
  }

  take(text) {
    this.read += text;
    const end = this.read.indexOf(END_OF_HEADER);
    if (end < 0) return;
    const head = this.read.slice(0, end);
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? NaN);
    const body = this.read.slice(end + END_OF_HEADER.length);
    if (!(body.length >= length)) return;
    this.read = '';
    if (/^connection: close/im.test(head)) this.over(this.socket, false);
    this.settle({ status: Number(head.slice(9, 12)), body });
  }

  /** The connection has ended: the next request makes another one. */
  over(socket, unanswered = true) {
    socket.destroy();
    if (this.socket !== socket) return;
    this.socket = null;
    this.read = '';
    if (unanswered) this.settle({ sent: this.waiting?.sent });
  }

  settle(answer) {
    const { waiting } = this;
    this.waiting = null;
    waiting?.answer({ ...answer, begun: waiting.begun, ended: performance.now() });
  }

  close() {
    super.close();
    if (this.socket) this.over(this.socket);
  }
}
