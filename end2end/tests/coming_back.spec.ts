// A page that needs a user gives a visitor without a session the sign-in form immediately, and the form leads back to
// exactly where the visitor was. It leads to no other site, whatever its address says.

import type { Page } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';
import { hold } from './support/network.ts';
import { type User, newName } from './support/server.ts';
import {
  awake, dialog, endFromOutside, expectForm, expectGreeting, expectSignedOut, fill, formFor, heading, open, signIn, signInByForm, signOut,
} from './support/steps.ts';

const HERE = '/sessions?x=1#here';
const LIST = 'Where you are signed in';

for (const path of [HERE, '/dashboard', '/account#password', '/admin?page=2', '/admin/events', '/admin/keys']) {
  test(`a visitor without a session who opens ${path} gets the form, and comes back when signed in`, async ({ page, handstamp }) => {
    const user = await handstamp.addAdmin();
    await page.goto('/');
    await open(page, path);
    await expectForm(page, path);
    await submit(page, user);
    await expect(page).toHaveURL(path);
    await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible();
    await awake(page);
  });
}

test('the form comes before the program has loaded, and Back leads to the page before', async ({ page }) => {
  const program = await hold(page, '**/*.wasm');
  await page.goto('/', { waitUntil: 'domcontentloaded' });
  await page.goto(HERE, { waitUntil: 'commit' });
  await expectForm(page, HERE);
  program.release();
  await awake(page);
  await page.goBack();
  await expect(page).toHaveURL('/');
});

test('"Sign in" in the header leads back, also after a sign-out here and with the present fragment', async ({ page, handstamp }) => {
  const [ada, grace] = [await handstamp.addUser(), await handstamp.addUser()];
  await signIn(page, ada);
  await open(page, HERE);
  await expect(heading(page, LIST)).toBeVisible();
  await signOut(page);
  await expectSignedOut(page, 'You are signed out.', 'This stamp no longer opens anything.');
  await page.evaluate(() => { location.hash = 'there'; });
  const way = page.getByRole('banner').getByRole('link', { name: 'Sign in' });
  await expect(way).toHaveAttribute('href', formFor('/sessions?x=1#there'));
  await expect(page.getByRole('main').getByRole('link', { name: 'Sign in' })).toHaveAttribute('href', formFor('/sessions?x=1#there'));
  await way.click();
  await awake(page);
  await submit(page, grace);
  await expect(page).toHaveURL('/sessions?x=1#there');
  await expect(heading(page, LIST)).toBeVisible();
});

test('a page whose session has ended explains it, and its link leads to the form and back', async ({ page, handstamp, watch }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  await endFromOutside(page, handstamp);
  watch.announceEnd();
  await open(page, HERE);
  await expectSignedOut(page, 'You were signed out from another device.', 'This session was ended.');
  await page.getByRole('main').getByRole('link', { name: 'Sign in' }).click();
  await awake(page);
  await expectForm(page, HERE);
  await submit(page, user);
  await expect(page).toHaveURL(HERE);
  await expect(heading(page, LIST)).toBeVisible();
});

test('a cancelled dialog leaves a link to the form and back', async ({ page, handstamp, watch }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  await open(page, HERE);
  await expect(heading(page, LIST)).toBeVisible();
  watch.announceEnd();
  await endFromOutside(page, handstamp);
  await page.evaluate(() => dispatchEvent(new Event('focus')));
  await expect(dialog(page)).toBeVisible();
  await page.keyboard.press('Escape');
  await expectSignedOut(page, 'You were signed out from another device.', 'This session was ended.');
});

test('a wrong password, and then a new account, keep the way back', async ({ page, handstamp, watch }) => {
  watch.announceStatus(401, '/api/login');
  await open(page, HERE);
  await fill(page, { name: 'nobody', password: handstamp.newPassword() });
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page.getByRole('alert')).toHaveText('Bad username or password.');
  await page.getByRole('main').getByRole('link', { name: 'Create an account' }).click();
  await expect(page).toHaveURL(`/signup?next=${encodeURIComponent(HERE)}`);
  await awake(page);
  await fill(page, { name: newName(), password: handstamp.newPassword() });
  await page.getByRole('button', { name: 'Create account', exact: true }).click();
  await expect(page).toHaveURL(HERE);
  await expect(heading(page, LIST)).toBeVisible();
});

test('a user who is already signed in goes from the form straight to the page that was asked for', async ({ page, handstamp }) => {
  await signIn(page, await handstamp.addUser());
  await open(page, formFor(HERE));
  await page.getByRole('link', { name: 'Go on to your page' }).click();
  await expect(page).toHaveURL(HERE);
  await expect(heading(page, LIST)).toBeVisible();
});

