// Why a token is not accepted, with the status, code and message that Handstamp itself answers (its contract, section 4).

/** The token is not accepted. `status`, `headers` and `body` are the answer. */
export abstract class NotAccepted extends Error {
  abstract readonly status: 401 | 503;
  abstract readonly body: { code: string; msg: string };
  abstract readonly headers: Record<string, string>;
}

/** The token has a wrong signature, issuer, audience, time or form. */
export class InvalidToken extends NotAccepted {
  override readonly name: string = 'InvalidToken';
  readonly status = 401;
  readonly body = { code: 'invalid_token', msg: 'Invalid token' };
  readonly headers: Record<string, string> = { 'WWW-Authenticate': 'Bearer error="invalid_token"' };
}

/** The session of the token has ended, or the token itself was revoked. */
export class RevokedToken extends InvalidToken {
  override readonly name = 'RevokedToken';
  override readonly body = { code: 'token_revoked', msg: 'Token has been revoked' };
}

/** The request has no bearer token. */
export class MissingToken extends NotAccepted {
  override readonly name = 'MissingToken';
  readonly status = 401;
  readonly body = { code: 'missing_token', msg: 'Missing Authorization Header' };
  readonly headers = { 'WWW-Authenticate': 'Bearer' };
}

/** Nobody can say now whether the token was revoked. */
export class Unknown extends NotAccepted {
  override readonly name = 'Unknown';
  readonly status = 503;
  readonly body = { code: 'unavailable', msg: 'Temporarily unavailable' };
  readonly headers = { 'Retry-After': '1' };
}

/** Returns the token of an `Authorization` header: `Bearer` and one token. */
export function bearer(authorization: string | undefined): string {
  if (!authorization) throw new MissingToken('no Authorization header');
  const [scheme, token, ...more] = authorization.trim().split(/ +/);
  if (scheme?.toLowerCase() !== 'bearer' || !token || more.length > 0) {
    throw new InvalidToken('expected: Authorization: Bearer <JWT>');
  }
  return token;
}
