// An application behind the gate, in the browser: to the sign-in form and back to the page that was wanted.

import type { Page } from '@playwright/test';
import { type Application, startApplication } from './support/application.ts';
import { test as base, expect } from './support/fixtures.ts';
import type { User } from './support/server.ts';
import { awake, fill, heading } from './support/steps.ts';

const DOMAIN = 'gate.localhost';
const REPORTS = '/reports?week=3&x=%2F';

const test = base.extend<{ application: Application; id: string }>({
  application: async ({}, use) => {
    const application = await startApplication(`app.${DOMAIN}`);
    await use(application);
    await application.close();
  },
  own: async ({ application }, use) => use({
    PUBLIC_URL: `http://id.${DOMAIN}:{port}`,
    GATE_ORIGINS: application.origin,
    GATE_COOKIE_DOMAIN: DOMAIN,
    TRUSTED_PROXIES: '127.0.0.1',
  }),
  /** The origin of the pages. */
  id: async ({ handstamp, application, watch }, use) => {
    application.ask(handstamp.origin);
    const id = `http://id.${DOMAIN}:${new URL(handstamp.origin).port}`;
    watch.announceOrigin(id);
    watch.announceOrigin(application.origin);
    await use(id);
  },
});

function form(id: string, application: Application): string {
  return `${id}/login?next=${encodeURIComponent(application.origin + REPORTS)}`;
}

async function submit(page: Page, user: User, { keep = false } = {}): Promise<void> {
  await fill(page, user);
  await page.getByRole('checkbox', { name: 'Keep me signed in on this device' }).setChecked(keep);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

async function expectReports(page: Page, application: Application, user: User): Promise<void> {
  await expect(page).toHaveURL(application.origin + REPORTS);
  await expect(heading(page, `Reports for ${user.name}`)).toBeVisible();
}

test('a visitor signs in on the way to an application, and comes out at the page that was wanted', async ({ page, handstamp, application, id }) => {
  const user = await handstamp.addUser();
  await page.goto(application.origin + REPORTS);
  await expect(page).toHaveURL(form(id, application));
  await awake(page);
  await submit(page, user);
  await expectReports(page, application, user);
  const [cookie] = (await page.context().cookies()).filter(({ name }) => name === 'handstamp_gate');
  expect(cookie).toMatchObject({ domain: `.${DOMAIN}`, httpOnly: true, sameSite: 'Lax', path: '/' });
});

test('the form leads back without the program too, as its policy allows', async ({ otherBrowser, handstamp, application, id }) => {
  const user = await handstamp.addUser();
  const page = await otherBrowser({ javaScriptEnabled: false });
  await page.goto(application.origin + REPORTS);
  await expect(page).toHaveURL(form(id, application));
  await submit(page, user);
  await expectReports(page, application, user);
});

test('after a sign-out, the next page of the application is the form', async ({ page, handstamp, application, id }) => {
  const user = await handstamp.addUser();
  await page.goto(application.origin + REPORTS);
  await awake(page);
  await submit(page, user);
  await expectReports(page, application, user);
  await page.goto(`${id}/dashboard`);
  await awake(page);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(heading(page, 'You are signed out.')).toBeVisible();
  await page.goto(application.origin + REPORTS);
  await expect(page).toHaveURL(form(id, application));
  await expect(page.getByLabel('Username')).toBeVisible();
});

test('a browser with a session but without a gate cookie comes back without a question', async ({ page, handstamp, application, id }) => {
  const user = await handstamp.addUser();
  await signInOnPages(page, id, user);
  await page.context().clearCookies({ name: 'handstamp_gate' });
  await page.goto(application.origin + REPORTS);
  await expectReports(page, application, user);
  expect(application.asked, 'once there and once back').toBe(2);
});

test('a link of another site leads to the application, and a session counts there too', async ({ page, handstamp, application, id, foreign }) => {
  const user = await handstamp.addUser();
  await signInOnPages(page, id, user);
  await page.context().clearCookies({ name: 'handstamp_gate' });
  const site = await foreign('127.0.0.1', `<title>Elsewhere</title><a href="${application.origin}${REPORTS}">reports</a>`);
  await page.goto(site);
  await page.getByRole('link', { name: 'reports' }).click();
  await expectReports(page, application, user);
});

test('an application that does not get the cookie is explained, and the browser runs in no circle', async ({ page, handstamp, application, id }) => {
  const user = await handstamp.addUser();
  application.loseCookies();
  await signInOnPages(page, id, user);
  await page.goto(application.origin + REPORTS);
  await expect(page).toHaveURL(form(id, application));
  await expect(page.getByRole('alert').filter({ hasText: 'does not let this browser in' })).toBeVisible();
  await awake(page);
  await expect(page.getByRole('link', { name: 'try again' })).toHaveAttribute('href', application.origin + REPORTS);
  expect(application.asked, 'the first time, and after it was led back').toBe(2);
});

async function signInOnPages(page: Page, id: string, user: User): Promise<void> {
  await page.goto(`${id}/login`);
  await awake(page);
  await submit(page, user, { keep: true });
  await expect(page).toHaveURL(`${id}/dashboard`);
}
