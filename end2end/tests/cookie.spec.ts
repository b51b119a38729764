// The refresh token: in a cookie that no script can read, and nowhere else. And where each setting keeps the access token.

import { expect, test } from './support/fixtures.ts';
import { addresses, answer, hold, requestsTo } from './support/network.ts';
import {
  KEY, comeBack, dialog, expectCookieWorthless, expectForm, expectGreeting, expectNothingStored, expectSignedOut, fill, open,
  openWhole, refreshCookie, signInByForm as signIn, signInAgain, signOut, stored,
} from './support/steps.ts';

const DAY = 86_400;

test('the refresh token is in a strict cookie that no script can read, for as long as the user chose (H9)', async ({
  page, context, handstamp,
}) => {
  const user = await handstamp.addUser();
  for (const keep of [true, false]) {
    await open(page, '/login');
    await page.getByRole('checkbox').setChecked(keep);
    await fill(page, user);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await expectGreeting(page, user);
    const cookie = (await refreshCookie(context))!;
    expect(cookie).toMatchObject({
      name: 'handstamp_refresh', path: '/', httpOnly: true, sameSite: 'Strict', secure: false,
      value: expect.stringMatching(/^hs_rt_[\w-]+$/),
    });
    const days = keep ? (cookie.expires - Date.now() / 1000) / DAY : cookie.expires;
    expect(days).toBeGreaterThan(keep ? 13 : -2);
    expect(days).toBeLessThan(keep ? 31 : 0);
    expect(await page.evaluate(() => document.cookie)).toBe('');
  }
});

test('no token is ever in an address, in a page, or in what a script can list (A36)', async ({ page, context, handstamp }) => {
  const asked = addresses(page);
  const user = await handstamp.addUser();
  await signIn(page, user);
  for (const path of ['/', '/dashboard', '/sessions', '/inspector', '/login']) {
    await openWhole(page, path, user);
    const { value } = (await refreshCookie(context))!;
    const html = await page.content();
    expect(/eyJ[\w-]{20}/.test(html.replace(/<script[^]*?<\/script>/g, '')), `a token on ${path}`).toBe(false);
    expect(html.includes('hs_rt_') || html.includes(value), `a refresh token on ${path}`).toBe(false);
    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
    expect(kept.includes('hs_rt_'), 'a refresh token in reach of scripts').toBe(false);
  }
  expect(asked.filter(url => /eyJ|hs_rt_/.test(url))).toEqual([]);
});

test('signing out leaves a cookie that opens nothing and is not tried again, also without its access token', async ({
  page, context, handstamp,
}) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  await page.evaluate(key => localStorage.removeItem(key), KEY);
  await signOut(page);
  await expectSignedOut(page, 'You are signed out.', 'This stamp no longer opens anything.');
  await expectCookieWorthless(context, handstamp);
  const renewals = requestsTo(page, '/api/refresh');
  await page.reload();
  await expectForm(page, '/dashboard');
  expect(renewals).toEqual([]);
  await signIn(page, user);
});

test('a sign-out that did not reach the server holds in this browser, and reaches the server later', async ({
  page, context, handstamp, watch,
}) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  const { value } = (await refreshCookie(context))!;
  watch.announceFailure('ERR_FAILED', '/api/logout');
  await page.route('**/api/logout', route => route.abort());
  await signOut(page);
  await expectSignedOut(page, 'You are signed out here.', /The server did not confirm it\./);
  await expectNothingStored(page);

  // The cookie is still there, and no script can reach it; it does not count.
  const renewals = requestsTo(page, '/api/refresh');
  // The page tries again as soon as its program runs. This try must fail too, before the network is back.
  const triedAgain = page.waitForEvent('requestfailed', request => new URL(request.url()).pathname === '/api/logout');
  await page.reload();
  await expectForm(page, '/dashboard');
  await triedAgain;
  expect((await refreshCookie(context))!.value).toBe(value);

  await page.unroute('**/api/logout');
  const told = answer(page, '/api/logout', 1);
  await page.reload();
  await expectForm(page, '/dashboard');
  expect((await told).status()).toBe(200);
  expect(await handstamp.refresh(value)).toContain('token_revoked');
  expect(renewals).toEqual([]);
  await signIn(page, user);
  await page.reload();
  await expectGreeting(page, user);
});

