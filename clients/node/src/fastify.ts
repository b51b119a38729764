// For Fastify: `app.get('/path', { onRequest: signedIn(follower) }, …)`. The claims are in `request.claims`.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { NotAccepted, bearer } from './errors.js';
import type { Claims, Follower } from './follower.js';

declare module 'fastify' {
  interface FastifyRequest {
    claims?: Claims;
  }
}

/** Lets requests with a good token pass. The others are answered 401 or 503. */
export function signedIn(follower: Follower): (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> {
  return async (request, reply) => {
    try {
      request.claims = await follower.verify(bearer(request.headers.authorization));
      return undefined;
    } catch (error) {
      if (!(error instanceof NotAccepted)) throw error;
      return reply.code(error.status).headers(error.headers).send(error.body);
    }
  };
}
