// Pages whose program is late, does not come at all, or is not allowed: no password leaks, and the page says what to do.

import type { Page } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';
import { addresses, hold, requestsTo } from './support/network.ts';
import { newName } from './support/server.ts';
import { expectGreeting, fill, heading } from './support/steps.ts';

const FAILED = "This page's program did not load. Check your connection and reload the page.";
const NO_SCRIPT = 'Signing in needs JavaScript and WebAssembly. Allow both for this site, then reload the page.';

test('a form sent before the program is there waits for it, and leaks nothing meanwhile', async ({ page, handstamp }) => {
  const user = await handstamp.addUser();
  const program = await hold(page, '**/*.wasm');
  const asked = addresses(page);
  const sent = requestsTo(page, '/api/login');
  await page.goto('/login', { waitUntil: 'commit' });
  await fill(page, user);
  await page.getByLabel('Password', { exact: true }).press('Enter');

  await expect(page.locator('html')).toHaveAttribute('data-program', 'awaited');
  await expect(page).toHaveURL('/login');
  expect(sent, 'nothing was posted natively').toEqual([]);

  program.release();
  await expectGreeting(page, user);
  expect(sent).toEqual(['POST /api/login']);
  expect(asked.filter(url => url.includes(user.password) || url.includes(user.name))).toEqual([]);
});

for (const [what, pattern, path] of [
  ['WASM', '**/*.wasm', /^\/pkg\/handstamp.*\.wasm$/],
  ['JavaScript', '**/pkg/*.js', /^\/pkg\/handstamp.*\.js$/],
] as const) {
  test(`where the ${what} file does not come, the page says so, leaks nothing, and its links work`, async ({
    page, handstamp, watch,
  }) => {
    watch.announceFailure('ERR_FAILED', path);
    watch.tolerateUnusedProgram();
    await page.route(pattern, route => route.abort());
    const user = await handstamp.addUser();
    const asked = addresses(page);
    const sent = requestsTo(page, '/api/login');
    await page.goto('/login');
    await expect(page.getByText(FAILED)).toBeVisible();
    await fill(page, user);
    await page.getByLabel('Password', { exact: true }).press('Enter');
    await expect(page.getByText(FAILED), 'still there after an attempt').toBeVisible();
    expect(sent).toEqual([]);

    await page.getByRole('banner').getByRole('link', { name: 'Create account' }).click();
    await expect(page.getByText(FAILED)).toBeVisible();
    await page.goto('/dashboard');
    await expect(page.getByText(FAILED)).toBeVisible();
    expect(asked.filter(url => url.includes(user.password))).toEqual([]);

    await page.unroute(pattern);
    await page.getByRole('link', { name: 'Reload the page' }).click();
    await expect(heading(page, 'You are not signed in.')).toBeVisible();
  });
}

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  for (const path of ['/login', '/signup', '/dashboard']) {
    test(`${path} says what is needed`, async ({ page, watch }) => {
      watch.tolerateUnusedProgram();
      await page.goto(path);
      const notice = page.locator('noscript:visible');
      await expect(notice).toHaveCount(1);
      // Playwright looks for texts everywhere but in this element.
      expect(await notice.innerText()).toContain(NO_SCRIPT);
    });
  }

  for (const [path, button] of [['/login', 'Sign in'], ['/signup', 'Create account']] as const) {
    test(`a form of ${path} sent natively puts neither the password into a URL nor a token into a page`, async ({
      page, handstamp, watch,
    }) => {
      watch.tolerateUnusedProgram();
      watch.tolerateMissingIcon();
      const user = path === '/login' ? await handstamp.addUser() : { name: newName(), password: handstamp.newPassword() };
      const asked = addresses(page);
      await page.goto(path);
      await fill(page, user);
      const [answer] = await Promise.all([
        page.waitForResponse(response => response.request().method() === 'POST'),
        page.getByRole('button', { name: button, exact: true }).click(),
      ]);
      await page.waitForLoadState();

      expect(new URL(answer.url()).search).toBe('');
      expect(JSON.stringify(await answer.headersArray())).not.toContain('eyJ');
      await expectNoToken(page);
      expect(asked.filter(url => url.includes(user.password) || url.includes('eyJ'))).toEqual([]);
    });
  }
});

async function expectNoToken(page: Page): Promise<void> {
  const shown = await page.locator('html').innerHTML();
  expect(shown.includes('eyJ') || shown.includes('"access_token"')).toBe(false);
}