test('a sign-out without a network reaches the server when the network is back', async ({ page, context, handstamp, watch }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  const { value } = (await refreshCookie(context))!;
  watch.announceFailure('ERR_INTERNET_DISCONNECTED', '/api/logout');
  await context.setOffline(true);
  await signOut(page);
  await expectSignedOut(page, 'You are signed out here.', /The server did not confirm it\./);
  await context.setOffline(false);
  await expectSignedOut(page, 'You are signed out.', 'This stamp no longer opens anything.');
  expect(await handstamp.refresh(value)).toContain('token_revoked');
});

test('a sign-out sent before the program has loaded also holds if it does not reach the server', async ({
  page, context, handstamp,
}) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  const { value } = (await refreshCookie(context))!;
  const program = await hold(page, '**/*.wasm');
  await page.goto('/dashboard', { waitUntil: 'commit' });
  // Not confirmed by the server; the browser stays on the page, because no other page came.
  await page.route('**/api/logout', route => route.fulfill({ status: 204 }), { times: 1 });
  const sent = page.waitForRequest('**/api/logout');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await sent;
  await expectNothingStored(page);

  const renewals = requestsTo(page, '/api/refresh');
  await page.goto('/dashboard', { waitUntil: 'commit' });
  await expect(page.getByRole('banner').getByRole('link', { name: 'Sign in' }), 'before any program has run').toBeVisible();
  expect((await refreshCookie(context))!.value).toBe(value);
  const told = answer(page, '/api/logout', 1);
  program.release();
  await expectForm(page, '/dashboard');
  expect((await told).status()).toBe(200);
  expect(await handstamp.refresh(value)).toContain('token_revoked');
  expect(renewals).toEqual([]);
});

test('the header asks the store, which knows about an ended session before the server\'s memory does', async ({ page, handstamp }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  const rendered = async () => (await (await page.request.get('/')).text()).match(/<html[^>]* data-signed-in="(\w+)"/)?.[1];
  expect(await rendered()).toBe('yes');
  await handstamp.endSessions(user);
  expect(await rendered(), 'the page finds out how it ended').toBe('unknown');
});

