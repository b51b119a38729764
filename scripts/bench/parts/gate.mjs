// `/forward-auth` beside the protected door, on the same server: by an access token, and by the gate cookie.
import { PASSWORD, expect, get } from '../../trying.mjs';
import { FORM, handstamp, shared } from '../candidates.mjs';
import { atLeast, ratio } from '../figures.mjs';
import { load } from '../load.mjs';
import { printRates, rates, rounds } from '../rounds.mjs';

const GATE = { PUBLIC_URL: 'https://id.example.org', GATE_ORIGINS: 'https://app.example.org', GATE_COOKIE_DOMAIN: 'example.org', RUST_LOG: 'info' };

export async function gate(tools) {
  const common = await shared(tools, 'ES256', tools.entries);
  const server = await handstamp(tools, common.folder, { ...common.keys.settings, ...GATE });
  const { token, cookie } = await signIn(server);
  const requests = {
    '/protected': { path: '/protected', token },
    '/forward-auth, access token': { path: '/forward-auth', token },
    '/forward-auth, gate cookie': { path: '/forward-auth', cookie },
  };
  const runs = await rounds(tools, Object.values(requests).map(request => () => load(server, request, tools)));
  console.log('\n/forward-auth beside /protected, ES256:');
  printRates(Object.keys(requests).map(name => ({ name })), runs, rates(runs[0]), 'of /protected');
  for (const [at, name] of Object.keys(requests).entries()) {
    if (at) atLeast(0.8, `${name}: share of /protected`, ratio(rates(runs[at]), rates(runs[0])));
  }
  await server.stop();
}

/** Signs ada in as a page does. */
async function signIn({ origin }) {
  const headers = { 'content-type': FORM, accept: 'application/json', 'sec-fetch-site': 'same-origin' };
  const body = new URLSearchParams({ username: 'ada', password: PASSWORD }).toString();
  const answer = await get(`${origin}/api/login`, { method: 'POST', headers, body });
  expect('signing in', answer.status, 200);
  const cookie = answer.headers.getSetCookie().find(cookie => cookie.startsWith('handstamp_gate=')).split(';')[0];
  return { cookie, token: (await answer.json()).access_token };
}
