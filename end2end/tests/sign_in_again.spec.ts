// The dialog over a live page: why it opens, and what it leaves unchanged.

import type { Page } from '@playwright/test';
import { recordChanges } from './support/changes.ts';
import { expect, test } from './support/fixtures.ts';
import { answer, hold, requestsTo, roundTrip } from './support/network.ts';
import type { Server, User } from './support/server.ts';
import {
  comeBack, dialog, endFromOutside, expectFullTime, expectGreeting, expectNothingProtected, expectNothingStored,
  expectSignedOut, heading, open, refreshCookie, signIn, signInAgain, signOut, stopClock, stored,
} from './support/steps.ts';
import type { Watch } from './support/watch.ts';

test('a user who was signed out from another device can sign in again in place', async ({ page, handstamp, watch }) => {
  await page.clock.install();
  const user = await handstamp.addUser();
  await signIn(page, user);
  await endFromOutside(page, handstamp);
  watch.announceEnd();
  const asked = [requestsTo(page, '/api/greeting'), requestsTo(page, '/api/refresh')];
  // Immediately: no timer runs, and each door is asked once.
  await stopClock(page);
  await comeBack(page);
  await expect(dialog(page)).toHaveAccessibleName('You were signed out from another device.');
  expect(asked).toEqual([['GET /api/greeting'], ['POST /api/refresh']]);
  await page.clock.resume();
  // The page waits under it: still there, and out of reach.
  await expect(page.locator('h1')).toHaveText(`Hello, ${user.name}! This is a protected route.`);
  await expect(dialog(page).getByLabel('Username')).toHaveValue(user.name);
  await expect(dialog(page).getByLabel('Username')).toHaveAttribute('autocomplete', 'username');
  await expect(dialog(page).getByLabel('Password', { exact: true })).toHaveAttribute('autocomplete', 'current-password');
  await expect(dialog(page).getByLabel('Password', { exact: true })).toBeFocused();

  await signInAgain(page, user);
  await expectGreeting(page, user);
  expect(await stored(page)).toEqual({ device: expect.stringMatching(/^"eyJ/), tab: null });
  await page.reload();
  await expectGreeting(page, user);
});

test('the dialog keeps the focus, and Escape closes it', async ({ page, handstamp, watch }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  await endFromOutside(page, handstamp);
  watch.announceEnd();
  await comeBack(page);
  await expect(dialog(page)).toBeVisible();
  for (let pressed = 0; pressed < 12; pressed += 1) {
    await page.keyboard.press('Tab');
    const outside = await page.evaluate(() => {
      const { activeElement } = document;
      // Between the last and the first control come the browser's own; in the page, only the dialog has the focus.
      return activeElement !== document.body && activeElement?.closest('dialog') === null;
    });
    expect(outside, `after ${pressed + 1} times Tab`).toBe(false);
  }
  await page.keyboard.press('Escape');
  await expect(dialog(page)).toHaveCount(0);
  await expectSignedOut(page, 'You were signed out from another device.', 'This session was ended.');
  await expect(heading(page, 'You were signed out from another device.')).toBeFocused();
  await expectNothingProtected(page, user);
  await expectNothingStored(page);
});

test('a wrong password is shown in the dialog, which stays, and the next attempt succeeds', async ({ page, handstamp, watch }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  await endFromOutside(page, handstamp);
  watch.announceEnd();
  watch.announceStatus(401, '/api/login');
  await comeBack(page);
  const send = dialog(page).getByRole('button', { name: 'Sign in', exact: true });
  await send.click();
  await expect(dialog(page).getByRole('alert')).toHaveText('Enter your password.');
  await dialog(page).getByLabel('Password', { exact: true }).fill(handstamp.newPassword());
  await send.click();
  await expect(dialog(page).getByRole('alert')).toHaveText('Bad username or password.');
  await expect(dialog(page).getByRole('alert')).toBeFocused();
  await expect(dialog(page).getByLabel('Password', { exact: true })).toHaveValue('');
  await signInAgain(page, user);
  await expectGreeting(page, user);
});

test('the text typed on the page is still there afterwards', async ({ page, handstamp, watch }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  await open(page, '/inspector');
  await page.getByLabel('Token', { exact: true }).fill('half a token, and');
  // The page has asked once who the user is.
  const greeted = answer(page, '/api/greeting', 1);
  await comeBack(page);
  await greeted;
  await roundTrip(page);
  await endFromOutside(page, handstamp);
  watch.announceEnd();
  // At most one question a second.
  await expect.poll(async () => {
    await comeBack(page);
    return dialog(page).count();
  }).toBe(1);
  await signInAgain(page, user);
  await expect(page.getByLabel('Token', { exact: true })).toHaveValue('half a token, and');
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible();
});

test('text typed in one tab stays when the password is typed in another', async ({
  page, context, handstamp, watch,
}) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  const other = await context.newPage();
  await open(other, '/account');
  const typed = handstamp.newPassword();
  await other.getByLabel('New password', { exact: true }).fill(typed);
  await expect(other.locator('.strength__meter[data-score]')).toBeVisible();
  const seen = await recordChanges(other);

  await endFromOutside(page, handstamp);
  watch.announceEnd();
  await comeBack(page);
  const looked = answer(other, '/api/greeting', 1);
  await signInAgain(page, user);
  await looked;
  await roundTrip(other);
  await expect(other.getByLabel('New password', { exact: true })).toHaveValue(typed);
  expect(await seen()).toEqual([]);
  // And the other tab goes on in the new session.
  await other.getByLabel('Current password', { exact: true }).fill(user.password);
  await other.getByRole('button', { name: 'Change password' }).click();
  await expect(other.getByText('Your password is changed.')).toBeVisible();
});

test('another user who signs in in another tab takes over this one, and nothing of the first user is left', async ({
  page, context, handstamp,
}) => {
  const [ada, grace] = [await handstamp.addUser(), await handstamp.addUser()];
  await signIn(page, ada);
  await open(page, '/account');
  await page.getByLabel('New password', { exact: true }).fill(handstamp.newPassword());
  const other = await context.newPage();
  await signIn(other, grace);
  await expect(page.getByRole('main').locator('dl')).toContainText(grace.name);
  await expect(page.getByLabel('New password', { exact: true })).toHaveValue('');
  await expectNothingProtected(page, ada);
});

test('if the server does not say who signed in in another tab, nothing of the first user is left', async ({
  page, context, handstamp, watch,
}) => {
  const [ada, grace] = [await handstamp.addUser(), await handstamp.addUser()];
  await signIn(page, ada);
  const other = await context.newPage();
  watch.announceFailure('ERR_FAILED', '/api/greeting');
  await page.route('**/api/greeting', route => route.abort());
  await signIn(other, grace);
  await expect(heading(page, 'Your greeting did not arrive.')).toBeVisible();
  await expectNothingProtected(page, ada);
  await page.unroute('**/api/greeting');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expectGreeting(page, grace);
});

test('the dialog gives the page back unchanged', async ({ page, handstamp, watch }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  await endFromOutside(page, handstamp);
  watch.announceEnd();
  const seen = await recordChanges(page);
  await comeBack(page);
  await expect(dialog(page)).toBeVisible();
  // The question that found the ended session is asked again.
  const greeted = answer(page, '/api/greeting', 1);
  await signInAgain(page, user);
  expect((await greeted).status()).toBe(200);
  await roundTrip(page);
  expect(await seen()).toEqual([]);
});

test('a session at the end of its lifetime is shown as expired', async ({ page, handstamp, watch }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  const { device } = await stored(page);
  await page.route('**/api/refresh', route => {
    return route.fulfill({ status: 401, body: '{"code":"token_expired","msg":"Token has expired"}' });
  });
  watch.announceStatus(401, '/api/refresh');
  await page.evaluate(() => localStorage.removeItem('handstamp.access_token'));
  await comeBack(page);
  await expect(dialog(page)).toHaveAccessibleName('Your session has expired.');
  await dialog(page).getByRole('button', { name: 'Cancel' }).click();
  await expectSignedOut(page, 'Your stamp has expired.', 'Sign in to get a new one.');
  await expectNothingProtected(page, user);
  expect(await handstamp.greet(JSON.parse(device!)), 'the server was not asked').toContain('200');
});

test('a user whose refresh token was stolen is told so, and told what to do', async ({ page, context, handstamp, watch }) => {
  await page.clock.install();
  const user = await handstamp.addUser();
  await signIn(page, user);
  const stolen = (await refreshCookie(context))!.value;
  for (let time = 0; time < 2; time += 1) {
    await page.clock.fastForward('04:05');
    await expectFullTime(page);
  }
  expect(await handstamp.refresh(stolen)).toContain('"refresh_token_reused"');

  watch.announceEnd();
  await comeBack(page);
  await expect(dialog(page)).toHaveAccessibleName('Your session was ended for safety.');
  await expect(dialog(page)).toHaveAccessibleDescription(
    /someone may have a copy of it\. If that was not you, change your password\./,
  );
  await page.keyboard.press('Escape');
  await expectSignedOut(page, 'Your session was ended for safety.', /change your password/);
});

test('one answer is enough for two tabs that both ask', async ({ page, handstamp, watch }) => {
  const { user, other } = await endedInTwoTabs(page, handstamp, watch);
  const seen = await recordChanges(other);
  for (const tab of [page, other]) {
    await comeBack(tab);
    await expect(dialog(tab)).toHaveAccessibleName('You were signed out from another device.');
  }
  // The other tab asks whose session it is, and then repeats its own call.
  const greeted = answer(other, '/api/greeting', 2);
  await signInAgain(page, user);
  await expect(dialog(other)).toHaveCount(0);
  expect((await greeted).status()).toBe(200);
  await roundTrip(other);
  await expectGreeting(page, user);
  await expectGreeting(other, user);
  expect(await seen()).toEqual([]);
});

test('cancelling in one tab signs out the other too', async ({ page, handstamp, watch }) => {
  const { other } = await endedInTwoTabs(page, handstamp, watch);
  await comeBack(page);
  await dialog(page).getByRole('button', { name: 'Cancel' }).click();
  await expectSignedOut(page, 'You were signed out from another device.', 'This session was ended.');
  await expectSignedOut(other, 'You are signed out.', 'You were signed out in another tab.');
});

test('a dialog that loads after another tab has signed out is not shown', async ({ page, handstamp, watch }) => {
  const file = await holdDialog(page);
  const { user, other } = await endedInTwoTabs(page, handstamp, watch);
  await comeBack(page);
  await file.arrived;
  await signOut(other);
  await expectSignedOut(page, 'You are signed out.', 'You were signed out in another tab.');
  await file.release();
  await expect(dialog(page)).toHaveCount(0);
  await expectNothingProtected(page, user);
});

test('an action that one user wanted to confirm is not done in the name of another who signs in meanwhile', async ({
  page, context, otherBrowser, handstamp, watch,
}) => {
  const [ada, grace] = [await handstamp.addUser(), await handstamp.addUser()];
  for (const user of [ada, grace]) await signIn(await otherBrowser(), user);
  const file = await holdDialog(page);
  await signIn(page, ada);
  await open(page, '/sessions');
  watch.announceStatus(401, '/api/end-other-sessions');
  await page.route('**/api/end-other-sessions', route => {
    return route.fulfill({ status: 401, body: '{"code":"fresh_token_required","msg":"Fresh token required"}' });
  }, { times: 1 });
  const asked = requestsTo(page, '/api/end-other-sessions');
  await page.getByRole('button', { name: 'End all others' }).click();
  await file.arrived;
  const listed = answer(page, '/api/sessions', 1);
  await signIn(await context.newPage(), grace);
  await listed;
  await expect(page.getByRole('main').getByRole('listitem')).toHaveCount(2);
  await file.release();
  await expect(dialog(page)).toHaveCount(0);
  expect(asked).toHaveLength(1);
});

test('if the dialog does not load, the page leads to the sign-in page', async ({ page, handstamp, watch }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  await endFromOutside(page, handstamp);
  watch.announceEnd();
  watch.announceFailure('ERR_FAILED', /^\/pkg\/split_sign_in_dialog.*\.parts$/);
  watch.announceErrors(['Failed to fetch']);
  watch.announce(/^TypeError: Failed to fetch[^]*$/, /^\/pkg\/handstamp.*\.js$/, { certain: false });
  await page.route('**/split_sign_in_dialog*.parts', route => route.abort());
  await comeBack(page);
  await expectSignedOut(page, 'You were signed out from another device.', 'This session was ended.');
  await expectNothingStored(page);
});

test('many calls that need the password ask for it once', async ({ page, otherBrowser, handstamp, watch }) => {
  const user = await handstamp.addUser();
  for (let time = 0; time < 2; time += 1) await signIn(await otherBrowser(), user);
  await signIn(page, user);
  await open(page, '/sessions');
  const ends = page.getByRole('button', { name: /^End .* on / });
  await expect(ends).toHaveCount(2);
  const ended = await hold(page, '**/api/end-session');
  const asked = requestsTo(page, '/api/end-session');
  for (const end of await ends.all()) await end.click();
  await ended.arrived;
  await expect.poll(() => asked.length).toBe(2);
  await endFromOutside(page, handstamp);
  watch.announceEnd('/api/end-session');
  ended.release();
  await expect(dialog(page)).toHaveCount(1);
  await signInAgain(page, user);
  await expect(page.getByText('Only this device is signed in.')).toBeVisible();
  expect(asked).toHaveLength(4);
});

test('a page without user data shows a link to sign in, and no dialog', async ({ page, handstamp, watch }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  await endFromOutside(page, handstamp);
  watch.announceEnd();
  await open(page, '/dashboard');
  await expectSignedOut(page, 'You were signed out from another device.', 'This session was ended.');
  await expect(dialog(page)).toHaveCount(0);
});

/** Two tabs are in use, and the session of both has ended from outside: neither has asked since. */
async function endedInTwoTabs(page: Page, handstamp: Server, watch: Watch): Promise<{ user: User; other: Page }> {
  const user = await handstamp.addUser();
  await signIn(page, user);
  const other = await page.context().newPage();
  await open(other, '/dashboard');
  await expectGreeting(other, user);
  await endFromOutside(page, handstamp);
  watch.announceEnd();
  return { user, other };
}

/** Holds the file with the dialog. When `release` returns, the program has the file and has done its first work with it. */
async function holdDialog(page: Page) {
  await page.addInitScript(() => {
    const [load, instantiate] = [window.fetch, WebAssembly.instantiate];
    let [here, starting] = [false, 0];
    window.fetch = async (...request) => {
      const answer = await load(...request);
      here ||= answer.url.includes('sign_in_dialog');
      return answer;
    };
    // The file holds several parts of the program, which start together.
    WebAssembly.instantiate = async (part: BufferSource | WebAssembly.Module, imports?: WebAssembly.Imports) => {
      starting += 1;
      const started = await instantiate(part as BufferSource, imports);
      starting -= 1;
      if (here && starting === 0) Object.assign(window, { dialogCame: true });
      return started as WebAssembly.WebAssemblyInstantiatedSource & WebAssembly.Instance;
    };
  });
  const { arrived, release } = await hold(page, '**/split_sign_in_dialog*.parts');
  return {
    arrived,
    release: async () => {
      release();
      await page.waitForFunction(() => 'dialogCame' in window);
      await roundTrip(page);
    },
  };
}
