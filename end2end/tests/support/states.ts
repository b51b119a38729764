// Every state in which a page can be seen, and the steps that lead there.

import { type BrowserContext, type BrowserContextOptions, type Page, expect } from '@playwright/test';
import { hold } from './network.ts';
import type { Server } from './server.ts';
import { copy, expectGreeting, fill, heading, open, openDashboardWith, signIn, signOut } from './steps.ts';
import type { Watch } from './watch.ts';

export type Scene = {
  page: Page;
  context: BrowserContext;
  handstamp: Server;
  watch: Watch;
  otherBrowser: (options?: BrowserContextOptions) => Promise<Page>;
};
export type State = { name: string; reach: (scene: Scene) => Promise<void> };

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();

/** On a server that has users, with sign-up open. */
export const ordinary: State[] = [
  state('home', ({ page }) => open(page, '/')),
  state('home signed in', async ({ page, handstamp }) => {
    await signIn(page, await handstamp.addUser());
    await open(page, '/');
    await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible();
  }),
  state('not found', async ({ page, watch }) => {
    watch.announceStatus(404, '/nothing');
    await page.goto('/nothing');
    await expect(heading(page, 'There is nothing here.')).toBeVisible();
  }),
  state('inspector', ({ page }) => open(page, '/inspector')),
  ...['Example', 'Expired', 'Unsigned'].map(name =>
    state(`inspector ${name.toLowerCase()}`, async ({ page }) => {
      await open(page, '/inspector');
      await press(page, name);
      await expect(page.locator('#verdict')).toHaveAttribute('data-state', 'bad');
      await expect(page.locator('#check-signature-words')).not.toHaveText('Checking');
    }),
  ),
  state('inspector with the own token', async ({ page, handstamp }) => {
    await signIn(page, await handstamp.addUser());
    await open(page, '/inspector');
    await press(page, 'Use mine');
    await expect(page.locator('#verdict')).toHaveAttribute('data-state', 'open');
  }),
  state('inspector with mistakes', async ({ page }) => {
    await open(page, '/inspector');
    await page.getByLabel('Token', { exact: true }).fill('Bearer "a.b+=.c"');
    await expect(page.locator('.mistakes > :not([hidden])')).toHaveCount(3);
  }),
  state('login', ({ page }) => open(page, '/login')),
  state('login with empty fields', async ({ page }) => {
    await open(page, '/login');
    await press(page, 'Sign in');
    await expect(page.getByText('Enter your password.').first()).toBeVisible();
  }),
  state('login with a wrong password', async ({ page, handstamp, watch }) => {
    watch.announceStatus(401, '/api/login');
    await open(page, '/login');
    await fill(page, { name: 'ada', password: handstamp.newPassword() });
    await press(page, 'Sign in');
    await expect(page.getByRole('alert')).toHaveText('Bad username or password.');
  }),
  state('login under way', async ({ page, handstamp }) => {
    await hold(page, '**/api/login');
    await open(page, '/login');
    await fill(page, { name: 'ada', password: handstamp.newPassword() });
    await press(page, 'Sign in');
    await expect(page.locator('button[aria-busy="true"]')).toBeVisible();
  }),
  state('login when signed in', async ({ page, handstamp }) => {
    await signIn(page, await handstamp.addUser());
    await open(page, '/login');
    await expect(page.getByText('You are signed in on this browser.')).toBeVisible();
  }),
  state('login with Caps Lock', async ({ page }) => {
    await open(page, '/login');
    await page.getByLabel('Password', { exact: true }).dispatchEvent('keydown', { key: 'A', modifierCapsLock: true });
    await expect(page.getByText('Caps Lock is on.')).toBeVisible();
  }),
  state('login without its program', async ({ page, watch }) => {
    watch.announceFailure('ERR_FAILED', /^\/pkg\/handstamp.*\.wasm$/);
    await page.route('**/*.wasm', route => route.abort());
    await page.goto('/login');
    await expect(page.getByText("This page's program did not load.")).toBeVisible();
  }),
  state('sign-up', ({ page }) => open(page, '/signup')),
  ...Object.entries({ weak: 'password1234567', middling: 'ada.lovelace.1815', strong: 'correct horse battery staple' }).map(
    ([name, password]) => state(`sign-up with a ${name} password`, async ({ page }) => {
      await open(page, '/signup');
      await page.getByLabel('Password', { exact: true }).fill(password);
      await expect(page.locator('.strength__meter[data-score]')).toBeVisible();
    }),
  ),
  state('sign-up with errors', async ({ page }) => {
    await open(page, '/signup');
    await fill(page, { name: '', password: 'short' });
    await press(page, 'Create account');
    await expect(page.getByText('Use at least 15 characters.').first()).toBeVisible();
  }),
  state('dashboard', async ({ page, handstamp }) => {
    await signIn(page, await handstamp.addUser());
    await expect(page.getByRole('timer')).toBeVisible();
  }),
  state('dashboard with the longest name', async ({ page, handstamp }) => {
    await signIn(page, await handstamp.addUser('m'.repeat(64)));
  }),
  state('dashboard with the line copied', async ({ page, handstamp }) => {
    await signIn(page, await handstamp.addUser());
    await copy(page, handstamp);
  }),
  state('dashboard with the clipboard denied', async ({ page, handstamp }) => {
    await page.addInitScript(() => {
      navigator.clipboard.writeText = () => Promise.reject(new DOMException('denied', 'NotAllowedError'));
    });
    await signIn(page, await handstamp.addUser());
    await press(page, 'Copy');
    await expect(page.getByText('Press Ctrl+C to copy.')).toBeVisible();
  }),
  state('dashboard waiting', async ({ page, handstamp }) => {
    await signIn(page, await handstamp.addUser());
    const answer = await hold(page, '**/api/greeting');
    await page.reload({ waitUntil: 'commit' });
    await answer.arrived;
  }),
  state('dashboard without its greeting', async ({ page, handstamp, watch }) => {
    await signIn(page, await handstamp.addUser());
    watch.announceFailure('ERR_FAILED', '/api/greeting');
    await page.route('**/api/greeting', route => route.abort());
    await page.reload();
    await expect(heading(page, 'Your greeting did not arrive.')).toBeVisible();
  }),
  state('signed out', async ({ page, handstamp }) => {
    await signIn(page, await handstamp.addUser());
    await signOut(page);
    await expect(page.getByText('This stamp no longer opens anything.')).toBeVisible();
  }),
  state('signed out unconfirmed', async ({ page, handstamp, watch }) => {
    await signIn(page, await handstamp.addUser());
    watch.announceFailure('ERR_FAILED', '/api/logout');
    await page.route('**/api/logout', route => route.abort());
    await signOut(page);
    await expect(page.getByText('The server did not confirm it.')).toBeVisible();
  }),
  state('signed out in another tab', async ({ page, context, handstamp }) => {
    const user = await handstamp.addUser();
    await signIn(page, user);
    const other = await context.newPage();
    await open(other, '/dashboard');
    await expectGreeting(other, user);
    await signOut(other);
    await expect(page.getByText('You were signed out in another tab.')).toBeVisible();
    await other.close();
  }),
  state('dashboard out of time without a server', async ({ page, handstamp, watch }) => {
    await page.clock.install();
    await signIn(page, await handstamp.addUser());
    watch.announceFailure('ERR_FAILED', '/api/refresh');
    await page.route('**/api/refresh', route => route.abort());
    await page.clock.fastForward('06:00');
    await expect(page.getByText('left; waits for the server')).toBeVisible();
  }),
  state('login refused', async ({ page }) => {
    await open(page, '/login?error=bad_credentials');
    await expect(page.getByText('Bad username or password.')).toBeVisible();
  }),
  state('stamp not valid', async ({ page }) => {
    await openDashboardWith(page, '5');
    await expect(heading(page, 'This stamp is not valid.')).toBeVisible();
  }),
  state('storage denied', async ({ page }) => {
    await page.addInitScript(() => {
      const denied = { get: () => { throw new DOMException('denied', 'SecurityError'); } };
      Object.defineProperties(window, { localStorage: denied, sessionStorage: denied });
    });
    await open(page, '/dashboard');
    await expect(heading(page, 'This browser keeps no stamp.')).toBeVisible();
  }),
  state('menu', ({ page }) => openMenu(page)),
  state('menu of an administrator', async ({ page, handstamp }) => {
    await signIn(page, await handstamp.addAdmin());
    await openMenu(page);
  }),
];

/** On a server without an account. */
export const firstRun: State[] = [
  state('set-up', ({ page, handstamp }) => open(page, handstamp.setupLink())),
  state('set-up with a wrong code', async ({ page, handstamp, watch }) => {
    watch.announceStatus(403, '/api/setup');
    await open(page, '/setup#made-up');
    await fill(page, { name: 'ada', password: handstamp.newPassword() });
    await press(page, 'Create administrator');
    await expect(page.getByText('This code is not the one the server printed.')).toBeVisible();
  }),
];

/** On a server where sign-up is closed. */
export const closed: State[] = [
  state('sign-up invited', async ({ page }) => {
    await open(page, '/signup#made-up');
    await expect(heading(page, 'Create an account')).toBeVisible();
  }),
  state('sign-up closed', async ({ page }) => {
    await page.goto('/signup');
    await expect(heading(page, 'Sign-up is closed')).toBeVisible();
  }),
];

export function state(name: string, reach: State['reach']): State {
  return { name, reach };
}

async function openMenu(page: Page): Promise<void> {
  await page.setViewportSize({ width: 390, height: 844 });
  await open(page, '/');
  await press(page, 'Menu');
  await expect(page.getByRole('banner').getByRole('link', { name: 'Inspector' })).toBeVisible();
}