test('a link on another site does not sign out a user without "keep me signed in": the browser first sends no cookie', async ({
  page, context, handstamp, foreign,
}) => {
  const user = await handstamp.addUser();
  await signInByForm(page, user, { keep: false });
  const tab = await context.newPage();
  await tab.goto(await foreign('127.0.0.1', `<!doctype html><title>foreign</title><a href="${handstamp.origin}${HERE}">go</a>`));
  await tab.getByRole('link').click();
  await expect(heading(tab, LIST)).toBeVisible();
  await expect(tab).toHaveURL(HERE);
});

test('a link on another site brings a visitor without a session the form immediately', async ({ page, handstamp, foreign }) => {
  await page.goto(await foreign('127.0.0.1', `<!doctype html><title>foreign</title><a href="${handstamp.origin}${HERE}">go</a>`));
  await page.getByRole('link').click();
  await expectForm(page, HERE);
});

for (const next of [
  '//evil.example', '/\\evil.example', '/\t/evil.example', '/\r\n/evil.example', '/..//evil.example', '/.//evil.example',
  'https://evil.example', 'https:evil.example', 'javascript:alert(1)', '@evil.example', '%2f%2fevil.example', ' //evil.example',
  '', `/${'x'.repeat(8 * 1024)}`,
]) {
  test(`next=${JSON.stringify(next.slice(0, 30))} is ignored: the dashboard opens`, async ({ page, handstamp }) => {
    const user = await handstamp.addUser();
    // The watch of every test reports a request to another origin.
    await open(page, formFor(next));
    await submit(page, user);
    await expectGreeting(page, user);
  });
}

test('an address with two "next" values leads to the dashboard', async ({ page, handstamp }) => {
  const user = await handstamp.addUser();
  await open(page, '/login?next=/sessions&next=/account');
  await submit(page, user);
  await expectGreeting(page, user);
});

for (const [next, path] of [
  ['/%2f%2fevil.example', '/%2f%2fevil.example'],
  ['/a\\b', '/a/b'],
  ['/caf\u{e9}?\u{fc}=\u{1f511}', '/caf%C3%A9?%C3%BC=%F0%9F%94%91'],
] as const) {
  test(`next=${next} leads to a page of our own, although that page does not exist`, async ({ page, handstamp, watch }) => {
    watch.announceStatus(404, new URL(path, 'http://x').pathname);
    await open(page, formFor(next));
    await submit(page, await handstamp.addUser());
    await expect(heading(page, 'There is nothing here.')).toBeVisible();
    expect(page.url()).toBe(handstamp.origin + path);
  });
}

test('a form sent before the program has loaded leads back too, also after a refused attempt', async ({ page, handstamp }) => {
  const user = await handstamp.addUser();
  const program = await hold(page, '**/*.wasm');
  await page.goto(HERE, { waitUntil: 'commit' });
  await expectForm(page, HERE);
  for (const password of [handstamp.newPassword(), user.password]) {
    await fill(page, { ...user, password });
    await page.getByLabel('Password', { exact: true }).press('Enter');
    if (password !== user.password) {
      await expect(page).toHaveURL(`${formFor(HERE)}&error=bad_credentials`);
      await expect(page.getByText('Bad username or password.')).toBeFocused();
    }
  }
  await expect(page).toHaveURL(HERE);
  program.release();
  await expect(heading(page, LIST)).toBeVisible();
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('the link on a page for users leads to the form and back, after a refused attempt and with a new account too', async ({
    page, handstamp, watch,
  }) => {
    watch.tolerateUnusedProgram();
    await page.goto('/sessions?x=1');
    await page.getByRole('banner').getByRole('link', { name: 'Sign in' }).click();
    await expect(page).toHaveURL(formFor('/sessions?x=1'));
    const user = await handstamp.addUser();
    await fill(page, { ...user, password: handstamp.newPassword() });
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await expect(page.getByText('Bad username or password.')).toBeVisible();
    await fill(page, user);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await expect(page).toHaveURL('/sessions?x=1');

    await page.getByRole('button', { name: 'Sign out' }).click();
    await expect(page).toHaveURL('/');
    await page.goto(formFor(HERE));
    await page.getByRole('main').getByRole('link', { name: 'Create an account' }).click();
    await fill(page, { name: newName(), password: handstamp.newPassword() });
    await page.getByRole('button', { name: 'Create account', exact: true }).click();
    await expect(page).toHaveURL(HERE);
  });

  test('a form with a hostile address leads to the dashboard', async ({ page, handstamp, watch }) => {
    watch.tolerateUnusedProgram();
    await page.goto(formFor('//evil.example'));
    await fill(page, await handstamp.addUser());
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await expect(page).toHaveURL('/dashboard');
  });
});

async function submit(page: Page, user: User): Promise<void> {
  await fill(page, user);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}
