// Tries other libraries on the tokens of the real binary. Flask-JWT-Extended shares its secret. PyJWT, jose and
// jsonwebtoken verify with its JWKS; they run the code that docs/verifying-elsewhere.md shows.
import { createHmac, createPublicKey, randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Checks } from './checks.mjs';
import { Server, block, expect, expectQuoted, get, root, said, start, stop, talking, tryTranscript, within } from './trying.mjs';

const [python] = process.argv.slice(2);
const binary = join(root, 'target/release/handstamp');
/** The server's address in the documentation's code, and the issuer in the tokens. The JWKS comes from the real address. */
const ISSUER = 'https://id.example.org';
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const folder = mkdtempSync(join(tmpdir(), 'handstamp-interop-'));
let folders = 0;
const checks = new Checks('interop', 5);
const check = (name, body) => checks.check(name, body);

process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
try {
  await check("the Rust code in the documentation is that of src/examples/verify_token.rs", () => {
    expectQuoted('code: verify_token.rs', 'src/examples/verify_token.rs');
  });
  await sharedSecret();
  for (const algorithm of ['EdDSA', 'ES256', 'RS256']) await publicKeys(algorithm);
} catch (error) {
  checks.failed(error.stack);
}
checks.finish();

/** HS256: a service that shares our secret. */
async function sharedSecret() {
  const settings = { JWT_ISSUER: ISSUER, JWT_SECRET: randomBytes(48).toString('base64url') };
  const server = await serve(settings);
  const env = { JWT_ALGORITHM: 'HS256', JWT_KEY: settings.JWT_SECRET, JWT_ISSUER: ISSUER, ENDED_SESSIONS: '/dev/null' };
  const flask = start(python, [join(root, 'scripts/verifiers/flask_app.py')], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const origin = await said(flask, flask.stderr, /Running on (http:\S+)/);
  const ask = (path, token) => get(`${origin}${path}`, { headers: { authorization: `Bearer ${token}` } });
  const refuses = async (path, token, what) => {
    const { status } = await ask(path, token);
    if (![401, 422].includes(status)) throw new Error(`${what}: ${status} instead of 401 or 422`);
  };
  const token = await server.login();

  await check('Flask-JWT-Extended accepts our access token and greets by name', async () => {
    for (const [path, greeting] of [['/protected', 'Hello, ada! This is a protected route.'], ['/fresh', 'Hello again, ada!']]) {
      const answer = await ask(path, token);
      expect(`${path} of the Flask app`, answer.status, 200);
      expect(`${path} of the Flask app`, (await answer.json()).message, greeting);
    }
  });
  await check('Flask-JWT-Extended refuses other claims, and a token with any one letter changed', async () => {
    for (const [what, forged] of tampered(token)) await refuses('/protected', forged, what);
    expect('the good token, afterwards', (await ask('/protected', token)).status, 200);
  });
  await check('Flask-JWT-Extended refuses a token for another audience', async () => {
    await refuses('/protected', await tokenWith(server, { JWT_AUDIENCE: 'billing' }), 'another audience');
  });
  await check('Flask-JWT-Extended refuses a stale token where it wants a fresh one', async () => {
    const stale = await tokenWith(server, { FRESH_FOR: '0s' });
    expect('a door that wants no fresh one', (await ask('/protected', stale)).status, 200);
    await refuses('/fresh', stale, 'a stale token');
  });
  await stop(flask);
  await server.stop();
}

/** A service that has our JWKS. */
async function publicKeys(algorithm) {
  // Authlib refuses an empty list of roles, so that this user has one.
  const server = await serve({ JWT_ISSUER: ISSUER, JWT_ALGORITHM: algorithm, ADDITIONAL_CLAIMS: '{"roles":["member"]}' });
  const before = await server.login();
  const verifiers = await startVerifiers(server, algorithm);
  // After this, each verifier has fetched the JWKS, and has only this version.
  const first = new Map();
  for (const verifier of verifiers) first.set(verifier, await verifier.ask(before));
  const jwk = (await (await get(`${server.origin}/.well-known/jwks.json`)).json()).keys.find(key => key.kid === part(before, 0).kid);
  server.run(['key', 'rotate', '--now']);
  const after = await until('the next key to sign', () => server.login(), token => part(token, 0).kid !== jwk.kid);
  const newcomers = await startVerifiers(server, algorithm);

  for (const [index, verifier] of verifiers.entries()) {
    await check(`${verifier.name} verifies ${algorithm} before and after a rotation`, async () => {
      accepts('a token', first.get(verifier));
      accepts('a token of the next key, by the JWKS kept from before', await verifier.ask(after));
      accepts('a token of the retired key, by the JWKS kept from before', await verifier.ask(before));
      accepts('a token of the retired key, by the JWKS of today', await newcomers[index].ask(before));
      accepts('a token of the active key, by the JWKS of today', await newcomers[index].ask(after));
    });
    await check(`${verifier.name} refuses ${algorithm} with other claims, another algorithm or any one letter changed`, async () => {
      for (const [what, forged] of [...tampered(before), ...otherAlgorithms(before, jwk)]) refuses(what, await verifier.ask(forged));
      accepts('the good token, afterwards', await verifier.ask(before));
    });
  }
  if (algorithm !== 'RS256') await demands(server, verifiers, algorithm);
  if (algorithm === 'EdDSA') {
    await check("the documentation's commands for a token of another audience print what it shows", async () => {
      tryTranscript('transcript: exchange', server, { TOKEN: after });
    });
    await check("the documentation's commands for rejecting revoked tokens print what it shows", async () => {
      const ended = await get(`${server.origin}/logout`, { method: 'DELETE', headers: { authorization: `Bearer ${after}` } });
      expect('signing out', ended.status, 200);
      tryTranscript('transcript: signed out elsewhere', server, { TOKEN: after });
    });
  }
  for (const verifier of [...verifiers, ...newcomers]) await verifier.stop();
  await server.stop();
}

/** Tokens with a right signature that a verifier must refuse. */
async function demands(server, verifiers, algorithm) {
  const audience = await tokenWith(server, { JWT_AUDIENCE: 'billing' });
  const issuer = await tokenWith(server, { JWT_ISSUER: 'https://id.example.com' });
  const brief = await tokenWith(server, { JWT_ACCESS_TOKEN_EXPIRES: '1s' });
  const clientless = await tokenWith(server, { JWT_CLIENT_ID: '' });
  for (const verifier of verifiers) {
    await check(`${verifier.name} refuses another audience, another issuer and what has expired (${algorithm})`, async () => {
      refuses('another audience', await verifier.ask(audience), /aud/i);
      refuses('another issuer', await verifier.ask(issuer), /iss/i);
      await until('the token to expire', () => verifier.ask(brief), answer => /^refused .*exp/i.test(answer));
    });
  }
  const roleless = await tokenWith(server, { ADDITIONAL_CLAIMS: '' });
  for (const verifier of verifiers) {
    if (verifier.name === 'Authlib') {
      await check(`Authlib refuses a user without a role, as the docs say (${algorithm})`, async () => {
        refuses('an empty list of roles', await verifier.ask(roleless), /roles/);
      });
    } else {
      await check(`${verifier.name} accepts a user without a role (${algorithm})`, async () => {
        accepts('an empty list of roles', await verifier.ask(roleless));
      });
    }
    if (verifier.strict) {
      await check(`${verifier.name} refuses a token without client_id (${algorithm})`, async () => {
        refuses('JWT_CLIENT_ID set and empty', await verifier.ask(clientless), /client_id/);
      });
    } else {
      await check(`${verifier.name} needs no client_id (${algorithm})`, async () => {
        accepts('JWT_CLIENT_ID set and empty', await verifier.ask(clientless));
      });
    }
  }
}

/** Starts the documentation's three verifiers and the strict ones, each with its own copy of the JWKS. Authlib accepts no EdDSA. */
async function startVerifiers(server, algorithm) {
  const own = newFolder();
  symlinkSync(join(root, 'end2end/node_modules'), join(own, 'node_modules'));
  for (const file of ['verify.py', 'verify.mjs']) {
    writeFileSync(join(own, file), block(`code: ${file}`).replaceAll(`${ISSUER}/.well-known`, `${server.origin}/.well-known`));
  }
  copyFileSync(join(root, 'scripts/verifiers/strict.mjs'), join(own, 'strict.mjs'));
  const { verify } = await import(join(own, 'verify.mjs'));
  const strict = await import(join(own, 'strict.mjs'));
  const jwks = `${server.origin}/.well-known/jwks.json`;
  const jose = token => verify(token).then(
    claims => `accepted ${claims.username}`,
    error => `refused ${error.code}: ${error.message}`,
  );
  return [
    talking('PyJWT', python, [join(root, 'scripts/verifiers/answer.py'), own]),
    { name: 'jose', ask: token => within(jose(token), 'jose'), stop: () => {} },
    talking('jsonwebtoken', join(root, 'target/release/examples/verify_token'), [ISSUER, server.origin]),
    strictly('express-oauth2-jwt-bearer', strict.expressOauth2JwtBearer(ISSUER, jwks, algorithm)),
    strictly('oauth4webapi', strict.oauth4webapi(ISSUER, jwks)),
    ...(algorithm === 'EdDSA' ? [] : [{ ...talking('Authlib', python, [join(root, 'scripts/verifiers/authlib_rfc9068.py'), ISSUER, jwks, 'handstamp']), strict: true }]),
  ];
}

/** A library that demands every claim of RFC 9068, in this process. */
function strictly(name, ask) {
  return { name, strict: true, ask: token => within(ask(token), name), stop: () => {} };
}

function accepts(what, answer) {
  if (!answer.startsWith('accepted ada')) throw new Error(`${what}: ${answer}`);
}

/** Fails unless the verifier refused the token itself. A failed fetch of the JWKS does not count. */
function refuses(what, answer, why = /^(?!.*(fetch|connect))/i) {
  if (!answer.startsWith('refused ') || !why.test(answer)) throw new Error(`${what}: ${answer}`);
}

/** The token with other claims, and with each of its letters changed in a significant bit. */
function* tampered(token) {
  const [header, , signature] = token.split('.');
  yield ['other claims', [header, encode({ ...part(token, 1), username: 'eve', roles: ['admin'] }), signature].join('.')];
  for (const [index, letter] of [...token].entries()) {
    const other = letter === '.' ? 'A' : LETTERS[LETTERS.indexOf(letter) ^ 32];
    yield [`letter ${index} changed`, token.slice(0, index) + other + token.slice(index + 1)];
  }
}

/** Tokens that a verifier accepts if it trusts the token's header: no signature, and our public key used as a secret. */
function otherAlgorithms(token, jwk) {
  const payload = token.split('.')[1];
  const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  const none = `${encode({ ...part(token, 0), alg: 'none' })}.${payload}`;
  const hmac = `${encode({ ...part(token, 0), alg: 'HS256' })}.${payload}`;
  const mac = createHmac('sha256', pem).update(hmac).digest('base64url');
  return [['the algorithm `none`', `${none}.`], ['HS256 with our public key', `${hmac}.${mac}`]];
}

function part(token, index) {
  return JSON.parse(Buffer.from(token.split('.')[index], 'base64url').toString());
}

function encode(value) {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

async function serve(settings) {
  const server = new Server(binary, newFolder(), settings);
  server.addUser();
  return server.start();
}

/** A token from a second server on the same data, which therefore has the same key. */
async function tokenWith(server, settings) {
  const second = await new Server(binary, server.folder, { ...server.settings, ...settings }).start();
  const token = await second.login();
  await second.stop();
  return token;
}

function newFolder() {
  const own = join(folder, String(folders++));
  mkdirSync(own);
  return own;
}

/** Asks again and again until the answer is right, 30 seconds at most. */
async function until(what, ask, isRight) {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline;) {
    const answer = await ask();
    if (isRight(answer)) return answer;
  }
  throw new Error(`waited 30 seconds for ${what}`);
}
