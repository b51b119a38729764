// Accounts that people make for themselves, where the server lets them.

import type { Page } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';
import { requestsTo } from './support/network.ts';
import { newName } from './support/server.ts';
import { expectFieldError, expectGreeting, fill, heading, open, signIn } from './support/steps.ts';

test('a new account is signed in right after it is made, and its password works', async ({
  page, otherBrowser, handstamp,
}) => {
  const user = { name: newName(), password: handstamp.newPassword() };
  await page.goto('/');
  await page.getByRole('banner').getByRole('link', { name: 'Create account' }).click();
  await expect(page).toHaveTitle('Create an account · Handstamp');
  await open(page, '/signup');
  await expect(page.getByLabel('Password', { exact: true })).toHaveAttribute('autocomplete', 'new-password');
  await fill(page, user);
  await create(page).click();

  await expectGreeting(page, user);
  await signIn(await otherBrowser(), user);
});

test('a name that is taken is said at its field, and the name stays to be changed', async ({ page, handstamp, watch }) => {
  const user = await handstamp.addUser();
  watch.announceStatus(409, '/api/signup');
  await open(page, '/signup');
  await fill(page, user);
  await create(page).click();

  await expectFieldError(page, 'Username', 'That name is taken. Choose another.');
  await expect(page.getByLabel('Username')).toHaveValue(user.name);
});

test('a password that is too short is refused before it is sent, counted as people count', async ({ page }) => {
  const sent = requestsTo(page, '/api/signup');
  await open(page, '/signup');
  // Fourteen characters, of two UTF-16 units each: 28 by the wrong count.
  await fill(page, { name: newName(), password: '😀'.repeat(14) });
  await create(page).click();

  await expectFieldError(page, 'Password', 'Use at least 15 characters.');
  expect(sent).toEqual([]);
});

test('a name with a space is refused at its field', async ({ page, handstamp, watch }) => {
  watch.announceStatus(400, '/api/signup');
  await open(page, '/signup');
  await fill(page, { name: 'ada lovelace', password: handstamp.newPassword() });
  await create(page).click();

  await expectFieldError(page, 'Username', 'Use letters and digits of one script, without spaces.');
});

test.describe('where sign-up is closed', () => {
  test.use({ own: { SIGNUP: 'closed' } });

  test('the page says so, no page offers it, and people with an account still get in', async ({ page, handstamp }) => {
    const user = await handstamp.addUser();
    await page.goto('/signup');
    await expect(heading(page, 'Sign-up is closed')).toBeVisible();
    await expect(page.getByText('Accounts on this server are made by its administrator.')).toBeVisible();
    await expect(page.getByRole('main').getByRole('link', { name: 'Sign in' })).toHaveAttribute('href', '/login');
    await expect(page.locator('form')).toHaveCount(0);
    for (const path of ['/', '/login', '/signup']) {
      await page.goto(path);
      await expect(page.locator('a[href="/signup"]'), `on ${path}`).toHaveCount(0);
    }
    await signIn(page, user);
  });
});

function create(page: Page) {
  return page.getByRole('button', { name: 'Create account' });
}
