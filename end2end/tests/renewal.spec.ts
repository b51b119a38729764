// Sessions that stay alive: the page renews the token before it ends, whatever the browser's clock says, and never loops.

import type { Page } from '@playwright/test';
import { recordChanges } from './support/changes.ts';
import { expect, test } from './support/fixtures.ts';
import { answer, hold, requestsTo, roundTrip } from './support/network.ts';
import {
  comeBack, dialog, expectFullTime, expectGreeting, fill, heading, open, secondsLeft, signIn, stopClock, stored,
} from './support/steps.ts';

const EXPIRED = { status: 401, body: '{"code":"token_expired","msg":"Token has expired"}' };

test('the token is renewed before it ends, and on the page only the time changes', async ({
  page, handstamp,
}) => {
  await page.clock.install();
  const user = await handstamp.addUser();
  await signIn(page, user);
  const first = await stored(page);
  const [renewals, greetings] = [requestsTo(page, '/api/refresh'), requestsTo(page, '/api/greeting')];
  const seen = await recordChanges(page);
  const until = await page.getByText(/Valid until/).innerText();

  await almostDue(page);
  expect(await secondsLeft(page)).toBeLessThanOrEqual(90);
  expect(renewals, 'not before it is time').toEqual([]);
  await page.clock.fastForward('00:35');
  await expectFullTime(page);
  await expect(page.getByText(/Valid until \d\d:\d\d/)).not.toHaveText(until);
  expect(renewals).toEqual(['POST /api/refresh']);
  expect(greetings).toEqual([]);
  const second = await stored(page);
  expect(second).toEqual({ device: expect.stringMatching(/^"eyJ/), tab: null });
  expect(second.device).not.toBe(first.device);

  // And a second and a third time.
  for (let time = 2; time <= 5; time += 1) {
    await page.clock.fastForward('04:05');
    await expect.poll(() => renewals).toHaveLength(time);
    await expectFullTime(page);
  }
  expect(await seen(), 'elements that came or went').toEqual([]);
  await page.reload();
  await expectGreeting(page, user);
});

for (const hours of [-30, 5, 24 * 400]) {
  test(`a browser whose clock is ${hours} hours wrong renews at the right time`, async ({ page, handstamp }) => {
    await page.clock.install();
    await page.addInitScript(hours => {
      const { now } = Date;
      const Right = Date;
      const shift = hours * 3_600_000;
      window.Date = class extends Right {
        constructor(...args: []) {
          super(...(args.length > 0 ? args : ([now() + shift] as unknown as [])));
        }
        static override now() {
          return now() + shift;
        }
      } as DateConstructor;
    }, hours);
    const user = await handstamp.addUser();
    await signIn(page, user);
    expect(Math.abs((await page.evaluate(() => Date.now())) - Date.now())).toBeGreaterThan(3_600_000);
    await expectFullTime(page);
    const renewals = requestsTo(page, '/api/refresh');
    await almostDue(page);
    expect(await secondsLeft(page)).toBeLessThanOrEqual(90);
    expect(renewals).toEqual([]);
    await page.clock.fastForward('00:35');
    await expectFullTime(page);
    expect(renewals).toEqual(['POST /api/refresh']);
  });
}

test('a call that meets an expired token renews once and is repeated once', async ({ page, handstamp, watch }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  const [renewals, greetings] = [requestsTo(page, '/api/refresh'), requestsTo(page, '/api/greeting')];
  watch.announceStatus(401, '/api/greeting');
  await page.route('**/api/greeting', route => route.fulfill(EXPIRED), { times: 1 });
  await page.reload();
  await expectGreeting(page, user);
  expect(renewals).toEqual(['POST /api/refresh']);
  expect(greetings).toEqual(['GET /api/greeting', 'GET /api/greeting']);
});

test('a server that calls every token expired is asked twice, and then no more', async ({ page, handstamp, watch }) => {
  await signIn(page, await handstamp.addUser());
  const [renewals, greetings] = [requestsTo(page, '/api/refresh'), requestsTo(page, '/api/greeting')];
  watch.announceStatus(401, '/api/greeting');
  await page.route('**/api/greeting', route => route.fulfill(EXPIRED));
  await page.reload();
  await expect(heading(page, 'Your greeting did not arrive.')).toBeVisible();
  expect(renewals).toEqual(['POST /api/refresh']);
  expect(greetings).toEqual(['GET /api/greeting', 'GET /api/greeting']);
});

for (const left of [0, 1]) {
  test(`a token that lives for ${left} s more is renewed after a second, not immediately`, async ({ page, handstamp }) => {
    await page.clock.install();
    await signIn(page, await handstamp.addUser());
    // As the server answers in the last second of a session. The page does not read the token itself.
    let count = 0;
    await page.route('**/api/refresh', route => {
      count += 1;
      return route.fulfill({ json: { access_token: `token.number.${count}`, token_type: 'Bearer', expires_in: left } });
    });
    const renewals = requestsTo(page, '/api/refresh');
    const newest = async () => (await stored(page)).device;
    await stopClock(page);
    await page.clock.fastForward('04:05');
    await expect.poll(newest).toBe('"token.number.1"');
    for (let time = 1; time <= 3; time += 1) {
      await page.clock.runFor(900);
      await roundTrip(page);
      expect(renewals, 'not within the second').toHaveLength(time);
      await page.clock.runFor(200);
      await expect.poll(newest).toBe(`"token.number.${time + 1}"`);
    }
    expect(renewals).toHaveLength(4);
  });
}

test('a renewal without an answer is given up after ten seconds, and the page goes on', async ({ page, handstamp }) => {
  await page.clock.install();
  const user = await handstamp.addUser();
  await signIn(page, user);
  await page.evaluate(() => localStorage.removeItem('handstamp.access_token'));
  const renewals = requestsTo(page, '/api/refresh');
  await page.route('**/api/refresh', () => new Promise(() => {}), { times: 1 });
  await page.reload();
  await expect.poll(() => renewals).toHaveLength(1);
  const failed = page.waitForEvent('requestfailed', request => request.url().endsWith('/api/refresh'));
  await page.clock.fastForward('00:10');
  expect((await failed).failure()?.errorText, 'its late answer must not change the cookie').toBe('net::ERR_ABORTED');
  await expectGreeting(page, user);
  expect(renewals).toHaveLength(2);
});

test('a renewal without an answer does not block a sign-in', async ({ page, handstamp }) => {
  await page.clock.install();
  const [before, user] = [await handstamp.addUser(), await handstamp.addUser()];
  await signIn(page, before);
  await page.evaluate(() => localStorage.removeItem('handstamp.access_token'));
  const [renewals, sent] = [requestsTo(page, '/api/refresh'), requestsTo(page, '/api/login')];
  await page.route('**/api/refresh', () => new Promise(() => {}), { times: 1 });
  await open(page, '/login');
  await expect.poll(() => renewals).toHaveLength(1);
  await fill(page, user);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page.locator('form[aria-busy="true"]')).toBeVisible();
  await roundTrip(page);
  expect(sent, 'the renewal could still change the cookie').toEqual([]);
  await page.clock.fastForward('00:10');
  await expectGreeting(page, user);
  expect(sent).toEqual(['POST /api/login']);
});

test('a wrong password and a cancelled dialog do not stop the renewals', async ({ page, otherBrowser, handstamp, watch }) => {
  await page.clock.install();
  const user = await handstamp.addUser();
  await signIn(await otherBrowser(), user);
  await signIn(page, user);
  await open(page, '/sessions');
  watch.announceStatus(401, '/api/end-other-sessions');
  watch.announceStatus(401, '/api/login');
  await page.route('**/api/end-other-sessions', route => {
    return route.fulfill({ status: 401, body: '{"code":"fresh_token_required","msg":"Fresh token required"}' });
  });
  await page.getByRole('button', { name: 'End all others' }).click();
  await dialog(page).getByLabel('Password', { exact: true }).fill(handstamp.newPassword());
  await dialog(page).getByRole('button', { name: 'Confirm', exact: true }).click();
  await expect(dialog(page).getByRole('alert')).toHaveText('Bad username or password.');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: 'End all others' })).not.toHaveAttribute('aria-busy');

  const renewals = requestsTo(page, '/api/refresh');
  // At most a minute and a half before the renewal is due: the steps above have taken time.
  await page.clock.fastForward('02:30');
  await roundTrip(page);
  expect(renewals).toEqual([]);
  await page.clock.fastForward('01:35');
  await expect.poll(() => renewals).toEqual(['POST /api/refresh']);
});

