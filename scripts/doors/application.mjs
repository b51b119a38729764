// The application behind the proxies of doors.mjs. It knows nothing of tokens, remembers what reached it, and echoes on a
// WebSocket.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

export class Application {
  /** Requests, by the part of their address before the query. Each try has a path of its own. */
  seen = new Map();

  async start() {
    this.server = createServer((request, answer) => {
      const body = createHash('sha256');
      let length = 0;
      request.on('data', part => {
        body.update(part);
        length += part.length;
      });
      request.on('end', () => {
        this.#note(request, { length, body: body.digest('hex') });
        // The application's own 401 is the client's to see.
        answer.writeHead(request.url.startsWith('/own-401/') ? 401 : 200, { 'content-type': 'text/plain' }).end('the application');
      });
    });
    this.server.on('upgrade', (request, socket, head) => {
      this.#note(request, {});
      const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
      const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept.digest('base64')}`];
      socket.write(`${lines.join('\r\n')}\r\n\r\n`);
      socket.write(head);
      socket.on('error', () => {}).pipe(socket);
    });
    await new Promise(listens => this.server.listen(0, '127.0.0.1', listens));
    this.port = this.server.address().port;
    return this;
  }

  /** All values that a request had for this header, in any spelling that a gateway interface cannot tell from it (CGI, WSGI). */
  static read({ headers }, name) {
    const spelled = text => text.toLowerCase().replace(/[^a-z0-9]/g, '_');
    return headers.filter(([other]) => spelled(other) === spelled(name)).map(([, value]) => value);
  }

  #note({ method, url, rawHeaders }, body) {
    const headers = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [[name, rawHeaders[index + 1]]] : []));
    this.seen.set(url.split('?')[0], { method, url, headers, ...body });
  }
}
