// An authenticator app: a library of its own, which shares nothing with the server's, and the steps of a user who has one.

import { Secret, TOTP, URI } from 'otpauth';
import { expect } from '@playwright/test';
import type { Server, User } from './server.ts';

/** What a user has who has set up an app. */
export type Enrolled = { user: User; app: TOTP; recoveryCodes: string[] };

/** The app after it has read the address of a QR code. */
export function scan(address: string): TOTP {
  const app = URI.parse(address);
  if (!(app instanceof TOTP)) throw new Error('not an address of an app');
  expect(app).toMatchObject({ algorithm: 'SHA1', digits: 6, period: 30, issuer: 'Handstamp' });
  return app;
}

/** The app after the user has typed the secret. */
export function type(secret: string): TOTP {
  return new TOTP({ secret: Secret.fromBase32(secret.replace(/\s/g, '')) });
}

/** The code that the app shows now, or shows next: the server accepts it half a minute early. Each can be used once. */
export function code(app: TOTP, which: 'now' | 'next' = 'now'): string {
  return app.generate({ timestamp: Date.now() + (which === 'next' ? 30_000 : 0) });
}

/** A new user who has set up an app by the machine doors; the code of now is used. */
export async function enrolled(handstamp: Server, user?: User): Promise<Enrolled> {
  user ??= await handstamp.addUser();
  const authorization = `Bearer ${await handstamp.token(user)}`;
  const begun = await fetch(`${handstamp.origin}/totp`, { method: 'POST', headers: { authorization } });
  const { uri } = (await begun.json()) as { uri: string };
  const app = scan(uri);
  const confirmed = await fetch(`${handstamp.origin}/totp/confirm`, {
    method: 'POST', headers: { authorization, 'content-type': 'application/json' }, body: JSON.stringify({ code: code(app) }),
  });
  expect(confirmed.status).toBe(200);
  const { recovery_codes: recoveryCodes } = (await confirmed.json()) as { recovery_codes: string[] };
  return { user, app, recoveryCodes };
}
