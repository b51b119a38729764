// Keys that a server and the peers share, and tokens signed with them.
import { createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const ISSUER = 'https://id.example.org';

/** A new key. `settings` are a server's, `key` is what a verifier needs. */
export function newKeys(algorithm, folder) {
  const secret = randomBytes(48).toString('base64url');
  const settings = { JWT_ALGORITHM: algorithm, JWT_SECRET: secret, JWT_ISSUER: ISSUER, JWT_ACCESS_TOKEN_EXPIRES: '60m' };
  if (algorithm === 'HS256') {
    return { settings, key: secret, signed: text => createHmac('sha256', secret).update(text).digest('base64url') };
  }
  const pair = algorithm === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
  const file = join(folder, 'key.pem');
  writeFileSync(file, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const hash = algorithm === 'ES256' ? 'sha256' : null;
  return {
    settings: { ...settings, JWT_PRIVATE_KEY_FILE: file },
    key: pair.publicKey.export({ type: 'spki', format: 'pem' }),
    signed: text => sign(hash, Buffer.from(text), { key: pair.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url'),
  };
}

export function claims(token) {
  return JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());
}

/** The token with other claims, and a right signature. */
export function reissued(keys, token, changes) {
  const text = `${token.split('.')[0]}.${Buffer.from(JSON.stringify({ ...claims(token), ...changes })).toString('base64url')}`;
  return `${text}.${keys.signed(text)}`;
}

/** The token with the first letter of its signature changed. */
export function forged(token) {
  const [header, body, signature] = token.split('.');
  return `${header}.${body}.${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`;
}

/** The id of a session or a token: 128 random bits. */
export function newId() {
  return randomBytes(16).toString('base64url');
}
