// A small web site on another origin, for tests of what a foreign site can do.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Serves this page at `/` and nothing else. */
export async function foreignSite(host: 'localhost' | '127.0.0.1', html: string) {
  const server = createServer((request, answer) => {
    // Every browser asks for the icon. It must not fail, or we would have to explain its console line.
    answer.writeHead(request.url === '/' ? 200 : 204, { 'content-type': 'text/html; charset=utf-8' });
    answer.end(request.url === '/' ? html : undefined);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://${host}:${port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
