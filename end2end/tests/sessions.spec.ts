// The user's sessions: listed, and ended from another device.

import type { Page } from '@playwright/test';
import { PHONE, WINDOWS } from './support/devices.ts';
import { expect, test } from './support/fixtures.ts';
import { requestsTo } from './support/network.ts';
import { NOON } from './support/noon.ts';
import {
  comeBack, dialog, expectForm, expectNothingProtected, expectSignedOut, heading, onTwoDevices, open, signIn,
} from './support/steps.ts';

test.use({ timezoneId: NOON });

test('every device is listed with its name, its times and its address, this one first', async ({
  page, otherBrowser, handstamp,
}) => {
  const user = await handstamp.addUser();
  await signIn(await otherBrowser({ userAgent: PHONE }), user);
  await handstamp.token(user);
  await signIn(page, user);
  await page.getByRole('banner').getByRole('link', { name: 'Sessions' }).click();
  await expect(page).toHaveTitle('Sessions · Handstamp');
  await expect(heading(page, 'Where you are signed in')).toBeVisible();
  await expect(page.getByRole('banner').getByRole('link', { name: 'Sessions' })).toHaveAttribute('aria-current', 'page');

  const rows = page.getByRole('main').getByRole('listitem');
  await expect(rows).toHaveCount(3);
  await expect(rows.nth(0)).toContainText(/ on Linux\s*This device/);
  await expect(rows.nth(0)).toContainText(/Active now · 127\.0\.0\.1 · since today, \d\d:\d\d/);
  await expect(rows.nth(0).getByRole('button')).toHaveCount(0);
  await expect(rows.filter({ hasText: 'Safari on iOS' })).toContainText(/Used .* · 127\.0\.0\.1 · since today/);
  await expect(rows.filter({ hasText: 'curl' })).toHaveCount(1);
});

test('an ended session is over on its device at its next call, and leaves the list', async ({
  page, otherBrowser, handstamp, watch,
}) => {
  const { user, phone } = await onTwoDevices(page, otherBrowser, handstamp);
  await open(page, '/sessions');
  await page.getByRole('button', { name: 'End Safari on iOS' }).click();
  await expect(page.getByText('Safari on iOS')).toBeHidden();
  await expect(page.getByText('Only this device is signed in.')).toBeVisible();
  await expect(page.getByRole('status').filter({ hasText: 'The session has ended.' })).toBeAttached();

  watch.announceEnd();
  await comeBack(phone);
  await expect(dialog(phone)).toHaveAccessibleName('You were signed out from another device.');
  await dialog(phone).getByRole('button', { name: 'Cancel' }).click();
  await expectSignedOut(phone, 'You were signed out from another device.', 'This session was ended.');
  await expectNothingProtected(phone, user);
  await page.reload();
  await expect(page.getByRole('main').getByRole('listitem')).toHaveCount(1);
});

test('a device whose session has ended is also told when it opens a page', async ({
  page, otherBrowser, handstamp, watch,
}) => {
  const user = await handstamp.addUser();
  const other = await otherBrowser();
  await signIn(other, user);
  await signIn(page, user);
  await open(page, '/sessions');
  await page.getByRole('button', { name: /^End .* on Linux/ }).click();
  await expect(page.getByText('Only this device is signed in.')).toBeVisible();

  watch.announceEnd();
  await open(other, '/sessions');
  await expectSignedOut(other, 'You were signed out from another device.', 'This session was ended.');
});

test('the focus goes from row to row, and at the end to the heading', async ({ page, otherBrowser, handstamp }) => {
  const user = await handstamp.addUser();
  for (const userAgent of [PHONE, WINDOWS]) await signIn(await otherBrowser({ userAgent }), user);
  await handstamp.token(user);
  await signIn(page, user);
  await open(page, '/sessions');
  const rows = page.getByRole('main').getByRole('listitem');
  await expect(rows).toHaveCount(4);
  // First the middle one of the three others, then the one after it, then the last.
  await rows.nth(2).getByRole('button').focus();
  for (const left of [3, 2]) {
    await page.keyboard.press('Enter');
    await expect(rows.filter({ visible: true })).toHaveCount(left);
    await expect(page.locator(':focus')).toHaveAccessibleName(/^End /);
  }
  await page.keyboard.press('Enter');
  await expect(rows.filter({ visible: true })).toHaveCount(1);
  await expect(heading(page, 'Where you are signed in')).toBeFocused();
});

test('a session that could not be ended stays with a reason, and the next attempt succeeds', async ({
  page, otherBrowser, handstamp, watch,
}) => {
  const user = await handstamp.addUser();
  await signIn(await otherBrowser({ userAgent: PHONE }), user);
  await signIn(page, user);
  await open(page, '/sessions');
  watch.announceFailure('ERR_FAILED', '/api/end-session');
  await page.route('**/api/end-session', route => route.abort(), { times: 1 });
  const end = page.getByRole('button', { name: 'End Safari on iOS' });
  await end.click();
  await expect(page.getByRole('alert')).toHaveText('No answer from the server. Check your connection and try again.');
  await expect(end).toBeVisible();
  await expect(end).toBeFocused();
  await end.click();
  await expect(end).toBeHidden();
  await expect(page.getByRole('alert')).toBeHidden();
});

test('a session that has already ended leaves the list without a message', async ({
  page, otherBrowser, handstamp, watch,
}) => {
  await onTwoDevices(page, otherBrowser, handstamp);
  await open(page, '/sessions');
  const row = page.getByRole('button', { name: 'End Safari on iOS' });
  await expect(row).toBeVisible();
  await page.route('**/api/end-session', route => {
    return route.fulfill({ status: 404, body: '{"code":"not_found","msg":"Not found"}' });
  });
  watch.announceStatus(404, '/api/end-session');
  await row.click();
  await expect(row).toBeHidden();
  await expect(page.getByRole('alert')).toBeHidden();
});

test('a list that does not load can be asked for again', async ({ page, handstamp, watch }) => {
  await signIn(page, await handstamp.addUser());
  watch.announceFailure('ERR_FAILED', '/api/sessions');
  await page.route('**/api/sessions', route => route.abort(), { times: 1 });
  await open(page, '/sessions');
  await expect(heading(page, 'Your sessions did not arrive.')).toBeVisible();
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByText('Only this device is signed in.')).toBeVisible();
});

test('signing out on the list removes the list', async ({ page, handstamp }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  await open(page, '/sessions');
  await expect(page.getByText('This device', { exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expectSignedOut(page, 'You are signed out.', 'This stamp no longer opens anything.');
  await expect(page.getByText('This device', { exact: true })).toHaveCount(0);
});

test('a visitor without a session who opens the list gets the sign-in form, and the page sends no request', async ({ page }) => {
  const asked = ['/api/sessions', '/api/greeting', '/api/refresh'].map(path => requestsTo(page, path));
  await open(page, '/sessions');
  await expectForm(page, '/sessions');
  expect(asked).toEqual([[], [], []]);
});

test.describe('a browser whose clock is a month wrong', () => {
  test('shows the times of the server', async ({ page, otherBrowser, handstamp }) => {
    const user = await handstamp.addUser();
    await signIn(await otherBrowser({ userAgent: PHONE }), user);
    await setClock(page, 30);
    await signIn(page, user);
    await open(page, '/sessions');
    await expect(page.getByText(/Used just now · 127\.0\.0\.1 · since today/)).toBeVisible();
  });
});

async function setClock(page: Page, days: number): Promise<void> {
  await page.clock.install({ time: Date.now() + days * 86_400_000 });
}
