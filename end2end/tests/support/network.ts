// Delays and faults of the network, made on purpose.

import type { Page, Response } from '@playwright/test';

/** Holds every request to `url` until `release` is called. `arrived` resolves with the first one. */
export async function hold(page: Page, url: string | RegExp) {
  const [arrived, arrive] = signal();
  const [released, release] = signal();
  await page.route(url, async route => {
    arrive();
    await released;
    await route.fallback();
  });
  return { arrived, release };
}

/** Lets the first request to `url` reach the server, and holds its answer until `release` is called. */
export async function holdAnswer(page: Page, url: string | RegExp) {
  const [arrived, arrive] = signal();
  const [released, release] = signal();
  await page.route(url, async route => {
    const response = await route.fetch();
    arrive();
    await released;
    await route.fulfill({ response });
  }, { times: 1 });
  return { arrived, release };
}

/** The requests that this page sends to `path` from now on: method and path with query. */
export function requestsTo(page: Page, path: string): string[] {
  const seen: string[] = [];
  page.on('request', request => {
    const url = new URL(request.url());
    if (url.pathname === path) seen.push(`${request.method()} ${url.pathname}${url.search}`);
  });
  return seen;
}

/** The answer from `path` with this number, counted from now on. */
export async function answer(page: Page, path: string, number: number): Promise<Response> {
  let come = 0;
  const response = await page.waitForResponse(response => new URL(response.url()).pathname === path && ++come === number);
  await response.finished();
  return response;
}

/**
 * Sends the page's own request to the server and waits for the answer. So the page's earlier requests have been seen, and
 * it has handled the earlier answers. For what must not happen: a test cannot wait for that.
 */
export async function roundTrip(page: Page): Promise<void> {
  await page.evaluate(async () => (await fetch('/healthz')).text());
}

/** All addresses that any frame of this page requests or shows from now on. */
export function addresses(page: Page): string[] {
  const seen: string[] = [];
  page.on('request', request => seen.push(request.url()));
  page.on('framenavigated', frame => seen.push(frame.url()));
  return seen;
}

// `Promise.withResolvers` comes with Node 22 only.
function signal(): [Promise<void>, () => void] {
  let fire = () => {};
  const fired = new Promise<void>(resolve => (fire = resolve));
  return [fired, fire];
}
