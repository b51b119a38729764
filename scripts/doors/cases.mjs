// What is tried with each proxy of doors.mjs. A `door` has the proxy's `port`, the `gate` (Handstamp) and the `application`.
import { createHash, randomBytes } from 'node:crypto';
import { expect } from '../trying.mjs';
import { Application } from './application.mjs';
import { APP, NAVIGATION, SCRIPT, ask, askTwo, webSocket } from './client.mjs';
import { AUDIENCE, PUBLIC_URL } from './gate.mjs';

/** Spellings of a header that some application takes for `Remote-User`, and names that other sign-in services give. */
const FORGED = [
  'Remote-User', 'remote-user', 'REMOTE-USER', 'rEmOtE-uSeR', 'Remote_User', 'remote_user', 'REMOTE_USER', 'Remote.User', 'Remote-user',
  'Remote-Groups', 'Remote_Groups', 'remote-groups', 'Remote-Subject', 'Remote_Subject', 'Remote-Name', 'Remote-Email',
];
/** Larger than any body that Handstamp accepts. */
const BODY = randomBytes(100_000);

export const CASES = {
  async 'refused without credentials'(door) {
    await expectRefused(door, 401, { headers: SCRIPT });
    await expectRefused(door, 401, { headers: [...SCRIPT, 'Authorization', 'Bearer not.a.token', 'Cookie', 'handstamp_gate=nothing'] });
    await expectRefused(door, 401, { headers: NAVIGATION, method: 'POST', body: BODY });
  },

  async 'in by the sign-in page, and back'(door) {
    const path = `${newPath()}caf%C3%A9%2Fx%41%7e?a=b%26c&d=%2F%3F&e`;
    const first = await ask(door.port, path, { headers: NAVIGATION });
    expect('the status before signing in', first.status, 302);
    expect('the way to the sign-in page', first.headers.location, `${PUBLIC_URL}/login?next=${encodeURIComponent(APP + path)}`);
    expect('requests that reached the application', door.application.seen.has(path.split('?')[0]), false);

    const { location, cookie } = await door.gate.signIn(new URL(first.headers.location).searchParams.get('next'));
    expect('the way back', location, APP + path);
    await expectIn(door, 'ada', { path, headers: [...NAVIGATION, 'Cookie', cookie] });
  },

  async 'in by a Bearer token'(door) {
    const token = await door.gate.token('grace');
    const seen = await expectIn(door, 'grace', { headers: [...SCRIPT, 'Authorization', `Bearer ${token}`] });
    expect('Remote-Groups', Application.read(seen, 'remote-groups').join(), 'admin');
    expect('that Remote-Subject is there', Application.read(seen, 'remote-subject').join().length > 0, true);
    expect('tokens that reached the application', Application.read(seen, 'authorization').filter(Boolean).length, 0);
  },

  async 'signed out in between'(door) {
    const { cookie, refreshToken } = await door.gate.signIn('/');
    const token = await door.gate.token('ada');
    const browser = { headers: [...NAVIGATION, 'Cookie', cookie] };
    const script = { headers: [...SCRIPT, 'Authorization', `Bearer ${token}`] };
    await expectIn(door, 'ada', browser);
    await expectIn(door, 'ada', script);
    await door.gate.signOut(refreshToken);
    await expectRefused(door, 302, browser);
    await expectRefused(door, 401, { headers: [...SCRIPT, 'Cookie', cookie] });
    await expectIn(door, 'ada', script);
    await door.gate.signOut(token);
    await expectRefused(door, 401, script);
  },

  async 'POST with a body'(door) {
    const { cookie } = await door.gate.signIn('/');
    const headers = [...SCRIPT, 'Cookie', cookie, 'Content-Type', 'application/octet-stream'];
    const waiting = [...headers, 'Expect', '100-continue'];
    for (const sent of [{ body: BODY }, { parts: [BODY.subarray(0, 10), BODY.subarray(10)] }, { body: BODY, headers: waiting }, { body: Buffer.from('x') }]) {
      const seen = await expectIn(door, 'ada', { method: 'POST', headers, ...sent });
      const whole = sent.body ?? Buffer.concat(sent.parts);
      expect('the method', seen.method, 'POST');
      expect('the body', `${seen.length} ${seen.body}`, `${whole.length} ${createHash('sha256').update(whole).digest('hex')}`);
    }
  },

  async 'HEAD'(door) {
    const { cookie } = await door.gate.signIn('/');
    const seen = await expectIn(door, 'ada', { method: 'HEAD', headers: [...NAVIGATION, 'Cookie', cookie] });
    expect('the method', seen.method, 'HEAD');
    await expectRefused(door, 401, { method: 'HEAD', headers: NAVIGATION });
  },

  // What the proxy still takes may be too much for its question to Handstamp. Then the gate must not be open.
  async 'large headers'(door) {
    for (let size = 1000; size < 20_000; size += size > 14_000 ? 100 : 1000) {
      for (const name of ['Cookie', 'Accept', 'Authorization', 'Host', '']) {
        const host = name === 'Host' ? `${'x'.repeat(size)}.example.org` : undefined;
        const path = name === '' ? `${newPath()}${'x'.repeat(size)}` : newPath();
        const { status } = await ask(door.port, path, { host, headers: ['Cookie', 'Accept', 'Authorization'].includes(name) ? [name, 'x'.repeat(size)] : [] });
        if (door.application.seen.has(path)) throw new Error(`${size} bytes of ${name || 'the address'} reached the application, with ${status}`);
      }
    }
  },

  async 'HTTP/2'(door) {
    const { cookie } = await door.gate.signIn('/');
    const [inside, outside] = [newPath(), newPath()];
    // Browsers send each cookie as a header of its own.
    const seen = await askTwo(door.port, inside, { accept: 'text/html', cookie: ['a=b', cookie, 'c=d'], remote_user: 'grace' });
    expect('the status', seen, 200);
    const request = door.application.seen.get(inside);
    expect('Remote-User', Application.read(request, 'remote-user').join(), 'ada');
    expect('cookies that reached the application', Application.read(request, 'cookie').join('; '), 'a=b; c=d');
    expect('the status without a session', await askTwo(door.port, outside, { accept: 'text/html', cookie: ['a=b', 'c=d'] }), 302);
    expect('that it reached the application', door.application.seen.has(outside), false);
  },

  async 'a WebSocket'(door) {
    const { cookie, refreshToken } = await door.gate.signIn('/');
    const [path, headers] = [newPath(), [...SCRIPT, 'Cookie', cookie]];
    const opened = await webSocket(door.port, path, headers);
    expect('the status', opened.status, 101);
    expect('the name', Application.read(door.application.seen.get(path), 'remote-user').join(), 'ada');
    expect('what came back', await opened.echo('hello'), 'hello');

    await door.gate.signOut(refreshToken);
    // As docs/forward-auth.md says: no proxy asks again for an open one.
    expect('what came back after the sign-out', await opened.echo('still here'), 'still here');
    opened.close();
    for (const refused of [headers, SCRIPT]) {
      const other = newPath();
      const closed = await webSocket(door.port, other, refused);
      closed.close();
      expect('the status without a session', closed.status, 401);
      expect('WebSockets that reached the application', door.application.seen.has(other), false);
    }
  },

  async 'forged Remote-User'(door) {
    const { cookie } = await door.gate.signIn('/');
    const signedIn = [...SCRIPT, 'Cookie', cookie];
    for (const name of FORGED) {
      await expectRefused(door, 401, { headers: [...SCRIPT, name, 'grace'] });
      const seen = await expectIn(door, 'ada', { headers: [name, 'grace', ...signedIn, name, 'grace'] });
      const forged = seen.headers.filter(([, value]) => value.includes('grace'));
      expect(`what reached the application of a forged ${name}`, JSON.stringify(forged), '[]');
    }
    // A header that `Connection` names belongs to this hop. A proxy must not take ours for one of those.
    for (const hop of ['Remote-User', 'close, Remote-User', 'remote-user, remote-groups, remote-subject', 'Cookie', 'X-Forwarded-Host']) {
      await expectIn(door, 'ada', { headers: [...signedIn, 'Connection', hop] });
    }
  },

  async 'a hostile return address'(door) {
    const evil = 'https://evil.example';
    const headers = [
      'X-Forwarded-Host', 'evil.example', 'X-Forwarded-Proto', 'http', 'X-Forwarded-Uri', '//evil.example/', 'X-Original-URL', `${evil}/`,
      'X-Original-Url', `${APP}@evil.example/`, 'Forwarded', 'host=evil.example', 'X-Forwarded-Method', 'GET', 'X-Forwarded-For', '203.0.113.9',
    ];
    for (const path of [newPath(), `/${newPath()}`, `${newPath()}%0d%0aLocation:%20${evil}`, `${newPath()}?next=${evil}`, `${newPath()}\\@evil.example`]) {
      const { status, headers: { location } } = await ask(door.port, path, { headers: [...NAVIGATION, ...headers] });
      const next = status === 302 ? new URL(location).searchParams.getAll('next') : [];
      // 400 and 403 lead nowhere. Caddy writes `\` as browsers do in a query.
      const harmless = [400, 403].includes(status) || (location.startsWith(`${PUBLIC_URL}/login?`) && next.length === 1 && next[0].replace('%5C', '\\') === APP + path);
      expect(`where ${path} leads: ${status} ${location}`, harmless, true);
    }
    await expectRefused(door, 401, { method: 'POST', headers: [...NAVIGATION, ...headers] });
    for (const host of ['evil.example', 'app.example.org.evil.example', 'app.example.org@evil.example', 'evil.example/app.example.org', 'app.example.org:444']) {
      const { status, headers: { location } } = await ask(door.port, newPath(), { host, headers: NAVIGATION });
      // nginx ignores the port, which it knows better.
      expect(`where ${host} leads: ${status} ${location}`, location === undefined || new URL(new URL(location).searchParams.get('next')).origin === APP, true);
    }
    for (const next of [`${evil}/`, `//evil.example/`, `${APP}@evil.example/`, `${APP}.evil.example/`, `https://unlisted.example.org/`]) {
      expect(`where a sign-in with ${next} leads`, (await door.gate.signIn(next)).location, '/dashboard');
    }
  },

  async 'an origin that is not listed'(door) {
    const token = await door.gate.token('ada');
    const host = 'unlisted.example.org';
    await expectRefused(door, 403, { host, headers: NAVIGATION });
    await expectRefused(door, 403, { host, headers: [...SCRIPT, 'Authorization', `Bearer ${token}`] });
  },

  async "the application's own headers"(door) {
    const { cookie } = await door.gate.signIn('/');
    for (const [sent, kept] of [
      [`a=b; ${cookie}; c="d e"`, 'a=b; c="d e"'], [`${cookie}; a=b`, 'a=b'], [`a=b; ${cookie}`, 'a=b'], [cookie, ''],
      [`not_handstamp_gate=1; ${cookie}`, 'not_handstamp_gate=1'],
    ]) {
      const seen = await expectIn(door, 'ada', { headers: [...SCRIPT, 'Cookie', sent] });
      expect('cookies that reached the application', Application.read(seen, 'cookie').join('; '), kept);
    }
    // Another application of the domain can set a second one, and a request can have two headers.
    for (const sent of [['Cookie', `${cookie}; handstamp_gate=x; a=b`], ['Cookie', `handstamp_gate=x; a=b; ${cookie}`], ['Cookie', 'a=b', 'Cookie', cookie]]) {
      const path = newPath();
      await ask(door.port, path, { headers: [...SCRIPT, ...sent] });
      const leaked = door.application.seen.get(path)?.headers.filter(([, value]) => value.includes(cookie)) ?? [];
      expect(`what reached the application of ${sent}`, JSON.stringify(leaked), '[]');
    }
    const seen = await expectIn(door, 'ada', { headers: [...SCRIPT, 'Cookie', cookie, 'X-Forwarded-For', '203.0.113.9'] });
    expect('the address of the client', Application.read(seen, 'x-forwarded-for').join(), '127.0.0.1');
    expect('the scheme', Application.read(seen, 'x-forwarded-proto').join(), 'https');
    expect('the host', Application.read(seen, 'host').join(), 'app.example.org');
    const own = await ask(door.port, `/own-401${newPath()}`, { headers: [...NAVIGATION, 'Cookie', cookie] });
    expect("the application's own 401", `${own.status} ${own.body}`, '401 the application');
  },
};

