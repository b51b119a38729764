// Accounts that people make for themselves, if the server allows it.

import type { Page } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';
import { hold, requestsTo, roundTrip } from './support/network.ts';
import { newName } from './support/server.ts';
import { expectFieldError, expectGreeting, fill, heading, open, signIn, stopClock } from './support/steps.ts';

test('a new account is signed in immediately, and its password works', async ({
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

test('a taken name is reported at its field, and stays there to be changed', async ({ page, handstamp, watch }) => {
  const user = await handstamp.addUser();
  watch.announceStatus(409, '/api/signup');
  await open(page, '/signup');
  await fill(page, user);
  await create(page).click();

  await expectFieldError(page, 'Username', 'That name is taken. Choose another.');
  await expect(page.getByLabel('Username')).toHaveValue(user.name);
});

test('a password that is too short is refused before it is sent, counted in characters and not in units', async ({ page }) => {
  const sent = requestsTo(page, '/api/signup');
  await open(page, '/signup');
  // Fourteen characters of two UTF-16 units each: 28 by the wrong count.
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

test('a password is judged at each pause in typing, and a refusal is shown before the form is sent', async ({
  page, handstamp,
}) => {
  await page.clock.install();
  const asked = requestsTo(page, '/api/password-strength');
  await open(page, '/signup');
  await stopClock(page);
  const words = page.getByRole('status').filter({ hasText: /guess/ });
  const field = page.getByLabel('Password', { exact: true });
  await expect(meter(page)).toHaveAttribute('aria-valuenow', '0');
  await field.pressSequentially('password1234567');
  await page.clock.runFor(299);
  await expect(meter(page)).toHaveAttribute('aria-valuetext', 'Nothing typed');
  expect(asked, 'while the user types, nothing is asked').toEqual([]);
  await page.clock.runFor(1);
  await expect(words).toContainText('Easy to guess. Choose another.');
  await expect(meter(page)).toHaveAttribute('aria-valuetext', 'Easy to guess.');
  expect(asked, 'the password stands in no address').toEqual(['POST /api/password-strength']);

  await field.fill('xk');
  await page.clock.runFor(300);
  await expect(words).toContainText('Use at least 15 characters.');
  await field.fill(handstamp.newPassword());
  await page.clock.runFor(300);
  await expect(meter(page)).toHaveAttribute('aria-valuenow', '4');
  await expect(words).toHaveText('Very hard to guess.');
  expect(asked).toHaveLength(3);

  // The same text asks nothing again; an empty field removes the judgement.
  await field.press('End');
  await field.press('x');
  await field.press('Backspace');
  await page.clock.runFor(300);
  await field.fill('');
  await page.clock.runFor(300);
  await expect(meter(page)).toHaveAttribute('aria-valuetext', 'Nothing typed');
  expect(asked).toHaveLength(3);
});

test('a password is never judged twice at once, and the newest one wins', async ({ page }) => {
  await page.clock.install();
  const first = await hold(page, '**/api/password-strength');
  const asked = requestsTo(page, '/api/password-strength');
  await open(page, '/signup');
  const field = page.getByLabel('Password', { exact: true });
  await field.fill('password1234567');
  await page.clock.runFor(300);
  await first.arrived;
  for (const newer of ['qwertyuiopasdfgh', 'correct horse battery staple ship']) {
    await field.fill(newer);
    await page.clock.runFor(300);
  }
  expect(asked).toHaveLength(1);
  first.release();
  await expect(meter(page)).toHaveAttribute('aria-valuetext', 'Very hard to guess.');
  expect(asked).toHaveLength(2);
});

test('the judgement moves nothing on the page', async ({ page }) => {
  await open(page, '/signup');
  const button = create(page);
  const before = await button.boundingBox();
  await page.getByLabel('Password', { exact: true }).fill('password1234567');
  await expect(meter(page)).toHaveAttribute('aria-valuetext', 'Easy to guess.');
  expect(await button.boundingBox()).toEqual(before);
});

test('without a judgement the page says nothing about it, and the form works', async ({ page, handstamp, watch }) => {
  watch.announceFailure('ERR_FAILED', '/api/password-strength');
  await page.route('**/api/password-strength', route => route.abort());
  await open(page, '/signup');
  const user = { name: newName(), password: handstamp.newPassword() };
  const failed = page.waitForEvent('requestfailed');
  await fill(page, user);
  await failed;
  await roundTrip(page);
  await expect(meter(page)).toHaveAttribute('aria-valuetext', 'Nothing typed');
  await create(page).click();
  await expectGreeting(page, user);
});

test('a password that is easy to guess is refused at its field', async ({ page, watch }) => {
  watch.announceStatus(400, '/api/signup');
  await open(page, '/signup');
  await fill(page, { name: newName(), password: 'password1234567' });
  await create(page).click();
  await expectFieldError(page, 'Password', 'This password is easy to guess. Choose another.');
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('an account can be made, and a refusal is explained', async ({ page, handstamp, watch }) => {
    watch.tolerateUnusedProgram();
    await page.goto('/signup');
    await fill(page, { name: newName(), password: 'password1234567' });
    await create(page).click();
    await expect(page).toHaveURL('/signup?error=password_too_common');
    await expect(page.getByRole('alert').first()).toHaveText('This password is easy to guess. Choose another.');
    await fill(page, { name: newName(), password: handstamp.newPassword() });
    await create(page).click();
    await expect(page).toHaveURL('/dashboard');
  });
});

test.describe('where sign-up is closed', () => {
  test.use({ own: { SIGNUP: 'closed' } });

  test('a false invitation shows the form, and makes no account', async ({ page, handstamp, watch }) => {
    watch.announceStatus(403, '/api/signup');
    await open(page, '/signup');
    await expect(page.getByLabel('Username')).toBeHidden();
    // The browser loads nothing when the link is pasted where the page is already open.
    await page.goto('/signup#made-up');
    await fill(page, { name: newName(), password: handstamp.newPassword() });
    await create(page).click();
    await expect(page.getByRole('alert')).toContainText('This invitation does not work any more');
  });

  test('the page says so, no page offers it, and users with an account can still sign in', async ({ page, handstamp }) => {
    const user = await handstamp.addUser();
    await page.goto('/signup');
    await expect(heading(page, 'Sign-up is closed')).toBeVisible();
    await expect(page.getByText('Accounts on this server are by invitation: ask its administrator for a link.')).toBeVisible();
    await expect(page.getByRole('main').getByRole('link', { name: 'Sign in' })).toHaveAttribute('href', '/login');
    await expect(page.getByRole('main').locator('form:visible')).toHaveCount(0);
    for (const path of ['/', '/login', '/signup']) {
      await page.goto(path);
      await expect(page.locator('a[href="/signup"]'), `on ${path}`).toHaveCount(0);
    }
    await signIn(page, user);
  });
});

function meter(page: Page) {
  return page.getByRole('meter', { name: 'How hard the password is to guess' });
}

function create(page: Page) {
  return page.getByRole('button', { name: 'Create account' });
}
