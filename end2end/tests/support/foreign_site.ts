// A small web site on another origin, for the tests in which a stranger tries something.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Serves this page at `/` and nothing else. */
export async function foreignSite(host: 'localhost' | '127.0.0.1', html: string) {
  const server = createServer((request, answer) => {
    // The icon that every browser asks for must not fail, or its console line would be ours to explain.
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