test('many calls at once share one renewal', async ({ page, otherBrowser, handstamp, watch }) => {
  const user = await handstamp.addUser();
  for (let time = 0; time < 3; time += 1) await signIn(await otherBrowser(), user);
  await signIn(page, user);
  await open(page, '/sessions');
  const ends = page.getByRole('button', { name: /^End .* on / });
  await expect(ends).toHaveCount(3);

  const renewals = requestsTo(page, '/api/refresh');
  watch.announceStatus(401, '/api/end-session');
  await page.route('**/api/end-session', route => route.fulfill(EXPIRED), { times: 3 });
  const renewal = await hold(page, '**/api/refresh');
  const refused = answer(page, '/api/end-session', 3);
  for (const end of await ends.all()) await end.click();
  await renewal.arrived;
  await refused;
  await roundTrip(page);
  renewal.release();
  await expect(page.getByText('Only this device is signed in.')).toBeVisible();
  expect(renewals).toEqual(['POST /api/refresh']);
});

test('three tabs that renew at once all stay signed in', async ({ page, context, handstamp, watch }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  const tabs = [page, await context.newPage(), await context.newPage()];
  for (const tab of tabs) {
    await open(tab, '/dashboard');
    await expectGreeting(tab, user);
  }
  watch.announceStatus(401, '/api/greeting');
  const renewals = await Promise.all(tabs.map(async tab => {
    await tab.route('**/api/greeting', route => route.fulfill(EXPIRED), { times: 1 });
    const renewal = await hold(tab, '**/api/refresh');
    const renewed = answer(tab, '/api/refresh', 1);
    await comeBack(tab);
    await renewal.arrived;
    return { ...renewal, renewed };
  }));
  // All three requests wait, and then all are let through.
  for (const renewal of renewals) renewal.release();
  for (const { renewed } of renewals) expect((await renewed).status()).toBe(200);
  for (const tab of tabs) {
    await tab.unrouteAll({ behavior: 'wait' });
    await tab.reload();
    await expectGreeting(tab, user);
  }
  // And once more: each of them still has a valid token.
  for (const tab of tabs) {
    await tab.route('**/api/greeting', route => route.fulfill(EXPIRED), { times: 1 });
    await tab.reload();
    await expectGreeting(tab, user);
  }
});

test('a renewal in one tab changes nothing in another', async ({ page, context, handstamp }) => {
  await page.clock.install();
  const user = await handstamp.addUser();
  await signIn(page, user);
  const other = await context.newPage();
  await open(other, '/dashboard');
  await expectGreeting(other, user);
  const seen = await recordChanges(other);
  const asked = [requestsTo(other, '/api/greeting'), requestsTo(other, '/api/refresh')];
  const { device } = await stored(page);
  // In all tabs: two minutes of five are left.
  await page.clock.fastForward('03:00');
  expect(await secondsLeft(other)).toBeLessThanOrEqual(120);
  await page.evaluate(() => localStorage.removeItem('handstamp.access_token'));
  await comeBack(page);
  await expect.poll(async () => (await stored(page)).device).toMatch(/^"eyJ/);
  // The other tab hears about it, and shows only the new time.
  await expectFullTime(other);
  expect((await stored(other)).device).not.toBe(device);
  expect(await seen()).toEqual([]);
  expect(asked).toEqual([[], []]);
});

/** Jumps to half a minute before the renewal is due, however long the page took to get here. */
async function almostDue(page: Page): Promise<void> {
  await page.clock.fastForward(((await secondsLeft(page)) - 90) * 1000);
}
