// An application that knows nothing of tokens, with a proxy before it that asks Handstamp's gate, as deploy/forward-auth/ shows.

import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Application = {
  origin: string;
  /** Where the gate is. */
  ask: (handstamp: string) => void;
  /** The proxy passes no cookie on to the gate: the gate then never opens. */
  loseCookies: () => void;
  /** How often a browser asked for a page of it. */
  asked: number;
  close: () => Promise<void>;
};

/** Serves on a host of this name, which every browser finds on this machine. */
export async function startApplication(host: string): Promise<Application> {
  let gate = '';
  let cookies = true;
  const server = createServer((asked, answer) => {
    if (asked.url === '/favicon.ico') return void answer.writeHead(204).end();
    application.asked += 1;
    const { cookie, ...others } = asked.headers;
    const headers = { accept: others.accept ?? '', ...(cookies && cookie ? { cookie } : {}) };
    const original = { 'x-original-url': `${application.origin}${asked.url}`, 'x-original-method': asked.method ?? '' };
    const question = request(`${gate}/forward-auth`, { headers: { ...headers, ...original } }, said => pass(said, answer));
    question.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const application: Application = {
    origin: `http://${host}:${port}`,
    ask: handstamp => { gate = handstamp; },
    loseCookies: () => { cookies = false; },
    asked: 0,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return application;
}

function pass(said: IncomingMessage, answer: ServerResponse): void {
  said.resume();
  const user = said.headers['remote-user'];
  if (said.statusCode === 200) {
    answer.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
    answer.end(`<!DOCTYPE html><html lang="en"><title>Reports</title><h1>Reports for ${String(user)}</h1></html>`);
  } else {
    answer.writeHead(said.statusCode ?? 502, said.headers.location ? { location: said.headers.location } : {});
    answer.end();
  }
}
