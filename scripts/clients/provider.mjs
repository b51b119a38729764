// A Handstamp server with users, on a port that it keeps when it starts again.
import { join } from 'node:path';
import { freePorts } from '../ports.mjs';
import { PASSWORD, Server, expect, get, root } from '../trying.mjs';

const CLIENT = 'billing';

export class Provider {
  /** Starts a server in an empty folder with these users, and adds a client. */
  static async start(folder, users = ['ada']) {
    const [port] = await freePorts(1);
    const settings = { LEPTOS_SITE_ADDR: `127.0.0.1:${port}`, JWT_ALGORITHM: 'ES256' };
    const provider = new Provider();
    provider.server = new Server(process.env.HANDSTAMP_BIN ?? join(root, 'target/release/handstamp'), folder, settings);
    users.forEach(user => provider.server.addUser(user));
    await provider.server.start();
    provider.secret = provider.server.run(['client', 'add', CLIENT], '', 'ignore').trim();
    provider.issuer = (await (await get(`${provider.server.origin}/.well-known/oauth-authorization-server`)).json()).issuer;
    return provider;
  }

  /** What a follower needs to know, as arguments. */
  get words() {
    return [this.issuer, CLIENT, this.secret];
  }

  /** Signs in, and returns the token. */
  async signIn(username = 'ada') {
    const answer = await get(`${this.server.origin}/login`, { method: 'POST', body: new URLSearchParams({ username, password: PASSWORD }) });
    expect('signing in', answer.status, 200);
    return (await answer.json()).access_token;
  }

  /** Signs out, and returns when that was acknowledged. */
  async signOut(token) {
    const answer = await get(`${this.server.origin}/logout`, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } });
    const acknowledged = performance.now();
    expect('signing out', answer.status, 200);
    await answer.body.cancel();
    return acknowledged;
  }

  /** The ids of the published keys. */
  async keyIds() {
    return (await (await get(`${this.server.origin}/.well-known/jwks.json`)).json()).keys.map(({ kid }) => kid);
  }

  /** A token from a second server on the same data with other settings. */
  async tokenWith(settings) {
    const second = new Server(this.server.binary, this.server.folder, {
      ...this.server.settings, JWT_ISSUER: this.issuer, LEPTOS_SITE_ADDR: '127.0.0.1:0', ...settings,
    });
    await second.start();
    try {
      return await second.login();
    } finally {
      await second.stop();
    }
  }
}

/** The header of a token (0), or its claims (1). */
export function part(token, index) {
  return JSON.parse(Buffer.from(token.split('.')[index], 'base64url').toString());
}
