// Signing in with the form: correctly and incorrectly.

import type { Locator, Page } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';
import { requestsTo } from './support/network.ts';
import {
  KEY, awake, expectFieldError, expectGreeting, expectNothingStored, fill, heading, open, secondsLeft, signInByForm as signIn, signOut, stored,
} from './support/steps.ts';

test('a user who signs in is greeted by name, and sees the remaining time count down', async ({ page, handstamp }) => {
  const user = await handstamp.addUser();
  await page.goto('/');
  await page.getByRole('banner').getByRole('link', { name: 'Sign in' }).click();
  await expect(page).toHaveTitle('Sign in · Handstamp');
  await awake(page);
  await expect(heading(page, 'Welcome back')).toBeVisible();
  await fill(page, user);
  await submit(page).click();

  await expectGreeting(page, user);
  await expect(page).toHaveTitle('Dashboard · Handstamp');
  await expect(page.getByRole('progressbar', { name: 'Time left' })).toBeVisible();
  await expect(page.getByText(/Valid until \d\d:\d\d/)).toBeVisible();
  await expect(page.getByRole('img', { name: `Stamp: ${user.name}` })).toBeVisible();
  const first = await secondsLeft(page);
  expect(first).toBeLessThanOrEqual(60 * 60);
  await expect.poll(() => secondsLeft(page)).toBeLessThan(first);
});

test('a wrong password keeps the name, clears the password, and puts the focus on the message', async ({
  page, handstamp, watch,
}) => {
  const user = await handstamp.addUser();
  watch.announceStatus(401, '/api/login');
  await open(page, '/login');
  await fill(page, { ...user, password: handstamp.newPassword() });
  await submit(page).click();

  const alert = page.getByRole('alert');
  await expect(alert).toHaveText('Bad username or password.');
  await expect(alert).toBeFocused();
  await expect(page.getByLabel('Username')).toHaveValue(user.name);
  await expect(password(page)).toHaveValue('');
  await expectNothingStored(page);

  await password(page).fill(user.password);
  await submit(page).click();
  await expectGreeting(page, user);
});

test('an unknown name gets the same words as a wrong password', async ({ page, handstamp, watch }) => {
  watch.announceStatus(401, '/api/login');
  await open(page, '/login');
  await fill(page, { name: 'nobody', password: handstamp.newPassword() });
  await submit(page).click();
  await expect(page.getByRole('alert')).toHaveText('Bad username or password.');
});

test('empty fields are reported one by one, before anything is sent', async ({ page, handstamp }) => {
  const user = await handstamp.addUser();
  const sent = requestsTo(page, '/api/login');
  await open(page, '/login');
  await submit(page).click();
  await expectFieldError(page, 'Username or email address', 'Enter your username.');
  await expectFieldError(page, 'Password', 'Enter your password.');

  await page.getByLabel('Username').fill(user.name);
  await submit(page).click();
  await expectFieldError(page, 'Password', 'Enter your password.');
  await expect(page.getByLabel('Username')).not.toHaveAttribute('aria-invalid', 'true');
  expect(sent).toEqual([]);

  await password(page).fill(user.password);
  await submit(page).click();
  await expectGreeting(page, user);
});

test('without "keep me signed in" each tab keeps a token of its own, until one signs out', async ({ page, context, handstamp }) => {
  const user = await handstamp.addUser();
  await open(page, '/login');
  await expect(keep(page), 'it is a choice, not the rule').not.toBeChecked();
  await fill(page, user);
  await submit(page).click();
  await expectGreeting(page, user);
  expect(await stored(page)).toEqual({ device: null, tab: expect.stringMatching(/^"eyJ/) });

  await page.reload();
  await expectGreeting(page, user);
  // The session belongs to the browser, by its cookie, which is removed when the browser is closed.
  const tab = await context.newPage();
  await open(tab, '/dashboard');
  await expectGreeting(tab, user);
  expect(await stored(tab)).toEqual({ device: null, tab: expect.stringMatching(/^"eyJ/) });
  expect((await stored(tab)).tab).not.toBe((await stored(page)).tab);

  await signOut(page);
  await expectNothingStored(page);
  await expect(heading(tab, 'You are signed out.')).toBeVisible();
  await expectNothingStored(tab);
});

test('with "keep me signed in" a new tab is signed in too', async ({ page, context, handstamp }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  expect(await stored(page)).toEqual({ device: expect.stringMatching(/^"eyJ/), tab: null });
  const tab = await context.newPage();
  await open(tab, '/dashboard');
  await expectGreeting(tab, user);
});

test('the sign-in page tells a signed-in user that they are signed in', async ({ page, handstamp }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  await open(page, '/login');
  await expect(page.getByText('You are signed in on this browser.')).toBeVisible();
  await page.getByRole('link', { name: 'Go to your dashboard' }).click();
  await expectGreeting(page, user);
});

test('signing in again ends the session that this browser had before', async ({ page, handstamp, watch }) => {
  const [first, second] = [await handstamp.addUser(), await handstamp.addUser()];
  await signIn(page, first);
  const { device } = await stored(page);
  await signIn(page, second);
  expect(await handstamp.greet(JSON.parse(device!))).toBe('401 {"code":"token_revoked","msg":"Token has been revoked"}');

  // Put back by hand, the first token still opens nothing: the cookie belongs to the second session.
  watch.announceStatus(401, '/api/greeting');
  await page.evaluate(([key, value]) => localStorage.setItem(key!, value!), [KEY, device!]);
  await page.reload();
  await expectGreeting(page, second);
});

test('a password manager knows the fields, and the user can make the password readable', async ({ page, handstamp }) => {
  await open(page, '/login');
  const name = page.getByLabel('Username');
  await expect(name).toHaveAttribute('autocomplete', 'username webauthn');
  await expect(name).toHaveAttribute('autocapitalize', 'none');
  await expect(password(page)).toHaveAttribute('autocomplete', 'current-password');
  await password(page).fill(handstamp.newPassword());
  await page.getByRole('button', { name: 'Show password' }).click();
  await expect(password(page)).toHaveAttribute('type', 'text');
  await page.getByRole('button', { name: 'Hide password' }).click();
  await expect(password(page)).toHaveAttribute('type', 'password');
});

test('the page says that Caps Lock is on while the password is typed', async ({ page }) => {
  await open(page, '/login');
  const hint = page.getByText('Caps Lock is on.');
  await expect(hint).toBeHidden();
  // Playwright cannot press Caps Lock; Chromium makes this event while it is on.
  for (const type of ['keydown', 'keyup']) await password(page).dispatchEvent(type, { key: 'A', modifierCapsLock: true });
  await expect(hint).toBeVisible();
  for (const type of ['keydown', 'keyup']) await password(page).dispatchEvent(type, { key: 'a' });
  await expect(hint).toBeHidden();
});

function submit(page: Page): Locator {
  return page.getByRole('button', { name: 'Sign in', exact: true });
}

function password(page: Page): Locator {
  return page.getByLabel('Password', { exact: true });
}

function keep(page: Page): Locator {
  return page.getByRole('checkbox', { name: 'Keep me signed in on this device' });
}
