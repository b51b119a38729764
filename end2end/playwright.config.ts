// End-to-end tests: the real binary, real Chromium. No browser is downloaded; Debian's package is used: Chromium without the
// browser's own window around a page, which costs a third of the time. `CHROMIUM=/usr/bin/chromium` tries the one with it.
//
// No test is retried, and no test sleeps: a test that fails sometimes has found a fault.

import { type LaunchOptions, defineConfig } from '@playwright/test';

/** For a spec that needs Chromium with other options. */
export const launchOptions: LaunchOptions = {
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium-headless-shell',
  args: [
    '--no-sandbox',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};

export default defineConfig({
  testDir: 'tests',
  fullyParallel: true,
  forbidOnly: true,
  retries: 0,
  workers: 2,
  reporter: 'list',
  // Generous: a cold machine that also builds is slow, and no test waits longer than it must.
  timeout: 60_000,
  expect: { timeout: 15_000 },
  use: {
    browserName: 'chromium',
    headless: true,
    locale: 'en-GB',
    viewport: { width: 1440, height: 900 },
    // For a failing test: npx playwright test --trace on
    launchOptions,
  },
});
