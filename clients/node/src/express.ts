// For Express: `app.get('/path', signedIn(follower), …)`. The claims are in `request.claims`.
import type { RequestHandler } from 'express';
import { NotAccepted, bearer } from './errors.js';
import type { Claims, Follower } from './follower.js';

declare global {
  namespace Express {
    interface Request {
      claims?: Claims;
    }
  }
}

/** Lets requests with a good token pass. The others are answered 401 or 503. */
export function signedIn(follower: Follower): RequestHandler {
  return async (request, response, next) => {
    try {
      request.claims = await follower.verify(bearer(request.headers.authorization));
    } catch (error) {
      if (!(error instanceof NotAccepted)) return next(error);
      response.status(error.status).set(error.headers).json(error.body);
      return;
    }
    next();
  };
}
