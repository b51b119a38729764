// A browser, a script and an attacker before the proxies of doors.mjs.
import { randomBytes } from 'node:crypto';
import { connect } from 'node:http2';
import { request } from 'node:https';
import { within } from '../trying.mjs';

export const APP = 'https://app.example.org';
export const NAVIGATION = ['Accept', 'text/html,application/xhtml+xml,*/*;q=0.8', 'Sec-Fetch-Mode', 'navigate'];
export const SCRIPT = ['Accept', 'application/json'];

/** `headers`: names and values in turn, sent in this spelling. `parts`: a body in several parts, without its length before it. */
export function ask(port, path, { method = 'GET', headers = [], host = 'app.example.org', body, parts } = {}) {
  const length = body ? ['Content-Length', String(body.length)] : parts ? ['Transfer-Encoding', 'chunked'] : [];
  const answered = new Promise((answered, failed) => {
    const asked = open(port, path, method, ['Host', host, ...length, ...headers], failed);
    asked.on('response', answer => {
      const read = [];
      answer.on('data', part => read.push(part)).on('error', failed);
      answer.on('end', () => answered({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(read).toString() }));
    });
    (parts ?? []).forEach(part => asked.write(part));
    asked.end(body);
  });
  return within(answered, `an answer to ${method} ${path}`, 20);
}

/** Asks in HTTP/2, and returns the status. */
export async function askTwo(port, path, headers) {
  const session = connect(`https://127.0.0.1:${port}`, { servername: 'app.example.org', rejectUnauthorized: false });
  try {
    const answered = new Promise((answered, failed) => {
      session.on('error', failed);
      const asked = session.request({ ':path': path, ':authority': 'app.example.org', ...headers });
      asked.on('error', failed).on('response', answer => answered(answer[':status'])).resume().end();
    });
    return await within(answered, `an answer to ${path} in HTTP/2`, 20);
  } finally {
    session.destroy();
  }
}

/** Opens a WebSocket. Returns the status, and with 101 a function that sends text and returns what comes back. */
export function webSocket(port, path, headers) {
  const wanted = ['Host', 'app.example.org', 'Connection', 'Upgrade', 'Upgrade', 'websocket', 'Sec-WebSocket-Version', '13'];
  const answered = new Promise((answered, failed) => {
    const key = randomBytes(16).toString('base64');
    const asked = open(port, path, 'GET', [...wanted, 'Sec-WebSocket-Key', key, ...headers], failed);
    asked.on('response', answer => answered({ status: answer.statusCode, close: () => answer.destroy() }));
    asked.on('upgrade', (answer, socket) => answered({ status: answer.statusCode, echo: echo(socket), close: () => socket.destroy() }));
    asked.end();
  });
  return within(answered, 'an answer to a WebSocket', 20);
}

function echo(socket) {
  let heard = '';
  let waiting = () => {};
  socket.on('error', () => {}).on('data', part => {
    heard += part;
    waiting();
  });
  return text => {
    heard = '';
    const all = new Promise(all => {
      waiting = () => { if (heard.length >= text.length) all(heard); };
    });
    socket.write(text);
    return within(all, 'an echo', 10);
  };
}

/** Certificates are not what is tried here. */
function open(port, path, method, headers, failed) {
  const options = { host: '127.0.0.1', port, path, method, headers, setHost: false, agent: false };
  return request({ ...options, servername: 'app.example.org', rejectUnauthorized: false }).on('error', failed);
}
