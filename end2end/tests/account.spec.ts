// The user's own account: its page, a new password, its events, and deleting it.

import type { Page } from '@playwright/test';
import { PHONE } from './support/devices.ts';
import { expect, test } from './support/fixtures.ts';
import { hold, requestsTo } from './support/network.ts';
import { NOON } from './support/noon.ts';
import type { Server, User } from './support/server.ts';
import {
  comeBack, dialog, expectFieldError, expectGreeting, expectNothingProtected, expectNothingStored, expectPutOut,
  expectCookieWorthless, expectForm, expectRefused, fill, heading, onTwoDevices, open, signIn, signInAgain, stored,
} from './support/steps.ts';

test.use({ timezoneId: NOON });

test('the account shows the name, the age and the roles, and links to the sessions', async ({ page, handstamp }) => {
  const user = await handstamp.addAdmin();
  await signIn(page, user);
  await page.getByRole('banner').getByRole('link', { name: 'Account' }).click();
  await expect(page).toHaveTitle('Account · Handstamp');
  await expect(heading(page, 'Your account')).toBeVisible();
  await expect(page.getByRole('banner').getByRole('link', { name: 'Account' })).toHaveAttribute('aria-current', 'page');
  const facts = page.getByRole('main').locator('dl');
  await expect(facts).toContainText(user.name);
  await expect(facts).toContainText('admin');
  await expect(facts).toContainText(await page.evaluate(() => new Date().toLocaleDateString('en-GB', { dateStyle: 'long' })));
  await page.getByRole('link', { name: 'See where you are signed in' }).click();
  await expect(page).toHaveURL('/sessions');
});

test('after a change the new password works, the old one does not, this session goes on and all others end', async ({
  page, otherBrowser, handstamp, watch,
}) => {
  const { user, phone } = await onTwoDevices(page, otherBrowser, handstamp);
  await open(page, '/account');
  const password = await changePassword(page, user, handstamp);

  await expect(page.getByRole('status').filter({ hasText: 'Your password is changed.' })).toBeFocused();
  await expect(page.getByLabel('Current password', { exact: true })).toHaveValue('');
  await expect(page.getByLabel('New password', { exact: true })).toHaveValue('');
  await open(page, '/dashboard');
  await expectGreeting(page, user);

  watch.announceEnd();
  await comeBack(phone);
  await expect(dialog(phone)).toHaveAccessibleName('You were signed out from another device.');
  watch.announceStatus(401, '/api/login');
  await dialog(phone).getByLabel('Password', { exact: true }).fill(user.password);
  await dialog(phone).getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(dialog(phone).getByRole('alert')).toHaveText('Bad username or password.');
  await signInAgain(phone, { ...user, password });
  await expectGreeting(phone, user);
});

test('a wrong current password is shown at its field, and the new one stays typed', async ({ page, handstamp, watch }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  await open(page, '/account');
  watch.announceStatus(401, '/api/password');
  const typed = await changePassword(page, { ...user, password: handstamp.newPassword() }, handstamp);

  await expectFieldError(page, 'Current password', 'That is not your current password.');
  await expect(page.getByLabel('Current password', { exact: true })).toHaveValue('');
  await expect(page.getByLabel('New password', { exact: true })).toHaveValue(typed);
  await expect(page.locator('#change-problems')).toBeFocused();
});

test('a new password that is too short, or missing, is refused before it is sent', async ({ page, handstamp }) => {
  await signIn(page, await handstamp.addUser());
  const sent = requestsTo(page, '/api/password');
  await open(page, '/account');
  await page.getByRole('button', { name: 'Change password' }).click();
  await expectFieldError(page, 'Current password', 'Enter your current password.');
  await expectFieldError(page, 'New password', 'Enter a new password.');
  await page.getByLabel('Current password', { exact: true }).fill('x');
  await page.getByLabel('New password', { exact: true }).fill('too short');
  await page.getByRole('button', { name: 'Change password' }).click();
  await expectFieldError(page, 'New password', 'Use at least 15 characters.');
  expect(sent).toEqual([]);
});

test('a new password that is easy to guess is refused with the reason', async ({ page, handstamp, watch }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  await open(page, '/account');
  watch.announceStatus(400, '/api/password');
  await page.getByLabel('Current password', { exact: true }).fill(user.password);
  await page.getByLabel('New password', { exact: true }).fill('password1234567');
  await page.getByRole('button', { name: 'Change password' }).click();
  await expectFieldError(page, 'New password', 'This password is easy to guess. Choose another.');
});

test('password managers find what they need in every form of the account', async ({ page, handstamp }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  await open(page, '/account');
  await expect(page.getByLabel('Current password', { exact: true })).toHaveAttribute('autocomplete', 'current-password');
  await expect(page.getByLabel('New password', { exact: true })).toHaveAttribute('autocomplete', 'new-password');
  await page.getByRole('button', { name: 'Delete your account' }).click();
  await expect(dialog(page).getByLabel('Your password', { exact: true })).toHaveAttribute('autocomplete', 'current-password');
  for (const form of await page.locator('form:has([type=password])').all()) {
    await expect(form.locator('[autocomplete="username"]')).toHaveValue(user.name);
  }
});

