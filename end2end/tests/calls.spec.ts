// What goes over the network when a page calls a server function (src/app/browser/fetch.rs).

import type { Page, Request } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';
import { KEY, fill, heading, open, signIn } from './support/steps.ts';

const FORM = 'application/x-www-form-urlencoded';

test('a call posts its arguments as a form, with every character as it was typed', async ({ page, watch }) => {
  watch.announceStatus(401, '/api/login');
  const typed = { name: 'ada+b&c=d', password: 'a b+c&d=e%20;/?ü€😀"\\[0]' };
  await open(page, '/login');
  await fill(page, typed);
  await page.getByRole('checkbox', { name: 'Keep me signed in on this device' }).check();
  const sent = call(page, '/api/login');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  const request = await sent;
  expect(request.method()).toBe('POST');
  const fields = Object.fromEntries(new URLSearchParams(request.postData() ?? ''));
  expect(fields).toEqual({ username: typed.name, password: typed.password, remember: 'true' });
  expect(await headers(request)).toEqual({ accept: 'application/json', 'content-type': FORM, authorization: undefined });
  await expect(page.getByRole('alert')).toHaveText('Bad username or password.');
});

test('a call that only asks has its arguments in the query, and the token in its header', async ({ page, handstamp }) => {
  await signIn(page, await handstamp.addUser());
  const [account, events] = [call(page, '/api/account'), call(page, '/api/events')];
  await open(page, '/account');
  await expect(heading(page, 'Your account')).toBeVisible();
  const token = JSON.parse(await page.evaluate(key => localStorage.getItem(key)!, KEY)) as string;
  for (const [sent, path] of [[account, '/api/account'], [events, '/api/events?before=']] as const) {
    const request = await sent;
    expect(`${request.method()} ${request.url()}`).toBe(`GET ${handstamp.origin}${path}`);
    expect(request.postData()).toBeNull();
    expect(await headers(request)).toEqual({ accept: 'application/json', 'content-type': FORM, authorization: `Bearer ${token}` });
  }
});

/** The next request of this page to a server function. */
function call(page: Page, path: string): Promise<Request> {
  return page.waitForRequest(request => new URL(request.url()).pathname === path);
}

async function headers(request: Request) {
  const all: Record<string, string | undefined> = await request.allHeaders();
  const { accept, 'content-type': type, authorization } = all;
  return { accept, 'content-type': type, authorization };
}
