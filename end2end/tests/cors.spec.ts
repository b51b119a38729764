// Pages of other origins at the machine doors, in real Chromium: what an allowed origin can do, and that no other can.

import type { Page } from '@playwright/test';
import { expect, test as base } from './support/fixtures.ts';
import { foreignSite } from './support/foreign_site.ts';
import type { Watch } from './support/watch.ts';

const PAGE = '<!doctype html><title>an app</title>';
const KEY_SET = '/.well-known/jwks.json';
const METADATA = '/.well-known/oauth-authorization-server';

const test = base.extend<{ app: { origin: string } }>({
  /** A site with an origin that the server allows. It starts first, because the setting names it. */
  app: async ({}, use) => {
    const site = await foreignSite('127.0.0.1', PAGE);
    await use(site);
    await site.close();
  },
  own: async ({ app }, use) => use({ CORS_ORIGINS: `https://app.example.org, ${app.origin}` }),
});

type Seen = { status: number; headers: Record<string, string>; body: string };

/** What the script of a page gets from an answer; nothing if the browser keeps it from the page. */
function ask(page: Page, url: string, init: RequestInit = {}): Promise<Seen | undefined> {
  return page.evaluate(async ([url, init]) => {
    try {
      const answer = await fetch(url, init);
      return { status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() };
    } catch {
      return undefined;
    }
  }, [url, init] as const);
}

function json(body: unknown): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

function as(token: string, method = 'GET'): RequestInit {
  return { method, headers: { authorization: `Bearer ${token}` } };
}

/** Chromium writes to the console of the foreign page what it kept from it, and that nothing was loaded. */
function expectBlocked(watch: Watch): void {
  const blocked = /^Access to fetch at '[^']+' from origin '[^']+' has been blocked by CORS policy: [^\n]*$/;
  watch.announce(blocked, /^.*$/);
  watch.announce(/^Failed to load resource: [^\n]*$/, /^.*$/, { certain: false });
}

test('a page of an allowed origin signs in, refreshes, reads and signs out, without a cookie', async ({
  page, context, app, handstamp, watch,
}) => {
  watch.announceOrigin(app.origin);
  watch.announceStatus(401, '/protected');
  const at = (path: string) => handstamp.origin + path;
  const user = await handstamp.addUser();
  await page.goto(app.origin);
  const credentials = json({ username: user.name, password: user.password });

  const signedIn = (await ask(page, at('/login'), credentials))!;
  expect(signedIn.status).toBe(200);
  const first = JSON.parse(signedIn.body) as { refresh_token: string };
  const refreshed = (await ask(page, at('/refresh'), as(first.refresh_token, 'POST')))!;
  expect(refreshed.status).toBe(200);
  const { access_token: token } = JSON.parse(refreshed.body) as { access_token: string };
  expect((await ask(page, at('/protected'), as(token)))!.body).toBe(
    `{"message":"Hello, ${user.name}! This is a protected route."}`,
  );
  expect((await ask(page, at('/sessions'), as(token)))!.status).toBe(200);
  expect((await ask(page, at('/logout'), as(token, 'POST')))!.body).toBe('{"msg":"Access token revoked"}');
  const refused = (await ask(page, at('/protected'), as(token)))!;
  expect(refused.body).toBe('{"code":"token_revoked","msg":"Token has been revoked"}');
  expect(refused.headers['www-authenticate']).toBe('Bearer error="invalid_token"');
  expect(refused.headers['x-request-id']).toMatch(/^[\w-]{16}$/);
  expect(await context.cookies()).toEqual([]);
});

test('it reads how long to wait, and sends no cookie', async ({ page, app, handstamp, watch }) => {
  watch.announceOrigin(app.origin);
  watch.announceStatus(401, '/login');
  watch.announceStatus(429, '/login');
  expectBlocked(watch);
  const at = (path: string) => handstamp.origin + path;
  await page.goto(app.origin);
  const wrong = json({ username: 'nobody', password: 'wrong' });
  for (let tries = 0; tries < 5; tries += 1) expect((await ask(page, at('/login'), wrong))!.status).toBe(401);
  const slowed = (await ask(page, at('/login'), wrong))!;
  expect(slowed.status).toBe(429);
  expect(slowed.headers['retry-after']).toMatch(/^\d+$/);

  expect(await ask(page, at('/healthz'), { credentials: 'include' }), 'with cookies it is kept from the page').toBeUndefined();
  expect((await ask(page, at('/healthz')))!.status).toBe(200);
});

test('it cannot read pages and their functions', async ({ page, app, handstamp, watch }) => {
  watch.announceOrigin(app.origin);
  expectBlocked(watch);
  const token = await handstamp.token(await handstamp.addUser());
  await page.goto(app.origin);
  for (const [path, init] of [
    ['/', {}],
    ['/login', {}],
    ['/dashboard', {}],
    ['/sessions', { headers: { accept: 'text/html' } }],
    ['/api/greeting', as(token)],
    ['/api/logout', as(token, 'POST')],
    ['/api/password-strength', { method: 'POST', body: new URLSearchParams({ password: 'x' }).toString() }],
  ] as const) {
    expect(await ask(page, handstamp.origin + path, init), path).toBeUndefined();
  }
  expect((await ask(page, `${handstamp.origin}/protected`, as(token)))!.status, 'no user was signed out').toBe(200);
});

for (const host of ['localhost', '127.0.0.1'] as const) {
  test(`a page of any other origin, here ${host} on another port, reads only the key set and the metadata`, async ({
    page, handstamp, foreign, watch,
  }) => {
    expectBlocked(watch);
    const user = await handstamp.addUser();
    const token = await handstamp.token(user);
    await page.goto(await foreign(host, PAGE));
    for (const path of [KEY_SET, METADATA]) {
      expect((await ask(page, handstamp.origin + path))!.status, path).toBe(200);
      // The request of a library that has kept an older one.
      const again = { headers: { 'if-none-match': '"x"', accept: 'application/json' } };
      expect((await ask(page, handstamp.origin + path, again))!.status, path).toBe(200);
    }
    const form = new URLSearchParams({ username: user.name, password: user.password });
    for (const [path, init] of [
      ['/healthz', {}],
      ['/openapi.json', {}],
      ['/protected', as(token)],
      ['/logout', as(token, 'POST')],
      ['/logout', as(token, 'DELETE')],
      ['/login', json({ username: user.name, password: user.password })],
      // The browser sends no preflight before these two.
      ['/login', { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: form.toString() }],
      ['/', {}],
    ] as const) {
      expect(await ask(page, handstamp.origin + path, init), path).toBeUndefined();
    }
    expect(await handstamp.greet(token), 'no user was signed out').toContain('200 ');
  });
}