/** Of a door whose proxy asks with `?audience=…`. */
export async function withToken(door) {
  const { cookie } = await door.gate.signIn('/', 'grace');
  const token = await door.gate.token('grace');
  for (const known of [['Cookie', cookie], ['Authorization', `Bearer ${token}`]]) {
    const seen = await expectIn(door, 'grace', { headers: [...SCRIPT, ...known] });
    const given = Application.read(seen, 'authorization');
    expect('the number of Authorization headers', given.length, 1);
    const claims = JSON.parse(Buffer.from(given[0].split('.')[1], 'base64url').toString());
    expect('what the application gets', `${given[0].split(' ')[0]} ${claims.aud} ${claims.username}`, `Bearer ${AUDIENCE} grace`);
  }
  const lacksTheRole = await door.gate.signIn('/', 'ada');
  await expectRefused(door, 403, { headers: [...SCRIPT, 'Cookie', lacksTheRole.cookie] });
}

/** While Handstamp does not answer, while it is away, and if the script of the proxy fails. */
export async function closed(door) {
  const began = performance.now();
  const { status } = await expectRefused(door, undefined, { headers: [...SCRIPT, 'Authorization', `Bearer ${door.token}`] });
  expect(`that ${status} is an error of the server`, [500, 502, 503, 504].includes(status), true);
  expect('that it came within 10 seconds', performance.now() - began < 10_000, true);
}

/** Asks, and expects that the request reached the application, unchanged, with this name. Returns what it saw. */
async function expectIn(door, username, { path = newPath(), ...request }) {
  const { status } = await ask(door.port, path, request);
  expect(`the status of ${request.method ?? 'GET'}`, status, 200);
  const seen = door.application.seen.get(path.split('?')[0]);
  expect('the address', seen?.url, path);
  expect('Remote-User', Application.read(seen, 'remote-user').join(), username);
  if (username === 'ada') expect('Remote-Groups', Application.read(seen, 'remote-groups').join(), '');
  return seen;
}

async function expectRefused(door, wanted, request) {
  const path = newPath();
  const answer = await ask(door.port, path, request);
  expect(`the status of ${request.method ?? 'GET'}`, answer.status, wanted ?? answer.status);
  expect('that it reached the application', door.application.seen.has(path), false);
  if (answer.status === 401) expect('WWW-Authenticate', /^Bearer\b/.test(answer.headers['www-authenticate']), true);
  return answer;
}

function newPath() {
  return `/${randomBytes(6).toString('hex')}/`;
}
