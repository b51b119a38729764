// What other web sites try: to sign a visitor in to another account, to put our pages into a frame, to run a script here.

import type { Page } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';
import { KEY, expectForm, expectNothingStored, open } from './support/steps.ts';
import type { User } from './support/server.ts';

// To a browser another port of the same host is the same site, and another name is not. Both are foreign origins.
for (const host of ['127.0.0.1', 'localhost'] as const) {
  for (const door of ['/api/login', '/login']) {
    test(`a form on a page of ${host}, on another port, that posts itself to ${door} signs no one in (A38, H1)`, async ({
      page, handstamp, foreign, watch,
    }) => {
      watch.announceStatus(403, door);
      watch.tolerateMissingIcon();
      const attacker = await handstamp.addUser();
      const site = await foreign(host, selfSendingForm(handstamp.origin + door, attacker));
      const [answer] = await Promise.all([
        page.waitForResponse(response => response.url() === handstamp.origin + door),
        page.goto(site, { waitUntil: 'commit' }),
      ]);
      await page.waitForURL(handstamp.origin + door);
      expect(answer.status()).toBe(403);
      expect(await answer.headerValue('set-cookie')).toBeNull();
      await expectStranger(page);
    });
  }

  test(`a script on a page of ${host}, on another port, that posts to /api/login signs no one in (A38, H1, H3)`, async ({
    page, handstamp, foreign, watch,
  }) => {
    // Refused with 403, and then kept from the foreign page (Cross-Origin-Resource-Policy).
    watch.announce('Failed to load resource: net::ERR_BLOCKED_BY_RESPONSE.NotSameOrigin', '/api/login');
    const attacker = await handstamp.addUser();
    await page.goto(await foreign(host, '<!doctype html><title>foreign</title>'));
    for (const type of ['application/x-www-form-urlencoded', 'text/plain']) {
      const [request, read] = await Promise.all([
        page.waitForEvent('requestfailed', request => request.method() === 'POST'),
        page.evaluate(async ([url, type, body]) => {
          const headers = { 'content-type': type! };
          const answer = fetch(url!, { method: 'POST', mode: 'no-cors', credentials: 'include', headers, body: body! });
          return answer.then(() => true, () => false);
        }, [`${handstamp.origin}/api/login`, type, credentials(attacker)]),
      ]);
      expect(request.failure()?.errorText, type).toBe('net::ERR_BLOCKED_BY_RESPONSE.NotSameOrigin');
      expect(read, type).toBe(false);
    }
    await expectStranger(page);
  });

  test(`a page of ${host}, on another port, cannot put ours into a frame (A32)`, async ({ page, handstamp, foreign, watch }) => {
    // Chromium writes these words to the console of the foreign page.
    const directive = `Content Security Policy directive: "frame-ancestors 'none'"`;
    watch.announce(`Framing '${handstamp.origin}/' violates the following ${directive}. The request has been blocked.\n`, '');
    const frame = `<!doctype html><title>foreign</title><iframe src="${handstamp.origin}/login"></iframe>`;
    await page.goto(await foreign(host, frame));
    await expect.poll(() => page.frames().map(frame => frame.url())).toContain('chrome-error://chromewebdata/');
    await expect(page.frameLocator('iframe').getByLabel('Password')).toHaveCount(0);
  });
}

test('a script injected into a page does not run (A33, H6)', async ({ page, watch }) => {
  const violates = 'violates the following Content Security Policy directive';
  for (const [kind, directive] of [['script', 'script-src-elem'], ['event handler', 'script-src-attr']]) {
    watch.announce(new RegExp(`^Executing inline ${kind} ${violates} 'script-src [^\\n]*$`), '');
    watch.announce(`violation of ${directive}: inline`, '');
  }
  await open(page, '/login');
  const tried = await page.evaluate(async () => {
    const toggled = new Promise(resolve => addEventListener('toggle', resolve, { capture: true, once: true }));
    const script = document.createElement('script');
    script.textContent = 'window.injected = true';
    const box = document.createElement('div');
    box.innerHTML = '<details open ontoggle="window.injected = true">injected</details>';
    document.body.append(script, box);
    return ((await toggled) as Event).type;
  });
  expect(tried).toBe('toggle');
  expect(await page.evaluate(() => 'injected' in window)).toBe(false);
});

test('no page sends a request to another origin, or leaves a cookie', async ({ page, context }) => {
  // The watch of every test reports a foreign request; here the test visits all pages.
  for (const path of ['/', '/login', '/signup', '/dashboard']) await open(page, path);
  expect(await context.cookies()).toEqual([]);
});

/** No user is signed in here: no cookie, nothing stored, and the dashboard goes to the sign-in form. */
async function expectStranger(page: Page): Promise<void> {
  expect(await page.context().cookies()).toEqual([]);
  await open(page, '/dashboard');
  await expectForm(page, '/dashboard');
  await expectNothingStored(page);
  expect(await page.evaluate(key => Object.keys(localStorage).includes(key), KEY)).toBe(false);
}

function credentials(user: User): string {
  return new URLSearchParams({ username: user.name, password: user.password }).toString();
}

function selfSendingForm(action: string, user: User): string {
  return `<!doctype html><title>foreign</title><form method="post" action="${action}">
    <input name="username" value="${user.name}"><input name="password" value="${user.password}"></form>
    <script>document.forms[0].submit()</script>`;
}
