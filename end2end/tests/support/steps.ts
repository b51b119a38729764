// What users do on the pages, and what they see: the steps that most tests share.

import { type BrowserContext, type BrowserContextOptions, type Page, type Request, expect } from '@playwright/test';
import { PHONE } from './devices.ts';
import { type Server, type User, run } from './server.ts';

/** Where the pages keep the access token (src/app/browser/storage.rs). */
export const KEY = 'handstamp.access_token';

/** Where the tabs of a browser learn of a sign-in (src/app/browser/marker.rs). */
const MARKER = 'handstamp.session';

/** Opens a page and waits until its islands have started. */
export async function open(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await awake(page);
}

export async function awake(page: Page): Promise<void> {
  await expect(page.locator('html[data-program="started"]')).toBeAttached();
}

export async function fill(page: Page, user: User): Promise<void> {
  await page.getByLabel('Username').fill(user.name);
  await page.getByLabel('Password', { exact: true }).fill(user.password);
}

/**
 * Signs in, to be kept on this device, without the form, and waits for the dashboard: for tests that need a signed-in user
 * to begin. Keeps what the form keeps (src/app/browser/storage.rs, src/app/browser/marker.rs), and loads one page less.
 */
export async function signIn(page: Page, user: User): Promise<void> {
  // A page of our origin without a program: the browser sends and keeps the same as for our own pages.
  await page.route('**/blank', route => route.fulfill({ contentType: 'text/html', body: '<link rel="icon" href="data:,">' }));
  await page.goto('/blank');
  const status = await page.evaluate(async ({ key, marker, user }) => {
    const body = new URLSearchParams({ username: user.name, password: user.password, remember: 'true' });
    const answer = await fetch('/api/login', { method: 'POST', body, headers: { accept: 'application/json' } });
    if (answer.ok) {
      localStorage.setItem(key, JSON.stringify(((await answer.json()) as { access_token: string }).access_token));
      localStorage.setItem(marker, `device${Math.random()}`);
    }
    return answer.status;
  }, { key: KEY, marker: MARKER, user });
  expect(status, 'the answer to the sign-in').toBe(200);
  await page.unroute('**/blank');
  await page.goto('/dashboard');
  await expectGreeting(page, user);
}

/** Signs in with the form, as a person does: with "keep me signed in", unless the test says otherwise. */
export async function signInByForm(page: Page, user: User, { keep = true } = {}): Promise<void> {
  await open(page, '/login');
  await fill(page, user);
  await page.getByRole('checkbox', { name: 'Keep me signed in on this device' }).setChecked(keep);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expectGreeting(page, user);
}

/** A user is signed in here and on a phone. */
export async function onTwoDevices(
  page: Page,
  otherBrowser: (options?: BrowserContextOptions) => Promise<Page>,
  handstamp: Server,
): Promise<{ user: User; phone: Page }> {
  const user = await handstamp.addUser();
  const phone = await otherBrowser({ userAgent: PHONE });
  await signIn(phone, user);
  await signIn(page, user);
  return { user, phone };
}

/** Signs out, and waits until the server has answered or the request has failed. */
export async function signOut(page: Page): Promise<void> {
  const asks = (request: Request) => new URL(request.url()).pathname === '/api/logout';
  const over = Promise.race([page.waitForEvent('requestfinished', asks), page.waitForEvent('requestfailed', asks)]);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await over;
}

/** From here on the clock of the page stands still: what happens, happens without a timer. The clock must be installed. */
export async function stopClock(page: Page): Promise<void> {
  // The page's clock has run as ours so far, and can only be set ahead: by more time than a busy machine needs to do so.
  await page.clock.pauseAt((await page.evaluate(() => Date.now())) + 20_000);
}

/** The user comes back to the page: the event that a browser sends then. */
export async function comeBack(page: Page): Promise<void> {
  await page.evaluate(() => dispatchEvent(new Event('focus')));
}

/** Ends this browser's session from outside, as on another device: with the token that this browser keeps. */
export async function endFromOutside(page: Page, handstamp: Server): Promise<void> {
  const { device, tab } = await stored(page);
  await handstamp.logout(JSON.parse((tab ?? device)!) as string);
}

/** A user who comes back to a page whose session has ended finds no data of theirs there. */
export async function expectPutOut(page: Page, user: User): Promise<void> {
  await comeBack(page);
  await expect(dialog(page)).toBeVisible();
  await page.keyboard.press('Escape');
  await expectSignedOut(page, 'You were signed out from another device.', 'This session was ended.');
  await expectNothingProtected(page, user);
}

/** This name with this password cannot sign in. The test announces the 401. */
export async function expectRefused(page: Page, user: User): Promise<void> {
  await open(page, '/login');
  await fill(page, user);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page.getByRole('alert')).toHaveText('Bad username or password.');
}

/** The dialog that asks for the password over a live page. */
export function dialog(page: Page) {
  return page.getByRole('dialog');
}

/** Types the password into the dialog and sends it. */
export async function signInAgain(page: Page, user: User, button = 'Sign in'): Promise<void> {
  await dialog(page).getByLabel('Password', { exact: true }).fill(user.password);
  await dialog(page).getByRole('button', { name: button, exact: true }).click();
  await expect(dialog(page)).toBeHidden();
}

export function heading(page: Page, name: string | RegExp) {
  return page.getByRole('heading', { level: 1, name, exact: true });
}

export function greeting(user: User): string {
  return `Hello, ${user.name}! This is a protected route.`;
}

/** Opens a page as a signed-in user, and waits until their data has loaded. */
export async function openWhole(page: Page, path: string, user: User): Promise<void> {
  await open(page, path);
  if (path === '/dashboard') await expectGreeting(page, user);
  if (path === '/sessions') await expect(heading(page, 'Where you are signed in')).toBeVisible();
}

