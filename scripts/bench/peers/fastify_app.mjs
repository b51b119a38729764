// The protected route in Fastify, as the documentation of @fastify/jwt writes it, with a list of ended sessions.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const installed = createRequire(new URL('../../../end2end/package.json', import.meta.url));
const [Fastify, jwt] = [installed('fastify'), installed('@fastify/jwt')];
const { JWT_ALGORITHM, JWT_KEY, JWT_ISSUER, ENDED_SESSIONS } = process.env;
const ended = new Set(readFileSync(ENDED_SESSIONS, 'utf8').split('\n'));
const app = Fastify();
app.register(jwt, {
  secret: JWT_ALGORITHM === 'HS256' ? JWT_KEY : { public: JWT_KEY },
  verify: { algorithms: [JWT_ALGORITHM], allowedIss: JWT_ISSUER, allowedAud: 'handstamp' },
  trusted: (request, { sid }) => !ended.has(sid),
});
app.get('/protected', { onRequest: request => request.jwtVerify() }, async ({ user }) => (
  { message: `Hello, ${user.username}! This is a protected route.` }
));
console.log(`listens on ${await app.listen({ host: '127.0.0.1', port: 0 })}`);
