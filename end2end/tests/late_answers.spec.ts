// The answer to a renewal can come late, after another tab has signed in. It must neither replace nor remove the cookie of
// the new session: the tabs take turns (src/app/browser/turn.rs), and no answer removes a cookie (src/server/http/cookies.rs).

import type { BrowserContext, Page } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';
import { answer, holdAnswer, requestsTo, roundTrip } from './support/network.ts';
import type { User } from './support/server.ts';
import {
  KEY, comeBack, dialog, endFromOutside, expectGreeting, expectSignedOut, fill, open, refreshCookie, signIn, stopClock,
} from './support/steps.ts';

test('a late renewal does not replace the cookie of a session that another tab begins meanwhile', async ({
  page, context, handstamp,
}) => {
  const [ada, grace] = [await handstamp.addUser(), await handstamp.addUser()];
  await signIn(page, ada);
  const other = await fillForm(context, grace);
  const renewal = await renewWithoutAnswer(page);
  const signedIn = answer(other, '/api/login', 1);
  await send(other);
  // Without turns the sign-in is answered first.
  await Promise.race([waitsForTurn(other), signedIn]);
  const renewed = answer(page, '/api/refresh', 1);
  renewal.release();
  expect((await renewed).status()).toBe(200);
  await expectGreeting(other, grace);

  // Only the cookie can tell now whose session it is.
  await page.close();
  await other.evaluate(key => sessionStorage.removeItem(key), KEY);
  await other.reload();
  await expectGreeting(other, grace);
});

test('a tab that is closed during its renewal does not keep another tab from signing in', async ({
  page, context, handstamp,
}) => {
  const [ada, grace] = [await handstamp.addUser(), await handstamp.addUser()];
  await signIn(page, ada);
  const other = await fillForm(context, grace);
  await renewWithoutAnswer(page);
  await send(other);
  await waitsForTurn(other);
  await page.close();
  await expectGreeting(other, grace);
});

test('a renewal that is not answered keeps another tab from signing in for eight seconds at most', async ({
  page, context, handstamp,
}) => {
  const [ada, grace] = [await handstamp.addUser(), await handstamp.addUser()];
  await page.clock.install();
  await signIn(page, ada);
  await stopClock(page);
  const other = await fillForm(context, grace);
  const sent = requestsTo(other, '/api/login');
  await renewWithoutAnswer(page);
  await send(other);
  await waitsForTurn(other);
  // One clock for both tabs.
  await page.clock.runFor(7900);
  await roundTrip(other);
  expect(sent).toEqual([]);
  await page.clock.runFor(200);
  await expect.poll(() => sent).toEqual(['POST /api/login']);
  await page.clock.resume();
  await expectGreeting(other, grace);
});

test('where the browser has no locks, a late refusal does not end the session that another tab has begun meanwhile', async ({
  page, context, handstamp, watch,
}) => {
  await context.addInitScript(() => Object.defineProperty(navigator, 'locks', { value: undefined }));
  const user = await handstamp.addUser();
  await signIn(page, user);
  const other = await context.newPage();
  await open(other, '/login');
  await endFromOutside(page, handstamp);
  watch.announceEnd();
  const refusal = await holdAnswer(page, '**/api/refresh');
  await comeBack(page);
  await refusal.arrived;

  await fill(other, user);
  // Kept on the device, so that the first tab finds the new access token and does not need the cookie.
  await other.getByRole('checkbox', { name: 'Keep me signed in on this device' }).check();
  await send(other);
  await expectGreeting(other, user);
  const { value } = (await refreshCookie(context))!;
  const refused = answer(page, '/api/refresh', 1);
  refusal.release();
  expect((await refused).status()).toBe(401);
  await roundTrip(page);

  await expect(dialog(page)).toHaveCount(0);
  await expectGreeting(page, user);
  expect((await refreshCookie(context))?.value, 'the cookie of the new session').toBe(value);
  // And it still refreshes.
  await other.evaluate(key => localStorage.removeItem(key), KEY);
  const renewed = answer(other, '/api/refresh', 1);
  await other.reload();
  expect((await renewed).status()).toBe(200);
  await expectGreeting(other, user);
});

test('a dead cookie is tried once, and not by every page', async ({ page, context, handstamp, watch }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  const dead = (await refreshCookie(context))!;
  await handstamp.endSessions(user);
  await page.evaluate(key => localStorage.removeItem(key), KEY);
  watch.announceStatus(401, '/api/refresh');
  const renewals = requestsTo(page, '/api/refresh');
  await open(page, '/dashboard');
  await expectSignedOut(page, 'You were signed out from another device.', 'This session was ended.');
  // No script can reach it, and the answer does not delete it.
  await context.addCookies([dead]);
  for (const path of ['/', '/dashboard', '/login']) {
    await open(page, path);
    await roundTrip(page);
  }
  expect(renewals).toEqual(['POST /api/refresh']);
});

/** This tab has lost its token and asks for the next one. The answer is on its way until it is released. */
async function renewWithoutAnswer(page: Page) {
  const renewal = await holdAnswer(page, '**/api/refresh');
  await page.evaluate(key => localStorage.removeItem(key), KEY);
  await comeBack(page);
  await renewal.arrived;
  return renewal;
}

/** A user has filled in the form in another tab. */
async function fillForm(context: BrowserContext, user: User): Promise<Page> {
  const other = await context.newPage();
  await open(other, '/login');
  await fill(other, user);
  return other;
}

async function send(form: Page): Promise<void> {
  await form.getByRole('button', { name: 'Sign in', exact: true }).click();
}

async function waitsForTurn(page: Page): Promise<void> {
  await expect.poll(() => page.evaluate(async () => (await navigator.locks.query()).pending)).toHaveLength(1);
}
