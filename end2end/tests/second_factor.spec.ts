// An authenticator app and recovery codes: setting up, signing in with them, and what happens without.

import { createRequire } from 'node:module';
import type { Page } from '@playwright/test';
import { PNG } from 'pngjs';
import { code, enrolled, scan, type, type Enrolled } from './support/authenticator.ts';
import { expect, test } from './support/fixtures.ts';
import type { User } from './support/server.ts';
import {
  awake, comeBack, copy, dialog, endFromOutside, expectGreeting, fill, heading, open, signIn, signOut, stored,
} from './support/steps.ts';
import type { Watch } from './support/watch.ts';

type Reader = (data: Uint8ClampedArray, width: number, height: number) => { data: string } | null;
// Its types say that it is a module of another kind.
const jsQR = createRequire(import.meta.url)('jsqr') as Reader;

const CODE = 'Six-digit code of your authenticator app';

/** Types name and password into the sign-in form. The page of the second step opens. */
async function showPassword(page: Page, user: User, watch: Watch, { keep = true, from = '/login' } = {}): Promise<void> {
  watch.announceStatus(401, '/api/login');
  await open(page, from);
  await fill(page, user);
  await page.getByRole('checkbox', { name: 'Keep me signed in on this device' }).setChecked(keep);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page).toHaveURL(/\/login\/second-factor/);
  await awake(page);
}

