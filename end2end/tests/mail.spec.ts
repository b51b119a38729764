// Mail: an address for the account, and a new password for one that was forgotten. The mails are files in the outbox.

import type { Page } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';
import type { Server, User } from './support/server.ts';
import { expectFieldError, expectGreeting, expectPutOut, fill, heading, open, signIn } from './support/steps.ts';

const CONFIRM = 'Confirm your email address';
const RESET = 'Choose a new password';

test('an address is asked for in the account, and counts when the link in its mail is confirmed', async ({
  page, otherBrowser, handstamp,
}) => {
  const user = await handstamp.addUser();
  const address = `${user.name}@example.org`;
  await signIn(page, user);
  await open(page, '/account');
  await expect(page.getByText('Your address: none')).toBeVisible();
  await ask(page, address);
  await expect(page.getByRole('status').filter({ hasText: `Open the link in the mail to ${address}.` })).toBeFocused();

  // On another device, and twice: opening the link uses nothing up.
  const link = await handstamp.linkMailed(address, CONFIRM);
  const phone = await otherBrowser();
  await phone.goto(link);
  await phone.goto(link);
  await expect(heading(phone, 'Confirm your email address')).toBeVisible();
  await phone.getByRole('button', { name: 'Confirm' }).click();
  await expect(heading(phone, 'Your address is confirmed')).toBeVisible();

  await page.reload();
  await expect(page.getByText(`Your address: ${address}`)).toBeVisible();
  await handstamp.mail(address, 'Your email address was confirmed');
  await phone.goto(link);
  await phone.getByRole('button', { name: 'Confirm' }).click();
  await expect(phone.getByRole('alert')).toHaveText('This link does not work any more. Ask for another one.');
});

test('what is no address is reported at its field', async ({ page, handstamp, watch }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  await open(page, '/account');
  watch.announceStatus(400, '/api/change-email');
  await ask(page, 'ada');
  await expectFieldError(page, 'New address', 'Enter an email address, like ada@example.org.');
  await expect(page.getByLabel('New address')).toHaveValue('ada');
});

test('a new password by mail is chosen in another browser, ends the session here, and signs in with the address', async ({
  page, otherBrowser, handstamp, watch,
}) => {
  const user = await withAddress(page, handstamp);
  await open(page, '/dashboard');
  await expectGreeting(page, user);
  const phone = await otherBrowser();
  await open(phone, '/login');
  await phone.getByRole('link', { name: 'Forgot your password?' }).click();
  await expect(heading(phone, 'Forgotten password')).toBeVisible();
  await phone.getByLabel('Username or email address').fill(user.name);
  await phone.getByRole('button', { name: 'Send the link' }).click();
  await expect(heading(phone, 'Look into your mail')).toBeVisible();

  const tablet = await otherBrowser();
  await tablet.goto(await handstamp.linkMailed(user.address, RESET));
  await tablet.getByLabel('New password').fill('short');
  await tablet.getByRole('button', { name: 'Change password' }).click();
  await expect(tablet.getByRole('alert')).toHaveText('Use at least 15 characters.');
  const password = handstamp.newPassword();
  await tablet.getByLabel('New password').fill(password);
  await tablet.getByRole('button', { name: 'Change password' }).click();
  await expect(heading(tablet, 'Your password is changed')).toBeVisible();
  await handstamp.mail(user.address, 'Your password was changed');

  await tablet.getByRole('link', { name: 'Sign in' }).last().click();
  await expect(tablet.getByLabel('Username or email address')).toBeVisible();
  await fill(tablet, { name: user.address, password });
  await tablet.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expectGreeting(tablet, user);
  watch.announceEnd();
  await expectPutOut(page, user);
});

test('an account that does not exist gets the same answer', async ({ page }) => {
  await page.goto('/password/forgot');
  await page.getByLabel('Username or email address').fill('nobody-of-this-name');
  await page.getByRole('button', { name: 'Send the link' }).click();
  await expect(heading(page, 'Look into your mail')).toBeVisible();
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('a new password by mail is chosen, and signs in', async ({ browser, baseURL, page, handstamp, watch }) => {
    const allowed = await browser.newContext({ baseURL: baseURL!, javaScriptEnabled: true });
    await watch.ready();
    const other = await allowed.newPage();
    const user = await withAddress(other, handstamp);
    await other.goto('about:blank');

    await page.goto('/login');
    await page.getByRole('link', { name: 'Forgot your password?' }).click();
    await page.getByLabel('Username or email address').fill(user.address);
    await page.getByRole('button', { name: 'Send the link' }).click();
    await expect(heading(page, 'Look into your mail')).toBeVisible();
    await page.goto(await handstamp.linkMailed(user.address, RESET));
    const password = handstamp.newPassword();
    await page.getByLabel('New password').fill(password);
    await page.getByRole('button', { name: 'Change password' }).click();
    await expect(heading(page, 'Your password is changed')).toBeVisible();
    await page.goto('/login');
    await fill(page, { name: user.address, password });
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await expect(page).toHaveURL('/dashboard');
    await allowed.close();
  });
});

async function ask(page: Page, address: string): Promise<void> {
  await page.getByLabel('New address').fill(address);
  await page.getByRole('button', { name: 'Send the link' }).click();
}

/** A user who is signed in on this page, and has an address. */
async function withAddress(page: Page, handstamp: Server): Promise<User & { address: string }> {
  const user = await handstamp.addUser();
  const address = `${user.name}@example.org`;
  await signIn(page, user);
  await open(page, '/account');
  await ask(page, address);
  await page.goto(await handstamp.linkMailed(address, CONFIRM));
  await page.getByRole('button', { name: 'Confirm' }).click();
  await expect(heading(page, 'Your address is confirmed')).toBeVisible();
  return { ...user, address };
}
