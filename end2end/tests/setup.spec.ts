// The first run: one link, printed once, makes one administrator.

import type { Page } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';
import { addresses, hold, requestsTo } from './support/network.ts';
import { type Server, newName } from './support/server.ts';
import { expectGreeting, expectNothingStored, fill, heading, open } from './support/steps.ts';

test.use({ own: {}, settled: false });

test('the link from the console makes the administrator, who comes to the dashboard; a second use gets a 404', async ({
  page, handstamp, watch,
}) => {
  const link = handstamp.setupLink();
  const user = newUser(handstamp);
  await open(page, link);
  await expect(page).toHaveTitle('Set up · Handstamp');
  await expect(heading(page, 'Make the first account')).toBeVisible();
  await fill(page, user);
  await create(page).click();

  await expectGreeting(page, user);
  await expect(page.getByRole('main')).toContainText('admin');
  expect(new URL(page.url()).hash, 'the code has left the address bar').toBe('');

  watch.announceStatus(404, '/setup');
  expect((await page.goto(link))?.status()).toBe(404);
  await expect(heading(page, 'There is nothing here.')).toBeVisible();
});

test('the link works before the program has loaded, and the code is in no address', async ({ page, handstamp }) => {
  const program = await hold(page, '**/*.wasm');
  const link = handstamp.setupLink();
  const asked = addresses(page);
  const user = newUser(handstamp);
  await page.goto(link, { waitUntil: 'domcontentloaded' });
  await fill(page, user);
  await create(page).click();
  await expect(page).toHaveURL('/dashboard');
  program.release();
  await expectGreeting(page, user);
  const code = new URL(link).hash.slice(1);
  // A fragment never leaves the browser; here it is part of what Playwright calls the address of the page.
  expect(asked.filter(url => url !== link && url.includes(code))).toEqual([]);
});

test('of two browsers that use the link at once exactly one becomes administrator', async ({
  page, otherBrowser, handstamp, watch,
}) => {
  watch.announceStatus(404, '/api/setup');
  const link = handstamp.setupLink();
  const pages = [page, await otherBrowser()];
  const claims = await Promise.all(pages.map(async page => {
    const claim = await hold(page, '**/api/setup');
    await open(page, link);
    await fill(page, newUser(handstamp));
    await create(page).click();
    await claim.arrived;
    return claim;
  }));
  // Both requests wait, and then both are let through.
  for (const claim of claims) claim.release();

  const outcome = await Promise.all(pages.map(async page => {
    const won = heading(page, /^Hello, /);
    const lost = page.getByRole('alert');
    await expect(won.or(lost)).toBeVisible();
    return (await won.isVisible()) ? 'won' : lost.innerText();
  }));
  expect(outcome.sort()).toEqual([expect.stringContaining('There is an administrator already. Sign in instead.'), 'won']);
});

test('a wrong code makes no administrator', async ({ page, handstamp, watch }) => {
  watch.announceStatus(403, '/api/setup');
  await open(page, '/setup#made-up');
  await fill(page, newUser(handstamp));
  await create(page).click();

  await expect(page.getByRole('alert')).toContainText('This code is not the one the server printed. Copy the whole link.');
  await expectNothingStored(page);
  // The right link still works.
  await createAdministrator(page, handstamp);
});

test('before there is an administrator nobody signs up, and the page says who does what', async ({ page, handstamp, watch }) => {
  watch.announceStatus(403, '/api/signup');
  await open(page, '/signup');
  await fill(page, newUser(handstamp));
  await page.getByRole('button', { name: 'Create account' }).click();

  await expect(page.getByRole('alert')).toContainText('Its operator opens the link that the server printed at its start.');
  await expectNothingStored(page);
  // A stranger has not closed it.
  await createAdministrator(page, handstamp);
});

test('without a code the page says where the link is, and sends nothing', async ({ page, handstamp }) => {
  const sent = requestsTo(page, '/api/setup');
  await open(page, '/setup');
  await fill(page, newUser(handstamp));
  await create(page).click();

  await expect(page.getByText('Open the link that the server printed when it started. It ends in a code.')).toBeVisible();
  expect(sent).toEqual([]);
  await expectNothingStored(page);
});

function create(page: Page) {
  return page.getByRole('button', { name: 'Create administrator' });
}

function newUser(handstamp: Server) {
  return { name: newName(), password: handstamp.newPassword() };
}

/** Opens the link that the server printed, and creates the administrator, who is then signed in. */
async function createAdministrator(page: Page, handstamp: Server) {
  await open(page, handstamp.setupLink());
  const user = newUser(handstamp);
  await fill(page, user);
  await create(page).click();
  await expectGreeting(page, user);
}
