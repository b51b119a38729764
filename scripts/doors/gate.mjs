// Handstamp as people and proxies of doors.mjs meet it: the pages' forms, the machine doors, and Traefik's request.
import { join } from 'node:path';
import { PASSWORD, Server, expect, get, root } from '../trying.mjs';
import { APP } from './client.mjs';

export const PUBLIC_URL = 'https://id.example.org';
const BINARY = process.env.HANDSTAMP_BIN ?? join(root, 'target/release/handstamp');

/** Its tokens are for people with the role `admin`. */
export const AUDIENCE = 'wiki';

export class Gate {
  /** Two people: ada, who has no role, and grace, an administrator. */
  static async start(folder, port) {
    const server = new Server(BINARY, folder, {
      PUBLIC_URL, LEPTOS_SITE_ADDR: `127.0.0.1:${port}`, TRUSTED_PROXIES: '127.0.0.1', GATE_ORIGINS: APP, GATE_COOKIE_DOMAIN: 'example.org',
    });
    server.run(['user', 'add', 'grace', '--admin', '--password-stdin'], PASSWORD);
    server.addUser('ada');
    server.run(['audience', 'add', AUDIENCE, '--role', 'admin'], '', 'ignore');
    await server.start();
    return Object.assign(new Gate(), { server });
  }

  /** Posts the form of the sign-in page. Returns where the answer leads, what the browser sends to the application, and a token. */
  async signIn(next, username = 'ada') {
    const body = new URLSearchParams({ username, password: PASSWORD, next });
    const answer = await this.#post('/api/login', { body, headers: { origin: PUBLIC_URL, accept: 'text/html' } });
    expect('the status after signing in', answer.status, 303);
    const set = answer.headers.getSetCookie();
    const value = name => set.map(cookie => new RegExp(`^${name}=([^;]+)`).exec(cookie)?.[1]).find(Boolean);
    const gate = set.find(cookie => cookie.startsWith('handstamp_gate=')) ?? 'no gate cookie';
    for (const attribute of ['Domain=example.org', 'HttpOnly', 'Secure', 'SameSite=Lax']) {
      expect(`${attribute} of the gate cookie`, gate.includes(attribute), true);
    }
    return {
      location: answer.headers.get('location'), cookie: `handstamp_gate=${value('handstamp_gate')}`,
      refreshToken: value('__Host-handstamp_refresh'),
    };
  }

  async token(username) {
    const answer = await this.#post('/login', { body: new URLSearchParams({ username, password: PASSWORD }) });
    expect('the status after signing in', answer.status, 200);
    return (await answer.json()).access_token;
  }

  /** `token`: an access or refresh token of the session. */
  async signOut(token) {
    const answer = await this.#post('/logout', { headers: { authorization: `Bearer ${token}` } });
    expect('the status after signing out', answer.status, 200);
  }

  /** The request that Traefik's documentation describes, with the headers of its client. */
  asTraefik(headers, host = 'app.example.org') {
    const said = { 'x-forwarded-method': 'GET', 'x-forwarded-proto': 'https', 'x-forwarded-host': host, 'x-forwarded-uri': '/wiki?a=b&c=d', 'x-forwarded-for': '192.0.2.7' };
    return get(`${this.server.origin}/forward-auth`, { redirect: 'manual', headers: { ...headers, ...said } });
  }

  #post(path, options) {
    return get(`${this.server.origin}${path}`, { method: 'POST', redirect: 'manual', ...options });
  }
}
