// A service with Fastify.
import fastify from 'fastify';
import { follower } from 'handstamp-follower';
import { signedIn } from 'handstamp-follower/fastify';

const tokens = follower({ issuer: process.env.ISSUER, client: 'billing', secret: process.env.SECRET });
const app = fastify();
app.get('/hello', { onRequest: signedIn(tokens) }, async request => ({ message: `Hello, ${request.claims.username}!` }));
console.log(await app.listen({ port: Number(process.env.PORT) }));
