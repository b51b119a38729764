// Delays and faults of the network, made on purpose.

import type { Page } from '@playwright/test';

/** Holds every request to `url` until `release` is called. `arrived` resolves with the first one. */
export async function hold(page: Page, url: string) {
  const [arrived, arrive] = signal();
  const [released, release] = signal();
  await page.route(url, async route => {
    arrive();
    await released;
    await route.continue();
  });
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
