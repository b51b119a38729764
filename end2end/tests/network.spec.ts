// Servers that do not answer, or that answer with an error.

import { expect, test } from './support/fixtures.ts';
import {
  expectGreeting, expectNothingProtected, expectNothingStored, expectSignedOut, fill, heading, open, signIn, signOut, stored,
} from './support/steps.ts';

const NO_ANSWER = 'No answer from the server. Check your connection and try again.';
const OUR_SIDE = 'Something went wrong on our side. Try again in a moment.';

test.describe('a server that does not answer', () => {
  test.use({ own: {} });

  test('is reported at sign-in, the name stays, and the next attempt succeeds', async ({ page, handstamp, watch }) => {
    const user = await handstamp.addUser();
    await open(page, '/login');
    await fill(page, user);
    await handstamp.stop();
    watch.announceFailure('ERR_CONNECTION_REFUSED', '/api/login');
    // For the autofill, at each visit of a field.
    watch.announceFailure('ERR_CONNECTION_REFUSED', '/api/passkey-question', { certain: false });
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await expect(page.getByRole('alert')).toHaveText(NO_ANSWER);
    await expect(page.getByLabel('Username')).toHaveValue(user.name);

    await handstamp.start();
    await fill(page, user);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await expectGreeting(page, user);
  });

  test('is reported at sign-out, and this browser forgets the stamp anyway', async ({ page, handstamp, watch }) => {
    const user = await handstamp.addUser();
    await signIn(page, user);
    await handstamp.stop();
    watch.announceFailure('ERR_CONNECTION_REFUSED', '/api/logout');
    await signOut(page);
    const sentence = /The server did not confirm it\. The stamp may work until \d\d:\d\d\./;
    await expectSignedOut(page, 'You are signed out here.', sentence);
    await expectNothingProtected(page, user);
    await expectNothingStored(page);
  });
});

// Only a server in trouble gives the real answer: the specs of the server do that; here the answer is written down.
for (const [status, body, sentence] of [
  [503, '{"code":"overloaded","msg":"Overloaded"}',
    'Too many people are signing in right now. Try again in a few seconds.'],
  [500, '{"code":"internal","msg":"Internal error"}', OUR_SIDE],
  [502, '<h1>Bad gateway</h1>', OUR_SIDE],
] as const) {
  test(`an answer ${status} at sign-in has a sentence of its own, and the next attempt succeeds`, async ({
    page, handstamp, watch,
  }) => {
    const user = await handstamp.addUser();
    watch.announceStatus(status, '/api/login');
    await page.route('**/api/login', route => route.fulfill({ status, body }), { times: 1 });
    await open(page, '/login');
    await fill(page, user);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await expect(page.getByRole('alert')).toHaveText(sentence);

    await fill(page, user);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await expectGreeting(page, user);
  });
}

test('a greeting that does not load can be asked for again, and the user stays signed in', async ({ page, handstamp, watch }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  const before = await stored(page);
  watch.announceFailure('ERR_FAILED', '/api/greeting');
  await page.route('**/api/greeting', route => route.abort(), { times: 1 });
  await page.reload();
  await expect(heading(page, 'Your greeting did not arrive.')).toBeVisible();
  await expect(page.getByText(NO_ANSWER)).toBeVisible();
  expect(await stored(page)).toEqual(before);

  await page.getByRole('button', { name: 'Try again' }).click();
  await expectGreeting(page, user);
});

test('a server that cannot check the token answers 503, and the page keeps the stamp', async ({ page, handstamp, watch }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  watch.announceStatus(503, '/api/greeting');
  const body = '{"code":"unavailable","msg":"Temporarily unavailable"}';
  await page.route('**/api/greeting', route => route.fulfill({ status: 503, body }), { times: 1 });
  await page.reload();
  await expect(heading(page, 'Your greeting did not arrive.')).toBeVisible();
  await page.getByRole('button', { name: 'Try again' }).click();
  await expectGreeting(page, user);
});

test('a sign-out that fails on the server is shown as not confirmed', async ({ page, handstamp, watch }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  watch.announceStatus(500, '/api/logout');
  const body = '{"code":"internal","msg":"Internal error"}';
  await page.route('**/api/logout', route => route.fulfill({ status: 500, body }));
  await signOut(page);
  await expectSignedOut(page, 'You are signed out here.', /The server did not confirm it\./);
  await expectNothingStored(page);
});
