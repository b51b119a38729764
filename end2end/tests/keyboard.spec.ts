// Every task without a mouse.

import type { Locator, Page } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';
import { hold } from './support/network.ts';
import { expectGreeting, expectSignedOut, formFor, heading, open, signInByForm as signIn } from './support/steps.ts';

test('signing in and out works with the keyboard alone', async ({ page, handstamp }) => {
  const user = await handstamp.addUser();
  await open(page, '/login');
  await tabTo(page, page.getByLabel('Username'));
  await page.keyboard.type(user.name);
  await page.keyboard.press('Tab');
  await expect(page.getByLabel('Password', { exact: true })).toBeFocused();
  await page.keyboard.type(user.password);
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Show password' })).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('checkbox', { name: 'Keep me signed in on this device' })).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Sign in', exact: true })).toBeFocused();
  await page.keyboard.press('Enter');

  await expectGreeting(page, user);
  await tabTo(page, page.getByRole('button', { name: 'Sign out' }));
  await page.keyboard.press('Enter');
  // The server's answer moves the focus to the heading again.
  await expectSignedOut(page, 'You are signed out.', 'This stamp no longer opens anything.');
  await expect(heading(page, 'You are signed out.')).toBeFocused();
  await tabTo(page, page.getByRole('main').getByRole('link', { name: 'Sign in', exact: true }));
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(formFor('/dashboard'));
});

test('a focus that has moved on to "Sign in" stays there when the server confirms the sign-out', async ({
  page, handstamp,
}) => {
  await signIn(page, await handstamp.addUser());
  const logout = await hold(page, '**/api/logout');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expectSignedOut(page, 'You are signed out.', 'Waiting for the server to confirm.');
  await expect(heading(page, 'You are signed out.')).toBeFocused();
  const way = page.getByRole('main').getByRole('link', { name: 'Sign in', exact: true });
  await tabTo(page, way);
  logout.release();
  await expectSignedOut(page, 'You are signed out.', 'This stamp no longer opens anything.');
  await expect(way).toBeFocused();
});

test('the skip link leads past the header', async ({ page }) => {
  await page.goto('/');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL('/#main');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('main').locator(':focus')).toHaveCount(1);
});

/** Presses Tab until the element has the focus; it must be within reach. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let pressed = 0; pressed < 15; pressed += 1) {
    if (await target.evaluate(element => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  await expect(target).toBeFocused();
}
