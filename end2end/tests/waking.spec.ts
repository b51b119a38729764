// Pages that were left alone: overnight, in the background, without a network. They go on, or ask, and never in a loop.

import type { Page } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';
import { answer, hold, requestsTo, roundTrip } from './support/network.ts';
import {
  comeBack, dialog, endFromOutside, expectFullTime, expectGreeting, expectSignedOut, heading, secondsLeft, signIn, stopClock,
  stored,
} from './support/steps.ts';

test('a page that wakes after a night renews once and goes on', async ({ page, handstamp }) => {
  await page.clock.install();
  const user = await handstamp.addUser();
  await signIn(page, user);
  const [renewals, greetings] = [requestsTo(page, '/api/refresh'), requestsTo(page, '/api/greeting')];
  await page.clock.fastForward('10:00:00');
  await expectFullTime(page);
  await comeBack(page);
  await expect.poll(() => greetings).toEqual(['GET /api/greeting']);
  await expectGreeting(page, user);
  expect(renewals).toEqual(['POST /api/refresh']);
});

test('a page that wakes to an ended session asks to sign in, once', async ({ page, handstamp, watch }) => {
  await page.clock.install();
  const user = await handstamp.addUser();
  await signIn(page, user);
  await endFromOutside(page, handstamp);
  const [renewals, greetings] = [requestsTo(page, '/api/refresh'), requestsTo(page, '/api/greeting')];
  watch.announceStatus(401, '/api/refresh');
  await page.clock.fastForward('10:00:00');
  await expect(dialog(page)).toBeVisible();
  for (let time = 0; time < 5; time += 1) {
    await page.clock.fastForward('01:00:00');
    await comeBack(page);
  }
  await roundTrip(page);
  expect([renewals, greetings]).toEqual([['POST /api/refresh'], []]);

  await page.keyboard.press('Escape');
  await expectSignedOut(page, 'You were signed out from another device.', 'This session was ended.');
  await page.clock.fastForward('10:00:00');
  await comeBack(page);
  await roundTrip(page);
  expect([renewals, greetings]).toEqual([['POST /api/refresh'], []]);
});

test('a page on a computer that slept asks once, although no clock of the page has run', async ({ page, handstamp }) => {
  await page.clock.install();
  const user = await handstamp.addUser();
  await signIn(page, user);
  const greetings = requestsTo(page, '/api/greeting');
  await page.clock.runFor('00:10');
  expect(greetings).toEqual([]);
  await page.clock.setSystemTime(Date.now() + 10 * 3_600_000);
  for (let time = 0; time < 5; time += 1) await page.clock.runFor('00:10');
  await expect.poll(() => greetings).toEqual(['GET /api/greeting']);
  await expectGreeting(page, user);
});

test('a page in the background renews when the user comes back to it', async ({ page, handstamp }) => {
  await page.clock.install();
  const user = await handstamp.addUser();
  await signIn(page, user);
  const renewals = requestsTo(page, '/api/refresh');
  await setHidden(page, true);
  await page.clock.fastForward('10:00:00');
  await page.clock.runFor('01:00');
  await roundTrip(page);
  expect(renewals).toEqual([]);
  await setHidden(page, false);
  await expectFullTime(page);
  await expectGreeting(page, user);
  expect(renewals).toEqual(['POST /api/refresh']);
});

test('a page that got no answer after coming back still renews by itself', async ({ page, handstamp, watch }) => {
  await page.clock.install();
  await signIn(page, await handstamp.addUser());
  const renewals = requestsTo(page, '/api/refresh');
  await setHidden(page, true);
  // The renewal is due while the page is in the background. It does not come before its time either.
  await stopClock(page);
  await page.clock.fastForward('04:05');
  watch.announceFailure('ERR_FAILED', '/api/greeting');
  await page.route('**/api/greeting', route => route.abort(), { times: 1 });
  const failed = page.waitForEvent('requestfailed');
  await setHidden(page, false);
  await failed;
  await roundTrip(page);
  expect(renewals).toEqual([]);
  await page.clock.resume();
  await page.clock.fastForward('00:10');
  await expectFullTime(page);
  expect(renewals).toEqual(['POST /api/refresh']);
});

