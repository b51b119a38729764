// What every page has: a title, one heading, landmarks, a link onward. And the page for unknown addresses.

import type { Page } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';
import { greeting, heading, open, signIn } from './support/steps.ts';

for (const [path, title, name] of [
  ['/', 'Handstamp', 'Signed out means signed out.'],
  ['/login', 'Sign in · Handstamp', 'Welcome back'],
  ['/signup', 'Create an account · Handstamp', 'Create an account'],
  ['/inspector', 'Inspector · Handstamp', 'What is in a stamp?'],
] as const) {
  test(`${path} has its title, one heading, and the landmarks of every page`, async ({ page }) => {
    await open(page, path);
    await expectWhole(page, title, name);
  });
}

test('the pages for users have their titles, one heading each, and the landmarks of every page', async ({ page, handstamp }) => {
  const user = await handstamp.addAdmin();
  await signIn(page, user);
  for (const [path, title, name] of [
    ['/dashboard', 'Dashboard · Handstamp', greeting(user)],
    ['/sessions', 'Sessions · Handstamp', 'Where you are signed in'],
    ['/account', 'Account · Handstamp', 'Your account'],
    ['/admin', 'Users · Handstamp', 'Users'],
    ['/admin/events', 'Events · Handstamp', 'Events'],
    ['/admin/keys', 'Keys · Handstamp', 'Keys'],
  ] as const) {
    await open(page, path);
    await expectWhole(page, title, name);
  }
});

test('the header marks the present page', async ({ page, handstamp }) => {
  const pages = page.getByRole('navigation', { name: 'Pages' });
  await page.goto('/login');
  await expect(pages.getByRole('link', { name: 'Sign in' })).toHaveAttribute('aria-current', 'page');
  await expect(pages.locator('[aria-current]:visible')).toHaveCount(1);
  await signIn(page, await handstamp.addUser());
  await expect(pages.getByRole('link', { name: 'Dashboard' })).toHaveAttribute('aria-current', 'page');
});

test('the header shows whether the visitor is signed in, on the start page too', async ({ page, handstamp }) => {
  await open(page, '/');
  const main = page.getByRole('main');
  const header = page.getByRole('banner');
  await expect(header.getByRole('link', { name: 'Sign in' })).toBeVisible();
  await expect(header.getByRole('link', { name: 'Dashboard' })).toBeHidden();
  await expect(main.getByRole('link', { name: 'Sign in', exact: true })).toBeVisible();

  await signIn(page, await handstamp.addUser());
  await open(page, '/');
  await expect(header.getByRole('link', { name: 'Sign in' })).toBeHidden();
  await expect(header.getByRole('link', { name: 'Dashboard' })).toBeVisible();
  await main.getByRole('link', { name: 'Go to your dashboard' }).click();
  await expect(page).toHaveURL('/dashboard');
});

for (const path of ['/nothing', '/dashboard/more', '/pkg/', '/.git/config', '/Cargo.toml', '/..%2fCargo.toml']) {
  test(`${path} is answered with status 404 and a page that leads on`, async ({ page, watch }) => {
    watch.announceStatus(404, path);
    const answer = await page.goto(path);
    expect(answer?.status()).toBe(404);
    await expect(page).toHaveTitle('Not found · Handstamp');
    await expect(heading(page, 'There is nothing here.')).toBeVisible();
    await expect(page.getByText('The address may be mistyped, or the page has moved.')).toBeVisible();
    await page.getByRole('link', { name: 'Go to the start' }).click();
    await expect(page).toHaveURL('/');
  });
}

async function expectWhole(page: Page, title: string, name: string): Promise<void> {
  await expect(page).toHaveTitle(title);
  await expect(heading(page, name)).toBeVisible();
  await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
  await expect(page.getByRole('navigation', { name: 'Pages' })).toBeVisible();
  await expect(page.getByRole('main')).toHaveCount(1);
  await expect(page.getByRole('contentinfo')).toContainText('Signed out means signed out.');
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
}
