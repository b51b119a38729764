// Browsers that keep nothing, and browsers whose user has changed what they keep.

import type { BrowserContext, Page } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';
import { requestsTo } from './support/network.ts';
import {
  KEY, comeBack, expectGreeting, expectNothingStored, expectSignedOut, fill, open, openDashboardWith, signInByForm as signIn, signInAgain,
  stored,
} from './support/steps.ts';

const REFUSED =
  'This browser does not let the page keep your stamp. Allow storage for this site, or leave private mode, then try again.';

for (const [why, deny] of [['denied', denyStorage], ['full', fillStorage]] as const) {
  test(`if storage is ${why}, the sign-in page says so before any password is sent`, async ({ page, handstamp }) => {
    await page.addInitScript(deny);
    const sent = requestsTo(page, '/api/login');
    await open(page, '/login');
    for (const keep of [true, false]) {
      await fill(page, await handstamp.addUser());
      await page.getByRole('checkbox').setChecked(keep);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await expect(page.getByRole('alert')).toHaveText(REFUSED);
    }
    expect(sent).toEqual([]);
  });
}

test('if storage is denied, the dashboard says what to do, and the other pages work', async ({ page }) => {
  await page.addInitScript(denyStorage);
  await open(page, '/dashboard');
  await expectSignedOut(
    page, 'This browser keeps no stamp.', 'Allow storage for this site, or leave private mode, then sign in.',
  );
  await open(page, '/');
  await expect(page.getByRole('banner').getByRole('link', { name: 'Sign in' })).toBeVisible();
});

// Stored as JSON, as gloo-storage writes it. None of these can be a token, so none is sent.
const damaged = {
  'no JSON': 'eyJhbGciOi',
  'a number': '5',
  'null': 'null',
  'an empty string': '""',
  'characters that no header may hold': '"eyJ\\u0000\\r\\nX-Evil: 1"',
  'letters beyond ASCII': '"eyJhbÜ.eyJ.x"',
  'a long text': JSON.stringify('a'.repeat(5000)),
};

for (const [what, kept] of Object.entries(damaged)) {
  test(`a token replaced by ${what} is removed, and signing in repairs it`, async ({ page, handstamp }) => {
    const sent = requestsTo(page, '/api/greeting');
    await openDashboardWith(page, kept);
    await expectNotValid(page);
    expect(sent).toEqual([]);
    await signIn(page, await handstamp.addUser());
  });
}

const edited: Record<string, (token: string) => string> = {
  'its signature changed': token => token.replace(/.{8}$/, 'AAAAAAAA'),
  'its end cut off': token => token.slice(0, -10),
  'its signature cut off': token => token.slice(0, token.lastIndexOf('.')),
  'another name in it': token => {
    const [head, claims, signature] = token.split('.');
    const changed = { ...JSON.parse(Buffer.from(claims!, 'base64url').toString()), username: 'root' };
    return [head, Buffer.from(JSON.stringify(changed)).toString('base64url'), signature].join('.');
  },
};

for (const [what, edit] of Object.entries(edited)) {
  test(`a token with ${what} is refused, and signing in repairs it`, async ({ page, handstamp, watch }) => {
    const user = await handstamp.addUser();
    watch.announceEnd();
    await openDashboardWith(page, JSON.stringify(edit(await handstamp.token(user))));
    await expectNotValid(page);
    await signIn(page, user);
  });
}

test('a storage cleared by hand in another tab signs out no user: this tab takes a new token', async ({
  page, context, handstamp, watch,
}) => {
  watch.tolerateMissingIcon();
  const user = await handstamp.addUser();
  await signIn(page, user);
  const before = await stored(page);
  const other = await besideOurProgram(context);
  const renewals = requestsTo(page, '/api/refresh');
  await other.evaluate(() => localStorage.clear());
  // Until this tab hears about it, it still has the old one.
  await expect.poll(() => renewals).toEqual(['POST /api/refresh']);
  await expect.poll(() => stored(page)).toEqual({ device: expect.stringMatching(/^"eyJ/), tab: null });
  expect(await stored(page)).not.toEqual(before);
  await expectGreeting(page, user);
  await page.reload();
  await expectGreeting(page, user);
  expect(renewals).toHaveLength(1);
});

test('if storage and cookies are cleared by hand in another tab, this one asks for the password', async ({
  page, context, handstamp, watch,
}) => {
  watch.tolerateMissingIcon();
  watch.announceStatus(401, '/api/refresh');
  const user = await handstamp.addUser();
  await signIn(page, user);
  const other = await besideOurProgram(context);
  await context.clearCookies();
  await other.evaluate(() => localStorage.clear());
  await signInAgain(page, user);
  await expectGreeting(page, user);
});

// The session is alive, and no script on the page can reach its cookie.
for (const [what, kept] of [['deleted', null], ['edited', 'edited'], ['replaced by no token', '"a b"']] as const) {
  test(`a token ${what} by hand in another tab is replaced by a new one when this tab needs it`, async ({
    page, context, handstamp, watch,
  }) => {
    watch.tolerateMissingIcon();
    const user = await handstamp.addUser();
    await signIn(page, user);
    const other = await besideOurProgram(context);
    await other.evaluate(([key, kept]) => {
      if (kept === null) localStorage.removeItem(key);
      else localStorage.setItem(key, kept);
    }, [KEY, kept] as const);
    // A tab hears a moment later what another has written.
    await expect.poll(() => stored(page)).toEqual({ device: kept, tab: null });
    const renewals = requestsTo(page, '/api/refresh');
    await comeBack(page);
    await expect.poll(() => stored(page)).toEqual({ device: expect.stringMatching(/^"eyJ/), tab: null });
    expect(renewals).toEqual(['POST /api/refresh']);
    await page.reload();
    await expectGreeting(page, user);
  });
}

/** Another tab of our origin, without our program: the test does everything by hand. */
async function besideOurProgram(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto('/openapi.json');
  return page;
}

async function expectNotValid(page: Page): Promise<void> {
  const sentence = 'What this browser kept is not a stamp of this server. Sign in to get a new one.';
  await expectSignedOut(page, 'This stamp is not valid.', sentence);
  await expectNothingStored(page);
}

// Runs in the page before its own scripts, as in a Chromium that blocks cookies and site data.
function denyStorage(): void {
  for (const name of ['localStorage', 'sessionStorage']) {
    Object.defineProperty(window, name, {
      get() {
        throw new DOMException('denied', 'SecurityError');
      },
    });
  }
}

// Runs in the page before its own scripts.
function fillStorage(): void {
  Storage.prototype.setItem = () => {
    throw new DOMException('full', 'QuotaExceededError');
  };
}
