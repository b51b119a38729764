// Browsers that keep nothing, and browsers in which somebody has changed what they keep.

import type { Page } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';
import { requestsTo } from './support/network.ts';
import {
  KEY, expectGreeting, expectNothingStored, expectSignedOut, fill, open, openDashboardWith, signIn,
} from './support/steps.ts';

const REFUSED =
  'This browser does not let the page keep your stamp. Allow storage for this site, or leave private mode, then try again.';

for (const [why, deny] of [['denied', denyStorage], ['full', fillStorage]] as const) {
  test(`where storage is ${why}, the sign-in page says so before any password is sent`, async ({ page, handstamp }) => {
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

test('where storage is denied, the dashboard says what to do, and the other pages work', async ({ page }) => {
  await page.addInitScript(denyStorage);
  await open(page, '/dashboard');
  await expectSignedOut(
    page, 'This browser keeps no stamp.', 'Allow storage for this site, or leave private mode, then sign in.',
  );
  await open(page, '/');
  await expect(page.getByRole('banner').getByRole('link', { name: 'Sign in' })).toBeVisible();
});

// As kept: JSON, as gloo-storage writes it. None of these can be a token, so none is sent.
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
  test(`a token replaced by ${what} is thrown away, and signing in mends it`, async ({ page, handstamp }) => {
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
  test(`a token with ${what} is refused, and signing in mends it`, async ({ page, handstamp, watch }) => {
    const user = await handstamp.addUser();
    watch.announceStatus(401, '/api/greeting');
    await openDashboardWith(page, JSON.stringify(edit(await handstamp.token(user))));
    await expectNotValid(page);
    await signIn(page, user);
  });
}

test('a token deleted by hand in another tab signs this one out', async ({ page, context, handstamp }) => {
  await signIn(page, await handstamp.addUser());
  const other = await context.newPage();
  await other.goto('/');
  await other.evaluate(key => localStorage.removeItem(key), KEY);
  await expectSignedOut(page, 'You are signed out.', 'This stamp no longer opens anything.');
});

test('a token edited by hand in another tab is noticed here', async ({ page, context, handstamp }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  const other = await context.newPage();
  await other.goto('/');
  await other.evaluate(key => localStorage.setItem(key, 'edited'), KEY);
  await expectNotValid(page);
  await signIn(page, user);
  await expectGreeting(page, user);
});

async function expectNotValid(page: Page): Promise<void> {
  const sentence = 'What this browser kept is not a stamp of this server. Sign in to get a new one.';
  await expectSignedOut(page, 'This stamp is not valid.', sentence);
  await expectNothingStored(page);
}

// Run in the page before its own scripts: as Chromium does where cookies and site data are blocked.
function denyStorage(): void {
  for (const name of ['localStorage', 'sessionStorage']) {
    Object.defineProperty(window, name, {
      get() {
        throw new DOMException('denied', 'SecurityError');
      },
    });
  }
}

// Run in the page before its own scripts.
function fillStorage(): void {
  Storage.prototype.setItem = () => {
    throw new DOMException('full', 'QuotaExceededError');
  };
}
