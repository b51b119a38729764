// Pages whose program loads late, does not load, or is blocked: forms still work, no password leaks, and the page says what
// needs the program.

import type { Page } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';
import { addresses, hold, requestsTo } from './support/network.ts';
import { newName } from './support/server.ts';
import {
  expectCookieWorthless, expectGreeting, expectNothingStored, expectSignedOut, fill, open, signIn, stored,
} from './support/steps.ts';

const FAILED = "This page's program did not load. Check your connection and reload the page.";

test('the browser itself posts a form that is sent before the program has loaded, and the dashboard works', async ({ page, handstamp }) => {
  const user = await handstamp.addUser();
  const program = await hold(page, '**/*.wasm');
  const asked = addresses(page);
  const sent = requestsTo(page, '/api/login');
  await page.goto('/login', { waitUntil: 'domcontentloaded' });
  await fill(page, user);
  await page.getByLabel('Password', { exact: true }).press('Enter');
  await expect(page).toHaveURL('/dashboard');
  await expect(page.getByRole('button', { name: 'Sign out' }), 'before any program has run').toBeVisible();

  program.release();
  await expectGreeting(page, user);
  expect(sent).toEqual(['POST /api/login']);
  expect(asked.filter(url => url.includes(user.password) || url.includes(user.name) || /eyJ|hs_rt_/.test(url))).toEqual([]);
});

test('a wrong password sent before the program has loaded is explained, and the next attempt succeeds', async ({
  page, handstamp,
}) => {
  const user = await handstamp.addUser();
  const program = await hold(page, '**/*.wasm');
  await page.goto('/login', { waitUntil: 'domcontentloaded' });
  await fill(page, { ...user, password: handstamp.newPassword() });
  await page.getByLabel('Password', { exact: true }).press('Enter');
  await expect(page).toHaveURL('/login?error=bad_credentials');
  await expect(page.getByText('Bad username or password.')).toBeVisible();
  await expect(page.getByText('Bad username or password.')).toBeFocused();

  program.release();
  await expect(page.locator('html[data-program="started"]')).toBeAttached();
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  // The form has a newer problem to show.
  await expect(page.getByText('Enter your username.').first()).toBeVisible();
  await expect(page.getByText('Bad username or password.')).toBeHidden();
  await fill(page, user);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expectGreeting(page, user);
});

test('signing out works before the program has loaded', async ({ page, context, handstamp }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  const { device } = await stored(page);
  const other = await context.newPage();
  await open(other, '/dashboard');
  await expectGreeting(other, user);
  const program = await hold(page, '**/*.wasm');
  await page.goto('/dashboard', { waitUntil: 'commit' });
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page).toHaveURL('/');
  await expectNothingStored(page);
  await expectCookieWorthless(context, handstamp);
  expect(await handstamp.greet(JSON.parse(device!))).toContain('token_revoked');
  await expectSignedOut(other, 'You are signed out.', 'You were signed out in another tab.');
  program.release();
  await expect(page.getByRole('banner').getByRole('link', { name: 'Sign in' })).toBeVisible();
});

for (const [path, error, sentence] of [
  ['/login', 'bad_credentials', 'Bad username or password.'],
  ['/login', 'missing_username', 'Enter your username.'],
  ['/login', 'overloaded', 'Too many people are signing in right now. Try again in a few seconds.'],
  ['/signup', 'username_taken', 'That name is taken. Choose another.'],
  ['/signup', 'password_too_short', 'Use at least 15 characters.'],
] as const) {
  test(`${path} says what ${error} means`, async ({ page }) => {
    await page.goto(`${path}?error=${error}`);
    await expect(page.getByRole('alert').filter({ hasText: sentence })).toBeVisible();
  });
}

for (const made of ['nothing_we_know', 'You+won', '<b>bold</b>', '', 'internal%00']) {
  test(`an address with error=${made} puts no words on the page`, async ({ page }) => {
    await open(page, '/login');
    const before = await page.getByRole('main').innerText();
    await open(page, `/login?error=${made}`);
    expect(await page.getByRole('main').innerText()).toBe(before);
  });
}