test('a second return within a second is answered when that second is over', async ({ page, handstamp, watch }) => {
  await page.clock.install();
  await signIn(page, await handstamp.addUser());
  await stopClock(page);
  const greetings = requestsTo(page, '/api/greeting');
  const greeted = answer(page, '/api/greeting', 1);
  await comeBack(page);
  await greeted;

  await endFromOutside(page, handstamp);
  watch.announceEnd();
  for (let time = 0; time < 3; time += 1) await comeBack(page);
  expect(greetings, 'not again within the second').toHaveLength(1);
  await page.clock.runFor(1_100);
  await expect(dialog(page)).toHaveAccessibleName('You were signed out from another device.');
  await page.clock.runFor(5_000);
  expect(greetings, 'once for all three').toHaveLength(2);
});

test('without a network the user stays signed in, and with it again the page goes on', async ({ page, context, handstamp, watch }) => {
  await page.clock.install();
  const user = await handstamp.addUser();
  await signIn(page, user);
  const renewals = requestsTo(page, '/api/refresh');
  watch.announceFailure('ERR_INTERNET_DISCONNECTED', '/api/refresh');
  await context.setOffline(true);
  await stopClock(page);
  await page.clock.fastForward('04:05');
  await expect.poll(() => renewals.length).toBe(1);
  await page.clock.fastForward('01:00');
  await expect(page.getByText('left; waits for the server')).toBeVisible();
  expect(await secondsLeft(page)).toBe(0);
  await expectGreeting(page, user);
  await expect(page.locator('html')).toHaveAttribute('data-signed-in', 'yes');
  expect(renewals.length, 'tries again in steps of seconds').toBeLessThanOrEqual(3);

  await page.clock.resume();
  await context.setOffline(false);
  await expectFullTime(page);
  await expect(page.getByText('left; renews by itself while you are here')).toBeVisible();
  await page.reload();
  await expectGreeting(page, user);
});

test('a page opened without a network says so, and goes on when asked again', async ({ page, handstamp, watch }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  await page.evaluate(() => localStorage.removeItem('handstamp.access_token'));
  watch.announceFailure('ERR_FAILED', '/api/refresh');
  await page.route('**/api/refresh', route => route.abort());
  await page.reload();
  await expect(heading(page, 'Your greeting did not arrive.')).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('data-signed-in', 'yes');
  await page.unroute('**/api/refresh');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expectGreeting(page, user);
});

test('a renewal under way at sign-out does not sign in again', async ({ page, handstamp }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  const renewal = await hold(page, '**/api/refresh');
  await page.evaluate(() => localStorage.removeItem('handstamp.access_token'));
  await comeBack(page);
  await renewal.arrived;
  await page.route('**/api/logout', route => route.fulfill({ json: null }));
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expectSignedOut(page, 'You are signed out.', 'This stamp no longer opens anything.');
  const renewed = answer(page, '/api/refresh', 1);
  renewal.release();
  await renewed;
  await roundTrip(page);
  expect(await stored(page)).toEqual({ device: null, tab: null });
  await expectSignedOut(page, 'You are signed out.', 'This stamp no longer opens anything.');
});

test('an open page notices that another user signs in in this browser, also without the program', async ({
  page, context, handstamp, watch,
}) => {
  const [ada, grace] = [await handstamp.addUser(), await handstamp.addUser()];
  await signIn(page, ada);
  const other = await context.newPage();
  const program = await hold(other, '**/*.wasm');
  await other.goto('/login', { waitUntil: 'domcontentloaded' });
  await other.getByLabel('Username').fill(grace.name);
  await other.getByLabel('Password', { exact: true }).fill(grace.password);
  await other.getByLabel('Password', { exact: true }).press('Enter');
  await expect(other).toHaveURL('/dashboard');
  watch.announceStatus(401, '/api/greeting');
  await comeBack(page);
  await expectGreeting(page, grace);
  program.release();
  await expectGreeting(other, grace);
});

/** Whether the page sees itself as a tab in the background. */
async function setHidden(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate(hidden => {
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  }, hidden);
}
