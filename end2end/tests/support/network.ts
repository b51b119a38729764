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

/** Lets the first request to `url` through to the server, and holds its answer until `release` is called. */
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

/** The answer that comes from `path` as this many-eth from now on. */
export async function answer(page: Page, path: string, number: number): Promise<Response> {
  let come = 0;
  const response = await page.waitForResponse(response => new URL(response.url()).pathname === path && ++come === number);
  await response.finished();
  return response;
}

/**
 * Sends the page's own request to the server and back: whatever it had sent before has been seen, and whatever had been
 * answered it has taken in. For what must not happen, which cannot be waited for.
 */
export async function roundTrip(page: Page): Promise<void> {
  await page.evaluate(async () => (await fetch('/healthz')).text());
}

/** All addresses that any frame of this page asks for or shows from now on. */
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