test('the events show device and address, failed attempts too', async ({
  page, otherBrowser, handstamp, watch,
}) => {
  const user = await handstamp.addUser();
  await signIn(await otherBrowser({ userAgent: PHONE }), user);
  watch.announceStatus(401, '/api/login');
  await open(page, '/login');
  await fill(page, { ...user, password: handstamp.newPassword() });
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page.getByRole('alert')).toHaveText('Bad username or password.');
  await signIn(page, user);
  await open(page, '/account');

  const rows = page.getByRole('main').getByRole('listitem');
  // Newest first, also within one second.
  const signedIn = /Signed in\s*today,\s\d\d:\d\d\s\(just\snow\) · .*\son\sLinux · 127\.0\.0\.1/;
  for (const [place, told] of [signedIn, 'Sign-in failed', /Signed in.*Safari\son\siOS/].entries()) {
    await expect(rows.nth(place)).toContainText(told);
  }
});

test('older events load on demand, and the focus goes to the first of them', async ({ page, handstamp }) => {
  const user = await handstamp.addUser();
  // One page holds thirty.
  for (let count = 0; count < 31; count += 1) await handstamp.token(user);
  await signIn(page, user);
  await open(page, '/account');
  const rows = page.getByRole('main').getByRole('listitem');
  await expect(rows).toHaveCount(30);
  await page.getByRole('button', { name: 'Show older' }).click();
  await expect.poll(() => rows.count()).toBeGreaterThanOrEqual(32);
  await expect(rows.nth(30)).toBeFocused();
  await expect(page.getByRole('button', { name: 'Show older' })).toBeHidden();
});

test('a deleted account is gone on every device, and the page says so', async ({ page, otherBrowser, handstamp, watch }) => {
  const { user, phone } = await onTwoDevices(page, otherBrowser, handstamp);
  await open(page, '/account');
  const { device, tab } = await stored(page);
  await page.getByRole('button', { name: 'Delete your account' }).click();
  await expect(dialog(page)).toHaveAccessibleName(`Delete the account ${user.name}?`);
  await dialog(page).getByLabel('Your password', { exact: true }).fill(user.password);
  await dialog(page).getByRole('button', { name: 'Delete', exact: true }).click();

  await expect(heading(page, 'Your account is deleted.')).toBeFocused();
  await expect(page.locator('html')).toHaveAttribute('data-signed-in', 'no');
  await expectNothingProtected(page, user);
  await expectNothingStored(page);
  await expectCookieWorthless(page.context(), handstamp);
  expect(await handstamp.greet(JSON.parse((tab ?? device)!) as string)).toMatch(/^401 /);

  watch.announceEnd();
  await expectPutOut(phone, user);
  watch.announceStatus(401, '/api/login');
  await expectRefused(page, user);
});

test.describe('of the last administrator', () => {
  test.use({ own: {}, settled: false });

  test('the account stays, and the dialog says what to do first', async ({ page, handstamp, watch }) => {
    const user = await handstamp.addAdmin();
    await signIn(page, user);
    await open(page, '/account');
    watch.announceStatus(409, '/api/delete-account');
    await page.getByRole('button', { name: 'Delete your account' }).click();
    await dialog(page).getByLabel('Your password', { exact: true }).fill(user.password);
    await dialog(page).getByRole('button', { name: 'Delete', exact: true }).click();

    await expect(dialog(page).getByRole('alert')).toContainText('Make another user an administrator first.');
    await page.goto('/dashboard');
    await expectGreeting(page, user);
  });
});

test('neither a wrong password nor closing the dialog deletes the account', async ({ page, handstamp, watch }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  await open(page, '/account');
  const opener = page.getByRole('button', { name: 'Delete your account' });
  await opener.click();
  const field = dialog(page).getByLabel('Your password', { exact: true });
  await expect(field).toBeFocused();
  watch.announceStatus(401, '/api/delete-account');
  await field.fill(handstamp.newPassword());
  await field.press('Enter');
  await expectFieldError(page, 'Your password', 'That is not your password.');
  await field.fill('half typed');
  await page.keyboard.press('Escape');
  await expect(dialog(page)).toBeHidden();
  await expect(opener).toBeFocused();
  await opener.click();
  await expect(field).toHaveValue('');
  await expect(dialog(page).getByText('That is not your password.')).toBeHidden();
  await page.keyboard.press('Escape');
  await open(page, '/dashboard');
  await expectGreeting(page, user);
});

test('an account that does not load can be asked for again', async ({ page, handstamp, watch }) => {
  await signIn(page, await handstamp.addUser());
  watch.announceFailure('ERR_FAILED', '/api/account');
  await page.route('**/api/account', route => route.abort(), { times: 1 });
  await open(page, '/account');
  await expect(heading(page, 'Your account did not arrive.')).toBeVisible();
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(heading(page, 'Your account')).toBeVisible();
});

test('a visitor without a session who opens the account gets the sign-in form, and the page sends no request', async ({ page }) => {
  const asked = ['/api/account', '/api/events', '/api/greeting', '/api/refresh'].map(path => requestsTo(page, path));
  await open(page, '/account');
  await expectForm(page, '/account');
  expect(asked).toEqual([[], [], [], []]);
});

test('a double click changes the password once', async ({ page, handstamp }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  await open(page, '/account');
  const sent = requestsTo(page, '/api/password');
  const answer = await hold(page, '**/api/password');
  await changePassword(page, user, handstamp);
  await answer.arrived;
  const button = page.getByRole('button', { name: 'Change password' });
  await expect(button).toHaveAttribute('aria-busy', 'true');
  await button.click();
  answer.release();
  await expect(page.getByText('Your password is changed.')).toBeVisible();
  expect(sent).toEqual(['POST /api/password']);
});

/** Fills in the form with a new password, and sends it. */
async function changePassword(page: Page, user: User, handstamp: Server): Promise<string> {
  const password = handstamp.newPassword();
  await page.getByLabel('Current password', { exact: true }).fill(user.password);
  await page.getByLabel('New password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Change password' }).click();
  return password;
}
