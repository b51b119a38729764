// The Back button after sign-out, in a Chromium that keeps left pages in its memory, as users' browsers do.
//
// Playwright starts Chromium without that memory; here it stays on. Chromium may take a page from it although the page
// said `no-store`, so the page itself must check again.

import { launchOptions } from '../playwright.config.ts';
import { expect, test } from './support/fixtures.ts';
import {
  awake, expectNothingProtected, expectNothingStored, expectSignedOut, formFor, heading, signInByForm as signIn, signOut,
} from './support/steps.ts';

test.use({ launchOptions: { ...launchOptions, ignoreDefaultArgs: ['--disable-back-forward-cache'] } });

test('the Back button shows nothing protected after sign-out on another page (A35, H5)', async ({ page, handstamp }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  await page.getByRole('link', { name: 'Handstamp', exact: true }).first().click();
  await expect(page).toHaveURL('/');
  await awake(page);
  await signOut(page);
  await expectNothingStored(page);

  // Does not wait for `load`: a page from the memory does not load.
  await page.goBack({ waitUntil: 'commit' });
  // Loaded again, or taken from the memory.
  await expect(heading(page, 'Welcome back').or(heading(page, 'You are signed out.'))).toBeVisible();
  await expectNothingProtected(page, user);
});

test('the Back button shows nothing protected after sign-out on the dashboard (A35, H5)', async ({ page, handstamp }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  await signOut(page);
  await page.getByRole('main').getByRole('link', { name: 'Sign in', exact: true }).click();
  await expect(page).toHaveURL(formFor('/dashboard'));
  await awake(page);

  await page.goBack({ waitUntil: 'commit' });
  await expect(heading(page, 'Welcome back').or(heading(page, 'You are signed out.'))).toBeVisible();
  await expectNothingProtected(page, user);
});

test('a page that comes back out of the browser\'s memory checks again who is signed in', async ({ page, handstamp }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  // What the Back button does with a page from the memory: the page heard no storage event, and gets only this event.
  await page.evaluate(() => {
    localStorage.clear();
    dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
  });
  await expectSignedOut(page, 'You are signed out.', 'This stamp no longer opens anything.');
  await expectNothingProtected(page, user);
});
