// A client of applications behind a proxy: a browser that follows nothing by itself, or an attacker.
import { request } from 'node:https';
import { within } from '../trying.mjs';

export const APP = 'app.example.org';
export const NAVIGATION = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

/** Sends one request to the proxy on this port. Returns status, headers and body. */
export function ask(port, { method = 'GET', path = '/', headers = {}, body = '' } = {}) {
  const length = body ? { 'content-length': Buffer.byteLength(body) } : {};
  const sent = request(options(port, method, path, { ...length, ...headers }));
  const answered = new Promise((answered, failed) => {
    sent.on('error', failed).on('response', response => {
      let text = '';
      response.setEncoding('utf8').on('data', part => { text += part; });
      response.on('end', () => answered({ status: response.statusCode, headers: response.headers, text }));
    });
  });
  sent.end(body);
  return within(answered, `${method} ${path}`);
}

/** Asks for a WebSocket. Returns the status, the user whom the application saw, and what comes back through the connection. */
export function upgrade(port, headers) {
  const sent = request(options(port, 'GET', '/live', {
    ...headers, connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  }));
  const answered = new Promise((answered, failed) => {
    sent.on('error', failed);
    sent.on('response', response => { response.resume(); answered({ status: response.statusCode }); });
    sent.on('upgrade', (response, socket, head) => {
      let heard = head.toString();
      const user = response.headers['x-user'];
      const look = () => {
        if (!heard.includes('ping')) return;
        socket.destroy();
        answered({ status: 101, user, heard });
      };
      socket.on('error', failed).on('data', part => { heard += part; look(); });
      socket.write('ping');
      look();
    });
  });
  sent.end();
  return within(answered, 'a WebSocket');
}

function options(port, method, path, headers) {
  return {
    host: '127.0.0.1', port, method, path, servername: APP, rejectUnauthorized: false, agent: false,
    headers: { host: `${APP}:${port}`, ...headers },
  };
}
