// Signing out: the stamp is void immediately, everywhere, and nothing protected stays visible.

import { expect, test } from './support/fixtures.ts';
import { hold, requestsTo } from './support/network.ts';
import {
  awake, comeBack, copy, expectCookieWorthless, expectGreeting, expectNothingProtected, expectNothingStored, expectSignedOut, fill,
  formFor, greeting, open, openDashboardWith, refreshCookie, runCurl, signInByForm as signIn, signOut, stored,
} from './support/steps.ts';

const REVOKED = '401 {"code":"token_revoked","msg":"Token has been revoked"}';

test('the copied curl line opens the door, and after sign-out the same line is refused', async ({ page, handstamp }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  const line = await copy(page, handstamp);
  expect(await runCurl(line, handstamp)).toBe(`200 {"message":"${greeting(user)}"}`);

  await signOut(page);
  await expectSignedOut(page, 'You are signed out.', 'This stamp no longer opens anything.');
  await expectNothingProtected(page, user);
  await expectNothingStored(page);
  expect(await runCurl(line, handstamp)).toBe(REVOKED);
});

test('stamp and greeting disappear immediately, in all tabs, and the server’s answer changes only the words', async ({
  page, context, handstamp,
}) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  const other = await context.newPage();
  await open(other, '/dashboard');
  await expectGreeting(other, user);
  const token = JSON.parse((await stored(page)).device!) as string;
  const logout = await hold(page, '**/api/logout');
  const sent = page.waitForRequest('**/api/logout');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await logout.arrived;
  await expectSignedOut(page, 'You are signed out.', 'Waiting for the server to confirm.');
  await expectSignedOut(other, 'You are signed out.', 'You were signed out in another tab.');
  await expectNothingProtected(page, user);
  await expectNothingStored(page);

  logout.release();
  expect(await (await sent).headerValue('authorization'), 'the call took the token along').toBe(`Bearer ${token}`);
  await expectSignedOut(page, 'You are signed out.', 'This stamp no longer opens anything.');
  expect(await handstamp.greet(token)).toContain('token_revoked');
  await expectCookieWorthless(context, handstamp);
});

test('a sign-out without an answer is shown as not confirmed, and is sent again when the user comes back', async ({
  page, context, handstamp,
}) => {
  await page.clock.install();
  const user = await handstamp.addUser();
  await signIn(page, user);
  const { value } = (await refreshCookie(context))!;
  const sent = requestsTo(page, '/api/logout');
  await page.route('**/api/logout', () => new Promise(() => {}), { times: 1 });
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expectSignedOut(page, 'You are signed out.', 'Waiting for the server to confirm.');
  await page.clock.fastForward('00:10');
  await expectSignedOut(
    page, 'You are signed out here.', /The server did not confirm it\. The stamp may work until \d\d:\d\d\./,
  );
  expect((await refreshCookie(context))!.value, 'out of reach').toBe(value);

  await comeBack(page);
  await expectSignedOut(page, 'You are signed out.', 'This stamp no longer opens anything.');
  expect(await handstamp.refresh(value)).toContain('token_revoked');
  expect(sent).toHaveLength(2);
});

test('a sign-in does not wait for a sign-out without an answer, and is not harmed by it', async ({
  page, context, handstamp,
}) => {
  const [first, second] = [await handstamp.addUser(), await handstamp.addUser()];
  await signIn(page, first);
  const { value } = (await refreshCookie(context))!;
  await open(page, '/login');
  await page.route('**/api/logout', () => new Promise(() => {}), { times: 1 });
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expectNothingStored(page);
  await fill(page, second);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expectGreeting(page, second);
  // The new session has replaced the old one.
  expect(await handstamp.refresh(value)).toContain('token_revoked');
  await page.reload();
  await expectGreeting(page, second);
});

test('if the clipboard is denied, the whole line is selected for copying by hand', async ({ page, handstamp }) => {
  await page.addInitScript(() => {
    navigator.clipboard.writeText = () => Promise.reject(new DOMException('denied', 'NotAllowedError'));
  });
  const user = await handstamp.addUser();
  await signIn(page, user);
  await page.getByRole('button', { name: 'Copy', exact: true }).click();

  await expect(page.getByText('Press Ctrl+C to copy.')).toBeVisible();
  await expect(page.getByRole('textbox')).toBeFocused();
  const selected = await page.evaluate(() => {
    const field = document.activeElement;
    const isField = field instanceof HTMLTextAreaElement || field instanceof HTMLInputElement;
    return isField ? field.value.slice(field.selectionStart ?? 0, field.selectionEnd ?? 0) : getSelection()?.toString();
  });
  expect(await runCurl(selected?.trim() ?? '', handstamp)).toContain(greeting(user));
});

test('signing out in one tab immediately signs out the other', async ({ page, context, handstamp }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  const other = await context.newPage();
  await open(other, '/dashboard');
  await expectGreeting(other, user);

  await signOut(page);
  await expectSignedOut(other, 'You are signed out.', 'You were signed out in another tab. This stamp no longer opens anything.');
  await expectNothingProtected(other, user);
});

test('the sign-in page of one tab notices a sign-in in another', async ({ page, context, handstamp }) => {
  const user = await handstamp.addUser();
  const other = await context.newPage();
  await open(other, '/login');
  await expect(other.getByText('You are signed in on this browser.')).toBeHidden();
  await signIn(page, user);
  await expect(other.getByText('You are signed in on this browser.')).toBeVisible();
});

test('the button works on pages other than the dashboard, which stay open', async ({ page, handstamp }) => {
  await signIn(page, await handstamp.addUser());
  await open(page, '/');
  await signOut(page);
  await expect(page.getByRole('banner').getByRole('link', { name: 'Sign in' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeHidden();
  await expect(page).toHaveURL('/');
  await expectNothingStored(page);
});

test('a page finds out at its next check that its session was ended from outside', async ({ page, handstamp, watch }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  const line = await copy(page, handstamp);
  const ended = await runCurl(line, handstamp, { end: true });
  expect(ended).toBe('200 {"msg":"Access token revoked"}');

  watch.announceEnd();
  await page.reload();
  await expectSignedOut(page, 'You were signed out from another device.', 'This session was ended. Sign in to get a new stamp.');
  await expectNothingProtected(page, user);
  await expectNothingStored(page);
});

test('an old token put back by hand opens nothing', async ({ page, handstamp, watch }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  const { device } = await stored(page);
  await signOut(page);
  await expectSignedOut(page, 'You are signed out.', 'This stamp no longer opens anything.');

  watch.announceEnd();
  await openDashboardWith(page, device!);
  await expectSignedOut(page, 'You were signed out from another device.', 'This session was ended. Sign in to get a new stamp.');
});

test('after a sign-out another user signs in on the same page', async ({ page, handstamp }) => {
  const [first, second] = [await handstamp.addUser(), await handstamp.addUser()];
  await signIn(page, first);
  await signOut(page);
  await page.getByRole('main').getByRole('link', { name: 'Sign in', exact: true }).click();
  await expect(page).toHaveURL(formFor('/dashboard'));
  await awake(page);
  await fill(page, second);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expectGreeting(page, second);
  expect((await page.content()).includes(first.name)).toBe(false);
});