export async function expectGreeting(page: Page, user: User): Promise<void> {
  await expect(heading(page, greeting(user))).toBeVisible();
  await expect(page).toHaveURL('/dashboard');
}

/** The address of the sign-in form that leads back to a page. */
export function formFor(path: string): string {
  return `/login?next=${encodeURIComponent(path)}`;
}

/** No user is signed in here: the page has gone to the sign-in form, which leads back to it. */
export async function expectForm(page: Page, path: string): Promise<void> {
  await expect(page).toHaveURL(formFor(path));
  await expect(heading(page, 'Welcome back')).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('data-signed-in', /^(no|unknown)$/);
}

/** A signed-out state of a page for users: its heading, a sentence, and a link to sign in that leads back. */
export async function expectSignedOut(page: Page, title: string, sentence: string | RegExp): Promise<void> {
  await expect(heading(page, title)).toBeVisible();
  await expect(page.getByText(sentence)).toBeVisible();
  const { pathname, search, hash } = new URL(page.url());
  const way = page.getByRole('main').getByRole('link', { name: 'Sign in', exact: true });
  await expect(way).toHaveAttribute('href', formFor(pathname + search + hash));
  await expect(page.locator('html')).toHaveAttribute('data-signed-in', 'no');
}

/** Neither the name, nor the greeting, nor any token is anywhere in the document. */
export async function expectNothingProtected(page: Page, user: User): Promise<void> {
  const html = await page.content();
  for (const secret of [user.name, 'Hello,', 'eyJ', user.password]) {
    expect(html.includes(secret), `"${secret.slice(0, 6)}…" is still in the document`).toBe(false);
  }
}

/** Screen readers read the sentence with the field, and the field is marked invalid. */
export async function expectFieldError(page: Page, label: string, sentence: string): Promise<void> {
  const field = page.getByLabel(label, { exact: true });
  await expect(field).toHaveAttribute('aria-invalid', 'true');
  await expect(field).toHaveAccessibleDescription(new RegExp(sentence.replaceAll('.', '\\.')));
  await expect(page.getByText(sentence).first()).toBeVisible();
}

/**
 * The refresh token's cookie, if there is one. Of the others, one marks a known device, opens nothing, and stays (H9); one
 * binds the question for a passkey to this browser.
 */
export async function refreshCookie(context: BrowserContext) {
  const cookies = await context.cookies();
  for (const cookie of cookies) {
    expect(cookie).toMatchObject({
      name: expect.stringMatching(/^handstamp_(refresh|device|browser)$/), path: '/', httpOnly: true, sameSite: 'Strict',
    });
  }
  return cookies.find(cookie => cookie.name === 'handstamp_refresh');
}

/** The cookie of an ended session stays in the browser, because no answer deletes one, and opens nothing. */
export async function expectCookieWorthless(context: BrowserContext, handstamp: Server): Promise<void> {
  const cookie = await refreshCookie(context);
  expect(cookie, 'it may be that of a newer sign-in, for all an answer can know').toBeDefined();
  expect(await handstamp.refresh(cookie!.value)).toContain('"code":"token_revoked"');
}

/** What both storages of this page hold under our key, as stored. */
export async function stored(page: Page) {
  return page.evaluate(key => ({ device: localStorage.getItem(key), tab: sessionStorage.getItem(key) }), KEY);
}

export async function expectNothingStored(page: Page): Promise<void> {
  await expect.poll(() => stored(page)).toEqual({ device: null, tab: null });
}

/** Puts a value in the place of the token, and opens the dashboard with it. */
export async function openDashboardWith(page: Page, kept: string): Promise<void> {
  await open(page, '/');
  await page.evaluate(([key, value]) => localStorage.setItem(key!, value!), [KEY, kept]);
  await open(page, '/dashboard');
}

/** Presses the page's copy button, and reads the clipboard. */
export async function copy(page: Page, handstamp: Server): Promise<string> {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: handstamp.origin });
  // The page says so for two seconds, which a look from outside may miss: the page itself looks at every frame.
  const said = page.waitForFunction(() => {
    return [...document.querySelectorAll('[role="status"]')].some(({ textContent }) => textContent === 'Copied');
  });
  await page.getByRole('button', { name: 'Copy', exact: true }).click();
  await said;
  return page.evaluate(() => navigator.clipboard.readText());
}

/** Runs a copied line in a real shell, or the same line with `DELETE /logout` (`end`); returns status and body. */
export async function runCurl(line: string, handstamp: Server, { end = false } = {}): Promise<string> {
  // Checked before it runs: a shell does everything that it is told.
  expect(line).toMatch(/^curl -i -H "Authorization: Bearer [\w-]+\.[\w-]+\.[\w-]+" http:\/\/localhost:\d+\/protected$/);
  expect(line.endsWith(` ${handstamp.origin}/protected`)).toBe(true);
  const { out } = await run('sh', ['-c', end ? line.replace(/protected$/, 'logout -X DELETE') : line]);
  const [head, body] = out.split('\r\n\r\n');
  return `${head?.split(' ')[1]} ${body}`;
}

/** The seconds that the countdown shows. */
export async function secondsLeft(page: Page): Promise<number> {
  const text = await page.getByRole('timer').innerText();
  const clock = text.match(/\d+(?::\d\d)+/)?.[0];
  if (!clock) throw new Error(`no time in "${text}"`);
  return clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}

/** The countdown has gone up: a token lives for five minutes, and a slow machine may need one of them to look. */
export async function expectFullTime(page: Page): Promise<void> {
  await expect.poll(() => secondsLeft(page)).toBeGreaterThan(240);
}
