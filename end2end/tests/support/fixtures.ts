// The test function of all specs: a running server, and a watch that no test can forget.

import { type BrowserContext, type BrowserContextOptions, type Page, test as base } from '@playwright/test';
import { foreignSite } from './foreign_site.ts';
import { Server, type Settings } from './server.ts';
import { Watch } from './watch.ts';

type Fixtures = {
  /** If set (`test.use({ own: {} })`), the test gets a server to itself, with these settings. */
  own: Settings | undefined;
  /** Whether the test's own server has an administrator already, so that its first run is over and sign-up is open. */
  settled: boolean;
  /** Whether the browser says that it makes passkeys quietly. It has no password manager, which would decide about that. */
  quietPasskeys: boolean;
  handstamp: Server;
  watch: Watch;
  /** A page in another browser: it shares nothing with `page`. */
  otherBrowser: (options?: BrowserContextOptions) => Promise<Page>;
  /** Serves one page from a foreign origin; returns its address. */
  foreign: (host: 'localhost' | '127.0.0.1', html: string) => Promise<string>;
};

type WorkerFixtures = {
  /** One server for all tests of a worker that need only a user of their own. */
  shared: () => Promise<Server>;
};

export const test = base.extend<Fixtures, WorkerFixtures>({
  own: [undefined, { option: true }],
  settled: [true, { option: true }],
  quietPasskeys: [false, { option: true }],

  shared: [
    async ({}, use) => {
      let server: Promise<Server> | undefined;
      await use(() => (server ??= start({}, true)));
      const started = await server;
      await started?.remove();
      started?.expectCleanLog();
    },
    { scope: 'worker' },
  ],

  handstamp: async ({ own, settled, shared }, use) => {
    const server = own ? await start(own, settled) : await shared();
    await use(server);
    // Read after the end, if there is one: the last lines count too.
    if (own) await server.remove();
    server.expectCleanLog();
  },

  watch: [
    async ({ browser, handstamp }, use) => {
      const watch = new Watch(browser, handstamp.origin);
      await use(watch);
      watch.detach();
      watch.expectNothingElse();
    },
    { auto: true },
  ],

  baseURL: async ({ handstamp }, use) => use(handstamp.origin),

  context: async ({ watch, context, quietPasskeys }, use) => {
    if (!quietPasskeys) await withoutQuietPasskeys(context);
    await watch.ready();
    await use(context);
    await watch.settle();
  },

  otherBrowser: async ({ browser, baseURL, watch, context: _first }, use) => {
    const opened: Page[] = [];
    await use(async options => {
      const context = await browser.newContext({ ...(baseURL ? { baseURL } : {}), ...options });
      await withoutQuietPasskeys(context);
      await watch.ready();
      const page = await context.newPage();
      opened.push(page);
      return page;
    });
    await watch.settle();
    for (const page of opened) await page.context().close();
  },

  foreign: async ({ watch }, use) => {
    const sites: { close: () => Promise<void> }[] = [];
    await use(async (host, html) => {
      const site = await foreignSite(host, html);
      sites.push(site);
      watch.announceOrigin(site.origin);
      return site.origin;
    });
    for (const site of sites) await site.close();
  },
});

export { expect } from '@playwright/test';

/** Otherwise each page after a sign-in asks the server for a question, which a test that ends the session can overtake. */
async function withoutQuietPasskeys(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    // Absent at an address without TLS.
    if (!('PublicKeyCredential' in window)) return;
    const capabilities = PublicKeyCredential.getClientCapabilities.bind(PublicKeyCredential);
    PublicKeyCredential.getClientCapabilities = async () => ({ ...(await capabilities()), conditionalCreate: false });
  });
}

async function start(settings: Settings, settled: boolean): Promise<Server> {
  const server = await Server.create(settings);
  await server.start();
  if (settled) await server.addAdmin();
  return server;
}
