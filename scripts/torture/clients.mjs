// Clients that sign in, sign out and refresh, and the log of the answers that they got.
import { closeSync, fdatasync, fstatSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import http from 'node:http';
import { promisify } from 'node:util';
import { PASSWORD } from '../trying.mjs';

/** A client with one connection, which it keeps as long as it can. */
export class Client {
  /** `address`: an address of this machine. If many clients sign in at once, each needs its own; from one address they would be slowed. */
  constructor(port, { keepAlive = true, address = '127.0.0.1' } = {}) {
    this.port = port;
    this.address = address;
    this.agent = new http.Agent({ keepAlive, maxSockets: 1 });
  }

  /**
   * Resolves to an answer that was read to its end: `status`, `body`, and the local `port`. Otherwise to `{ sent }`:
   * whether
   * the request may have arrived.
   */
  send(method, path, token, json) {
    const headers = token ? { authorization: `Bearer ${token}` } : {};
    if (json) headers['content-type'] = 'application/json';
    const { agent, port, address: localAddress } = this;
    return new Promise(answer => {
      const request = http.request({ agent, port, localAddress, host: '127.0.0.1', method, path, headers, timeout: 30_000 });
      const failed = error => answer({ sent: error.code !== 'ECONNREFUSED' });
      request.on('error', failed).on('timeout', () => request.destroy(new Error('no answer in 30 seconds')));
      request.on('response', response => {
        const { localPort } = response.socket;
        let body = '';
        response.setEncoding('utf8').on('data', text => (body += text)).on('error', failed);
        response.on('end', () => answer(response.complete ? { status: response.statusCode, body, port: localPort } : { sent: true }));
      });
      request.end(json && JSON.stringify(json));
    });
  }

  /** Starts a session. Resolves to nothing if the server is gone. */
  async signIn(username = 'ada') {
    const { status, body } = await this.send('POST', '/login', null, { username, password: PASSWORD });
    if (status === undefined) return null;
    if (status !== 200) throw new Error(`signing in was answered ${status}: ${body}`);
    return tokens(body);
  }

  /** Resolves to the `outcome`: `acknowledged`, with the answer, or `unknown`, or `unsent`. */
  async change(method, path, token) {
    const { status, sent, ...answer } = await this.send(method, path, token);
    if (status === undefined) return { outcome: sent ? 'unknown' : 'unsent' };
    if (status < 200 || status > 299) throw new Error(`${method} ${path} was answered ${status}: ${answer.body}`);
    return { outcome: 'acknowledged', ...answer };
  }

  /** Refreshes a session. Resolves to the same outcomes, or to the code of the error. */
  async rotate(session) {
    const { status, body, sent, port } = await this.send('POST', '/refresh', session.refresh);
    if (status === undefined) return sent ? 'unknown' : 'unsent';
    if (status !== 200) return JSON.parse(body).code;
    Object.assign(session, tokens(body), { port });
    return 'acknowledged';
  }

  /** Resolves to the answer of the protected door: 200, or the code of its error; nothing if the server is gone. */
  async protected(session) {
    const { status, body } = await this.send('GET', '/protected', session.access);
    return status === 200 ? '200' : status && JSON.parse(body).code;
  }

  /** Resolves to the answer of the door that rotates refresh tokens, in the same form. */
  async refreshed(session) {
    const { status, body } = await this.send('POST', '/refresh', session.refresh);
    return status === 200 ? '200' : status && JSON.parse(body).code;
  }

  close() {
    this.agent.destroy();
  }
}

/** Makes a session from the tokens in an answer. `jti`: the id of the access token in the store. */
export function tokens(body) {
  const { access_token: access, refresh_token: refresh } = JSON.parse(body);
  const { sid, jti } = JSON.parse(Buffer.from(access.split('.')[1], 'base64url'));
  return { sid, jti, access, refresh };
}

/** Distributes work among clients. */
export async function inParallel(clients, work, job) {
  const left = work[Symbol.iterator]();
  await Promise.all(clients.map(async client => {
    for (const one of left) await job(client, one);
  }));
}

/** The log of answers on disk: one JSON record on each line. Records of one moment share an fdatasync. */
export class Log {
  constructor(path) {
    this.path = path;
    this.fd = openSync(path, 'a+');
    this.waiting = '';
    this.synced = Promise.resolve();
    /** How far `readNew` has read. */
    this.known = 0;
  }

  append(record) {
    const first = this.waiting === '';
    this.waiting += `${JSON.stringify({ at: performance.now(), ...record })}\n`;
    if (first) this.synced = this.synced.then(() => this.write());
  }

  async write() {
    const text = this.waiting;
    this.waiting = '';
    writeSync(this.fd, text);
    await promisify(fdatasync)(this.fd);
  }

  /** Returns all records from the file. */
  async read() {
    await this.synced;
    this.known = fstatSync(this.fd).size;
    return records(readFileSync(this.path));
  }

  /** Returns the records since the last call. */
  async readNew() {
    await this.synced;
    const bytes = Buffer.alloc(fstatSync(this.fd).size - this.known);
    readSync(this.fd, bytes, 0, bytes.length, this.known);
    this.known += bytes.length;
    return records(bytes);
  }

  close() {
    closeSync(this.fd);
  }
}

function records(bytes) {
  return bytes.toString().split('\n').filter(Boolean).map(line => JSON.parse(line));
}