for (const [what, pattern, path] of [
  ['WASM', '**/*.wasm', /^\/pkg\/handstamp.*\.wasm$/],
  ['JavaScript', '**/pkg/*.js', /^\/pkg\/handstamp.*\.js$/],
] as const) {
  test(`if the ${what} file does not load, the page says so, leaks nothing, and its form and links work`, async ({
    page, handstamp, watch,
  }) => {
    watch.announceFailure('ERR_FAILED', path);
    watch.tolerateUnusedProgram();
    await page.route(pattern, route => route.abort());
    const user = await handstamp.addUser();
    const asked = addresses(page);
    await page.goto('/login');
    await expect(page.getByText(FAILED)).toBeVisible();
    await page.getByRole('banner').getByRole('link', { name: 'Create account' }).click();
    await expect(page).toHaveURL('/signup');
    await expect(page.getByText(FAILED)).toBeVisible();

    await page.goto('/login');
    await fill(page, user);
    await page.getByLabel('Password', { exact: true }).press('Enter');
    await expect(page).toHaveURL('/dashboard');
    await expect(page.getByText(FAILED)).toBeVisible();
    expect(asked.filter(url => url.includes(user.password))).toEqual([]);

    await page.unroute(pattern);
    await page.getByRole('link', { name: 'Reload the page' }).click();
    await expectGreeting(page, user);
  });
}

test('if the file of one page does not load, that page says so', async ({ page, handstamp, watch }) => {
  await signIn(page, await handstamp.addUser());
  watch.announceFailure('ERR_FAILED', /^\/pkg\/split_session_list.*\.parts$/);
  watch.announceErrors(['Failed to fetch', 'unreachable']);
  watch.announce(/^TypeError: Failed to fetch[^]*$/, /^\/pkg\/handstamp.*\.js$/, { certain: false });
  await page.route('**/split_session_list*.parts', route => route.abort());
  await page.goto('/sessions');
  await expect(page.getByText(FAILED)).toBeVisible();
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  for (const [path, words] of [
    ['/login', 'This form works without JavaScript, and you will be signed in.'],
    ['/signup', 'This form works without JavaScript, and you will be signed in.'],
    ['/dashboard', 'This page needs JavaScript and WebAssembly. Allow both for this site, then reload the page.'],
    ['/sessions', 'This page needs JavaScript and WebAssembly. Allow both for this site, then reload the page.'],
  ] as const) {
    test(`${path} says what it needs`, async ({ page, watch }) => {
      watch.tolerateUnusedProgram();
      await page.goto(path);
      const notice = page.locator('noscript:visible');
      await expect(notice).toHaveCount(1);
      // Playwright finds texts everywhere but in this element.
      expect(await notice.innerText()).toContain(words);
    });
  }

  for (const [path, button] of [['/login', 'Sign in'], ['/signup', 'Create account']] as const) {
    test(`the form of ${path} signs in, with neither the password in a URL nor a token in a page`, async ({
      page, context, browser, baseURL, handstamp, watch,
    }) => {
      watch.tolerateUnusedProgram();
      const user = path === '/login' ? await handstamp.addUser() : { name: newName(), password: handstamp.newPassword() };
      const asked = addresses(page);
      await page.goto(path);
      await fill(page, user);
      const [answer] = await Promise.all([
        page.waitForResponse(response => response.request().method() === 'POST'),
        page.getByRole('button', { name: button, exact: true }).click(),
      ]);
      await expect(page).toHaveURL('/dashboard');

      expect(answer.status()).toBe(303);
      expect(new URL(answer.url()).search).toBe('');
      expect(JSON.stringify(await answer.headersArray())).not.toContain('eyJ');
      await expectNoToken(page);
      expect(asked.filter(url => url.includes(user.password) || /eyJ|hs_rt_/.test(url))).toEqual([]);

      // The same browser, with scripts on again.
      const storageState = await context.storageState();
      const allowed = await browser.newContext({ baseURL: baseURL!, javaScriptEnabled: true, storageState });
      await watch.ready();
      const dashboard = await allowed.newPage();
      await dashboard.goto('/dashboard');
      await expectGreeting(dashboard, user);
      await allowed.close();

      await page.getByRole('button', { name: 'Sign out' }).click();
      await expect(page).toHaveURL('/');
      await expect(page.getByRole('banner').getByRole('link', { name: 'Sign in' })).toBeVisible();
      await expectCookieWorthless(context, handstamp);
    });
  }

  test('a refused form says why', async ({ page, handstamp, watch }) => {
    watch.tolerateUnusedProgram();
    const user = await handstamp.addUser();
    await page.goto('/login');
    await fill(page, { ...user, password: handstamp.newPassword() });
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await expect(page).toHaveURL('/login?error=bad_credentials');
    await expect(page.getByText('Bad username or password.')).toBeVisible();
    await fill(page, user);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await expect(page).toHaveURL('/dashboard');
  });
});

async function expectNoToken(page: Page): Promise<void> {
  // The end of the page has loaded.
  await expect(page.getByRole('contentinfo')).toBeVisible();
  const shown = await page.locator('html').innerHTML();
  expect(shown.includes('eyJ') || shown.includes('"access_token"')).toBe(false);
}
