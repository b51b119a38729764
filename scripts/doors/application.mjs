// An application that knows nothing of tokens: it tells what reached it, and repeats what comes through a WebSocket's connection.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

/** Starts it on a free port. `reached` counts the requests. */
export async function startApplication() {
  const application = { reached: 0 };
  const server = createServer(async (request, response) => {
    application.reached += 1;
    const body = [];
    for await (const part of request) body.push(part);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ ...told(request), body: hash(Buffer.concat(body)) }));
  });
  server.on('upgrade', (request, socket) => {
    application.reached += 1;
    const user = request.headers['remote-user'] ?? '';
    // HAProxy checks this (RFC 6455, section 4.2.2).
    const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    const head = ['101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket', `Sec-WebSocket-Accept: ${accept}`, `x-user: ${user}`];
    socket.write(`HTTP/1.1 ${head.join('\r\n')}\r\n\r\n`);
    socket.on('error', () => {}).pipe(socket);
  });
  await new Promise(listening => server.listen(0, '127.0.0.1', listening));
  application.port = server.address().port;
  application.stop = () => { server.closeAllConnections(); server.close(); };
  return application;
}

export function hash(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

function told({ method, url, rawHeaders, headers }) {
  const pairs = rawHeaders.flatMap((name, at) => at % 2 ? [] : [[name.toLowerCase(), rawHeaders[at + 1]]]);
  // As a server of applications reads names: in CGI and WSGI, `_` and `-` are the same.
  const remote = pairs.filter(([name]) => /^remote[-_]/.test(name)).map(([name, value]) => `${name}: ${value}`).sort();
  return { method, url, remote, cookie: headers.cookie ?? '', host: headers.host };
}
