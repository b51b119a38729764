// Other libraries for Node.js, each as its documentation says, with the settings that docs/doors.md names. Each answers
// about a token with the name of its user; if it refuses the token, it throws.
import { createServer } from 'node:http';
import Hapi from '@hapi/hapi';
import HapiJwt from '@hapi/jwt';
import { JwtVerifier } from 'aws-jwt-verify';
import { SimpleJwksCache } from 'aws-jwt-verify/jwk';
import { expressjwt } from 'express-jwt';
import { createVerifier } from 'fast-jwt';
import buildGetJwks from 'get-jwks';
import { Hono } from 'hono';
import { jwk } from 'hono/jwk';
import jwksRsa from 'jwks-rsa';
import Koa from 'koa';
import koaJwt from 'koa-jwt';
import passport from 'passport';
import { ExtractJwt, Strategy } from 'passport-jwt';

/** The libraries, in the order of docs/doors.md. `start`: returns what answers. */
export const readers = [
  { name: 'hono', start: hono },
  { name: 'express-jwt', start: express },
  { name: 'koa-jwt', start: koa },
  { name: 'passport-jwt', start: passportJwt },
  { name: 'get-jwks', start: getJwks },
  { name: '@hapi/jwt', start: hapi },
  { name: 'aws-jwt-verify', start: aws },
];

function hono({ issuer, audience, jwks, algorithm }) {
  const app = new Hono();
  app.use(jwk({ jwks_uri: jwks, alg: [algorithm], verification: { iss: issuer, aud: audience } }));
  app.get('/', context => context.text(context.get('jwtPayload').username));
  return async token => {
    const answer = await app.request('/', { headers: { authorization: `Bearer ${token}` } });
    if (answer.status !== 200) throw new Error(`${answer.status} ${answer.headers.get('www-authenticate')}`);
    return answer.text();
  };
}

function express({ issuer, audience, jwks, algorithm }) {
  const secret = jwksRsa.expressJwtSecret({ jwksUri: jwks, cache: true, rateLimit: true });
  const middleware = expressjwt({ secret, audience, issuer, algorithms: [algorithm] });
  return token => new Promise((resolve, reject) => {
    const request = { method: 'GET', headers: { authorization: `Bearer ${token}` } };
    middleware(request, {}, error => (error ? reject(error) : resolve(request.auth.username)));
  });
}

function koa({ issuer, audience, jwks, algorithm }) {
  const app = new Koa();
  app.use(koaJwt({ secret: jwksRsa.koaJwtSecret({ jwksUri: jwks, cache: true }), audience, issuer, algorithms: [algorithm], debug: true }));
  app.use(context => { context.body = context.state.user.username; });
  app.silent = true;
  return throughServer(app.callback());
}

function passportJwt({ issuer, audience, jwks, algorithm }) {
  const own = new passport.Passport();
  const secretOrKeyProvider = jwksRsa.passportJwtSecret({ jwksUri: jwks, cache: true });
  const jwtFromRequest = ExtractJwt.fromAuthHeaderAsBearerToken();
  own.use(new Strategy({ secretOrKeyProvider, jwtFromRequest, issuer, audience, algorithms: [algorithm] }, (claims, done) => done(null, claims)));
  return token => new Promise((resolve, reject) => {
    const refused = (error, user, why) => (user ? resolve(user.username) : reject(error ?? new Error(String(why?.message ?? why))));
    own.authenticate('jwt', { session: false }, refused)({ headers: { authorization: `Bearer ${token}` } }, {}, reject);
  });
}

function getJwks({ issuer, audience, jwks, algorithm }) {
  const keys = buildGetJwks({ jwksPath: new URL(jwks).pathname });
  const key = async ({ header: { kid, alg } }) => keys.getPublicKey({ kid, alg, domain: new URL(jwks).origin });
  const verify = createVerifier({ key, algorithms: [algorithm], allowedIss: issuer, allowedAud: audience });
  return async token => (await verify(token)).username;
}

async function hapi({ issuer, audience, jwks, algorithm }) {
  const server = Hapi.server();
  await server.register(HapiJwt);
  server.auth.strategy('handstamp', 'jwt', {
    keys: { uri: jwks, algorithms: [algorithm] },
    verify: { aud: audience, iss: issuer, sub: false, nbf: true, exp: true },
    validate: () => ({ isValid: true }),
  });
  server.route({ method: 'GET', path: '/', options: { auth: 'handstamp' }, handler: ({ auth }) => auth.credentials.username ?? auth.artifacts.decoded.payload.username });
  await server.initialize();
  return async token => {
    const { statusCode, payload } = await server.inject({ url: '/', headers: { authorization: `Bearer ${token}` } });
    if (statusCode !== 200) throw new Error(`${statusCode} ${payload}`);
    return payload;
  };
}

function aws({ issuer, audience, jwks }) {
  // It fetches over https alone; the JWKS comes from a server on this machine, without TLS.
  const fetcher = { fetch: async () => (await fetch(jwks)).arrayBuffer() };
  const verifier = JwtVerifier.create({ issuer, audience, jwksUri: jwks }, { jwksCache: new SimpleJwksCache({ fetcher }) });
  return async token => (await verifier.verify(token)).username;
}

/** Asks a function of node:http by a connection of its own. */
function throughServer(listener) {
  return async token => {
    const server = createServer(listener);
    await new Promise(listening => server.listen(0, '127.0.0.1', listening));
    try {
      const answer = await fetch(`http://127.0.0.1:${server.address().port}/`, { headers: { authorization: `Bearer ${token}`, connection: 'close' } });
      const text = await answer.text();
      if (answer.status !== 200) throw new Error(`${answer.status} ${text}`);
      return text;
    } finally {
      server.close();
    }
  };
}
