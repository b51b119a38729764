// For hono: `app.get('/path', signedIn(follower), …)`. The claims are in `context.get('claims')`.
import type { MiddlewareHandler } from 'hono';
import { NotAccepted, bearer } from './errors.js';
import type { Claims, Follower } from './follower.js';

/** Lets requests with a good token pass. The others are answered 401 or 503. */
export function signedIn(follower: Follower): MiddlewareHandler<{ Variables: { claims: Claims } }> {
  return async (context, next) => {
    try {
      context.set('claims', await follower.verify(bearer(context.req.header('authorization'))));
    } catch (error) {
      if (!(error instanceof NotAccepted)) throw error;
      return context.json(error.body, error.status, error.headers);
    }
    return next();
  };
}