async function showCode(page: Page, typed: string): Promise<void> {
  await page.getByLabel(CODE).fill(typed);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

async function showRecoveryCode(page: Page, typed: string): Promise<void> {
  await page.getByText('Use a recovery code instead').click();
  await page.getByLabel('Recovery code', { exact: true }).fill(typed);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

test('a user sets up an app with the picture, and from then on a sign-in asks for its code', async ({ page, handstamp, watch }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  await open(page, '/account');
  await expect(page.getByText('No authenticator app is set up.')).toBeVisible();
  await page.getByRole('button', { name: 'Set up an authenticator app' }).click();
  const picture = page.getByRole('img', { name: 'The secret as a QR code' });
  await expect(picture).toBeVisible();
  const { data, width, height } = PNG.sync.read(await picture.screenshot({ scale: 'device' }));
  const seen = jsQR(new Uint8ClampedArray(data), width, height);
  expect(seen, 'a camera reads the picture').not.toBeNull();
  const app = scan(seen!.data);
  expect(app.label).toBe(user.name);
  const secret = await page.locator('[data-part=secret]').innerText();
  expect(app.secret.base32).toBe(secret);
  expect(code(type(secret))).toBe(code(app));

  watch.announceStatus(401, '/api/confirm-totp');
  await page.getByLabel('Code that the app shows now').fill('000000');
  await page.getByRole('button', { name: 'Confirm' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'This code is wrong' })).toBeFocused();
  await page.getByLabel('Code that the app shows now').fill(code(app));
  await page.getByRole('button', { name: 'Confirm' }).click();
  await expect(page.getByRole('heading', { name: 'Your recovery codes' })).toBeFocused();
  const codes = (await copy(page, handstamp)).trim().split('\n');
  expect(codes).toHaveLength(10);
  expect(new Set(codes).size).toBe(10);
  await expect(page.getByText('Recovery codes that are left: 10.')).toBeVisible();
  await expect(page.getByText('An authenticator app is set up.')).toBeVisible();
  expect(await page.content(), 'the secret is gone').not.toContain(secret);

  await signOut(page);
  await showPassword(page, user, watch, { from: '/login?next=%2Fsessions%3Fx%3D1' });
  await expect(page.getByLabel(CODE)).toBeFocused();
  await expect(page.getByLabel(CODE)).toHaveAttribute('inputmode', 'numeric');
  await expect(page.getByLabel(CODE)).toHaveAttribute('autocomplete', 'one-time-code');
  const next = code(app, 'next');
  await showCode(page, `${next.slice(0, 3)} ${next.slice(3)}`);
  await expect(page).toHaveURL('/sessions?x=1');
  expect(await stored(page)).toEqual({ device: expect.stringMatching(/^"eyJ/), tab: null });
});

test('without "keep me signed in" the session stays in the tab, although the form was another page', async ({
  page, context, handstamp, watch,
}) => {
  const { user, app } = await enrolled(handstamp);
  await showPassword(page, user, watch, { keep: false });
  await showCode(page, code(app, 'next'));
  await expectGreeting(page, user);
  expect(await stored(page)).toEqual({ device: null, tab: expect.stringMatching(/^"eyJ/) });
  const kept = (await context.cookies()).find(({ name }) => name === 'handstamp_refresh');
  expect(kept?.expires, 'until the browser closes').toBe(-1);
});

test('a wrong code is asked for again, and a recovery code works once', async ({ page, handstamp, watch }) => {
  const { user, recoveryCodes } = await enrolled(handstamp);
  await showPassword(page, user, watch);
  watch.announceStatus(401, '/api/second-factor');
  await showCode(page, '000000');
  await expect(page.getByRole('alert')).toHaveText('This code is wrong, or it was used before. Type the next one.');
  await expect(page.getByLabel(CODE)).toHaveValue('');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page.getByRole('alert')).toHaveText('Enter the code of your app, or one recovery code.');
  await showRecoveryCode(page, recoveryCodes[4]!.toLowerCase().replaceAll('-', ' '));
  await expectGreeting(page, user);
  await open(page, '/account');
  await expect(page.getByText('Recovery codes that are left: 9.')).toBeVisible();

  await signOut(page);
  await showPassword(page, user, watch);
  await showRecoveryCode(page, recoveryCodes[4]!);
  await expect(page.getByRole('alert')).toHaveText('This code is wrong, or it was used before. Type the next one.');
});

test('a second step without a first says so, and leads to the sign-in form', async ({ page, handstamp, watch }) => {
  await open(page, '/login/second-factor?next=%2Fsessions');
  await expect(page.getByText('There is no sign-in to complete')).toBeVisible();
  await expect(page.getByRole('main').getByRole('link', { name: 'Sign in' })).toHaveAttribute('href', '/login?next=%2Fsessions');
  // A second tab completes the sign-in of the first.
  const { user, app, recoveryCodes } = await enrolled(handstamp);
  await showPassword(page, user, watch);
  const tab = await page.context().newPage();
  await open(tab, '/login/second-factor');
  await showCode(tab, code(app, 'next'));
  await expectGreeting(tab, user);
  watch.announceStatus(401, '/api/second-factor');
  await showRecoveryCode(page, recoveryCodes[0]!);
  await expect(page.getByRole('alert')).toHaveText('This sign-in took too long, or was ended. Start again.');
  await page.getByRole('link', { name: 'Start again' }).click();
  await expect(heading(page, 'Welcome back')).toBeVisible();
});

test('the dialog over a live page asks for the code after the password', async ({ page, handstamp, watch }) => {
  const { user, app, recoveryCodes } = await enrolled(handstamp);
  await showPassword(page, user, watch);
  await showRecoveryCode(page, recoveryCodes[0]!);
  await expectGreeting(page, user);
  await endFromOutside(page, handstamp);
  watch.announceEnd();
  watch.announceStatus(401, '/api/second-factor');
  await comeBack(page);
  await dialog(page).getByLabel('Password', { exact: true }).fill(user.password);
  await dialog(page).getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(dialog(page).getByLabel(CODE)).toBeFocused();
  await expect(dialog(page).getByLabel('Password', { exact: true })).toBeHidden();
  await dialog(page).getByLabel(CODE).fill('000000');
  await dialog(page).getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(dialog(page).getByRole('alert')).toHaveText('This code is wrong, or it was used before. Type the next one.');
  await dialog(page).getByLabel(CODE).fill(code(app, 'next'));
  await dialog(page).getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(dialog(page)).toBeHidden();
  await expectGreeting(page, user);
});

test('a user removes the app, and the password is enough again', async ({ page, handstamp, watch }) => {
  const { user, app } = await enrolled(handstamp);
  await showPassword(page, user, watch);
  await showCode(page, code(app, 'next'));
  await expectGreeting(page, user);
  await open(page, '/account');
  await page.getByRole('button', { name: 'Change', exact: true }).click();
  await page.getByRole('button', { name: 'Make new recovery codes' }).click();
  await expect(page.getByRole('heading', { name: 'Your recovery codes' })).toBeFocused();
  await page.getByRole('button', { name: 'Remove the app' }).click();
  await page.getByRole('button', { name: 'Keep it' }).first().click();
  await page.getByRole('button', { name: 'Remove the app' }).click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(page.getByText('No authenticator app is set up.')).toBeVisible();
  await expect(page.getByText('Recovery codes that are left')).toBeHidden();
  await signOut(page);
  await signIn(page, user);
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  async function post(page: Page, user: User): Promise<void> {
    await page.goto('/login?next=%2Fsessions');
    await fill(page, user);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await expect(page).toHaveURL('/login/second-factor?next=%2Fsessions');
  }

  test('two plain forms sign in', async ({ page, context, handstamp }) => {
    const { user, app }: Enrolled = await enrolled(handstamp);
    await post(page, user);
    await showCode(page, '000000');
    await expect(page.getByRole('alert')).toHaveText('This code is wrong, or it was used before. Type the next one.');
    await showCode(page, code(app, 'next'));
    await expect(page).toHaveURL('/sessions');
    const cookies = await context.cookies();
    expect(cookies.map(({ name }) => name)).toContain('handstamp_refresh');
  });

  test('a recovery code does, too', async ({ page, handstamp }) => {
    const { user, recoveryCodes } = await enrolled(handstamp);
    await post(page, user);
    await showRecoveryCode(page, recoveryCodes[9]!);
    await expect(page).toHaveURL('/sessions');
  });
});

test.describe('where a second factor is required', () => {
  test.use({ own: { REQUIRE_SECOND_FACTOR: 'all' } });

  test('a sign-in leads to setting it up, and then everywhere', async ({ page, handstamp, watch }) => {
    const user = await handstamp.addUser();
    await open(page, '/login');
    await fill(page, user);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await expect(page).toHaveURL('/account');
    await awake(page);
    await expect(page.getByText('This server requires a second factor.')).toBeVisible();
    // Every other page leads here.
    await page.goto('/sessions');
    await expect(page).toHaveURL('/account');
    await page.getByRole('button', { name: 'Set up an authenticator app' }).click();
    await expect(page.locator('[data-part=secret]')).toHaveText(/^[A-Z2-7]{32}$/);
    const app = type(await page.locator('[data-part=secret]').innerText());
    await page.getByLabel('Code that the app shows now').fill(code(app));
    await page.getByRole('button', { name: 'Confirm' }).click();
    await expect(page.getByRole('heading', { name: 'Your recovery codes' })).toBeFocused();
    await expect(page.getByText('This server requires')).toBeHidden();
    await open(page, '/dashboard');
    await expectGreeting(page, user);
    await signOut(page);
    await showPassword(page, user, watch);
    await showCode(page, code(app, 'next'));
    await expectGreeting(page, user);
  });
});