test('the header knows from the cookie who is signed in, before the program has loaded', async ({ page, context, handstamp }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  await page.evaluate(() => localStorage.clear());
  const program = await hold(page, '**/*.wasm');
  await page.goto('/', { waitUntil: 'commit' });
  await expect(page.getByRole('banner').getByRole('link', { name: 'Dashboard' })).toBeVisible();
  await expect(page.getByRole('banner').getByRole('link', { name: 'Sign in' })).toBeHidden();
  program.release();
  await expect.poll(() => stored(page)).toEqual({ device: null, tab: expect.stringMatching(/^"eyJ/) });
  await open(page, '/dashboard');
  await expectGreeting(page, user);
  await context.clearCookies();
});

test('closing the browser signs out a user without "keep me signed in"', async ({ page, context, handstamp, watch }) => {
  const user = await handstamp.addUser();
  await open(page, '/login');
  await fill(page, user);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expectGreeting(page, user);
  // What closing does: it removes session cookies and the tab's storage, and keeps `localStorage`.
  await context.clearCookies();
  await page.evaluate(() => sessionStorage.clear());
  // The server has seen that there is no cookie, so the form comes at once. The marker in `localStorage` still says that a
  // user is signed in: the page of the form asks once, and removes it.
  watch.announceStatus(401, '/api/refresh');
  await page.goto('/dashboard');
  await expectForm(page, '/dashboard');
  await expect.poll(() => page.evaluate(() => localStorage.getItem('handstamp.session'))).toBeNull();
});

for (const [setting, place] of [['memory', null], ['session', 'tab']] as const) {
  test.describe(`with TOKEN_STORAGE=${setting}`, () => {
    test.use({ own: { TOKEN_STORAGE: setting } });

    const kept = { device: null, tab: place === 'tab' ? (expect.stringMatching(/^"eyJ/) as unknown) : null };

    test('pages work over reloads and in new tabs, and localStorage holds no part of the token', async ({
      page, context, handstamp,
    }) => {
      const user = await handstamp.addUser();
      await signIn(page, user);
      expect(await stored(page)).toEqual(kept);
      expect(await page.evaluate(() => JSON.stringify({ ...localStorage }))).not.toMatch(/eyJ|hs_rt_/);
      const renewals = requestsTo(page, '/api/refresh');
      await page.reload();
      await expectGreeting(page, user);
      expect(renewals).toHaveLength(place ? 0 : 1);
      const tab = await context.newPage();
      await open(tab, '/dashboard');
      await expectGreeting(tab, user);
      expect(await stored(tab)).toEqual(kept);
      await open(tab, '/sessions');
      await expect(tab.getByText('Only this device is signed in.')).toBeVisible();

      await signOut(tab);
      await expectSignedOut(page, 'You are signed out.', 'You were signed out in another tab.');
      await page.reload();
      await expectForm(page, '/dashboard');
      await expectCookieWorthless(context, handstamp);
    });

    test('a sign-in of another user in one tab is seen in the other', async ({ page, context, handstamp }) => {
      const [ada, grace] = [await handstamp.addUser(), await handstamp.addUser()];
      await signIn(page, ada);
      const tab = await context.newPage();
      await signIn(tab, grace);
      await expectGreeting(page, grace);
      await expectGreeting(tab, grace);
    });

    test('an ended session is over here too, and the dialog begins a new one', async ({
      page, context, handstamp, watch,
    }) => {
      const user = await handstamp.addUser();
      await signIn(page, user);
      const { expires } = (await refreshCookie(context))!;
      const greeted = answer(page, '/api/greeting', 1);
      await comeBack(page);
      const token = (await (await greeted).request().headerValue('authorization'))!.replace('Bearer ', '');
      await handstamp.logout(token);
      watch.announceEnd();
      await expect.poll(async () => {
        await comeBack(page);
        return dialog(page).count();
      }).toBe(1);
      await signInAgain(page, user);
      await expectGreeting(page, user);
      // Kept on this device as before.
      expect((await refreshCookie(context))!.expires).toBeGreaterThanOrEqual(expires);
      await page.reload();
      await expectGreeting(page, user);
    });

    test('a token that another setting had kept is removed', async ({ page }) => {
      await open(page, '/');
      await page.evaluate(key => localStorage.setItem(key, '"eyJ.eyJ.old"'), KEY);
      await open(page, '/dashboard');
      await expectForm(page, '/dashboard');
      await expectNothingStored(page);
    });
  });
}

test.describe('with TOKEN_STORAGE=memory and storage denied', () => {
  test.use({ own: { TOKEN_STORAGE: 'memory' } });

  test('signing in, reloading and signing out work', async ({ page, handstamp }) => {
    await page.addInitScript(() => {
      const denied = { get: () => { throw new DOMException('denied', 'SecurityError'); } };
      Object.defineProperties(window, { localStorage: denied, sessionStorage: denied });
    });
    const user = await handstamp.addUser();
    await signIn(page, user);
    await page.reload();
    await expectGreeting(page, user);
    await signOut(page);
    await expectSignedOut(page, 'You are signed out.', 'This stamp no longer opens anything.');
    await page.reload();
    await expectForm(page, '/dashboard');
  });
});
