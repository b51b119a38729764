// GET requests to the server, on connections that are kept open. All of them can be broken off at once.
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

export interface Answer {
  status: number;
  body: Readable;
}

export class Connections {
  readonly #agents = { 'http:': new http.Agent({ keepAlive: true }), 'https:': new https.Agent({ keepAlive: true }) };
  readonly #waiting = new Set<http.ClientRequest>();
  readonly #sockets = new Set<Socket>();
  #stopped = false;

  /** Sends a request, and returns the answer when its head has come. No wait for bytes is longer than `timeout`. */
  async get(url: URL, headers: Record<string, string>, timeout: number): Promise<Answer> {
    for (;;) {
      const sent = this.#send(url, headers, timeout);
      try {
        return await sent.answer;
      } catch (error) {
        // The server closes a connection that it has kept for long enough. That says nothing about this request.
        if (this.#stopped || !sent.request.reusedSocket || (error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error;
      }
    }
  }

  #send(url: URL, headers: Record<string, string>, timeout: number): { request: http.ClientRequest; answer: Promise<Answer> } {
    if (this.#stopped) throw new Error('the follower has stopped');
    const secure = url.protocol === 'https:';
    const agent = this.#agents[secure ? 'https:' : 'http:'];
    const request = (secure ? https : http).request(url, { headers, agent, timeout });
    this.#waiting.add(request);
    request.on('timeout', () => request.destroy(new Error(`no answer for ${timeout} ms`)));
    request.on('socket', socket => {
      if (this.#sockets.has(socket)) return;
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    request.on('close', () => this.#waiting.delete(request));
    const answer = new Promise<Answer>((answered, failed) => {
      request.on('error', failed).on('response', response => {
        const body = response.headers['content-encoding'] === 'gzip' ? pipeline(response, createGunzip(), () => {}) : response;
        answered({ status: response.statusCode ?? 0, body: body.setEncoding('utf8') });
      });
    });
    request.end();
    return { request, answer };
  }

  /** Ends all requests, and waits until their connections are closed. There will be no others. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiting.forEach(request => request.destroy(new Error('the follower has stopped')));
    Object.values(this.#agents).forEach(agent => agent.destroy());
    await Promise.all([...this.#sockets].map(socket => new Promise(closed => socket.once('close', closed))));
  }
}

/** Reads an answer that must be a JSON object with status 200. */
export async function object(url: URL, { status, body }: Answer): Promise<Record<string, unknown>> {
  let text = '';
  for await (const piece of body) text += piece;
  if (status !== 200) throw new Error(`${url.href} answers ${status}`);
  const found: unknown = JSON.parse(text);
  if (typeof found !== 'object' || found === null) throw new Error(`${url.href} has no JSON object`);
  return found as Record<string, unknown>;
}
