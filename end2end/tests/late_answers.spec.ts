// A rejected refresh token: the answer can come late, after another tab has signed in, and must not remove the cookie.

import { expect, test } from './support/fixtures.ts';
import { answer, holdAnswer, requestsTo, roundTrip } from './support/network.ts';
import {
  KEY, comeBack, dialog, endFromOutside, expectGreeting, expectSignedOut, fill, open, refreshCookie, signIn,
} from './support/steps.ts';

test('a late refusal does not end the session that another tab has begun meanwhile', async ({
  page, context, handstamp, watch,
}) => {
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
  await other.getByRole('button', { name: 'Sign in', exact: true }).click();
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
