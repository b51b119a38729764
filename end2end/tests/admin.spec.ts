// What administrators see and do: users, invitations, events, keys. And that no one else can.

import type { Locator, Page } from '@playwright/test';
import { PHONE } from './support/devices.ts';
import { expect, test } from './support/fixtures.ts';
import { answer, hold, requestsTo, roundTrip } from './support/network.ts';
import { NOON } from './support/noon.ts';
import { type User, newName } from './support/server.ts';
import {
  comeBack, copy, dialog, expectGreeting, expectForm, expectPutOut, expectRefused, fill, heading, open, signIn,
  signInAgain, signOut,
} from './support/steps.ts';

test.use({ timezoneId: NOON });

test('the links to the administrators’ pages are shown to administrators only', async ({ page, otherBrowser, handstamp }) => {
  const link = (page: Page) => page.getByRole('banner').getByRole('link', { name: 'Admin' });
  await open(page, '/');
  await expect(link(page)).toBeHidden();
  await signIn(page, await handstamp.addAdmin());
  await expect(link(page)).toBeVisible();
  // Before the program has loaded, too: nothing moves in the header.
  await page.route('**/*.wasm', () => new Promise(() => {}));
  await page.goto('/inspector', { waitUntil: 'domcontentloaded' });
  await expect(link(page)).toBeVisible();

  const other = await otherBrowser();
  await signIn(other, await handstamp.addUser());
  await expect(other.getByRole('banner').getByRole('link', { name: 'Account' })).toBeVisible();
  await expect(link(other)).toBeHidden();
});

for (const [path, door] of [
  ['/admin', '/api/admin/users'],
  ['/admin/events', '/api/admin/events'],
  ['/admin/keys', '/api/admin/keys'],
] as const) {
  test(`${path} tells other users that it is for administrators, and gives a visitor without a session the sign-in form`, async ({ page, handstamp, watch }) => {
    const asked = requestsTo(page, door);
    await open(page, path);
    await expectForm(page, path);
    expect(asked).toEqual([]);

    watch.announceStatus(403, door);
    await signIn(page, await handstamp.addUser());
    await open(page, path);
    await expect(heading(page, 'This page is for administrators.')).toBeVisible();
    await expect(page.getByRole('main').getByRole('link', { name: 'Go to your dashboard' })).toBeVisible();
    await expect(page.getByRole('navigation', { name: 'Administration' })).toHaveCount(0);
  });
}

test('a disabled user is signed out immediately on every device, and can sign in again when enabled', async ({
  page, otherBrowser, handstamp, watch,
}) => {
  const user = await handstamp.addUser();
  const phone = await otherBrowser({ userAgent: PHONE });
  await signIn(phone, user);
  await signIn(page, await handstamp.addAdmin());
  const row = await openUser(page, user);
  await expect(row).toContainText(/since\stoday,\s\d\d:\d\d · 1\ssession · active\sjust\snow/);
  await way(row, 'Disable').click();
  await expect(row.getByText('Disabled', { exact: true })).toBeVisible();
  await expect(row.getByRole('status')).toHaveText('Disabled, and signed out everywhere.');
  await expect(way(row, 'Enable')).toBeFocused();

  watch.announceEnd();
  await expectPutOut(phone, user);
  watch.announceStatus(401, '/api/login');
  await expectRefused(phone, user);

  await way(row, 'Enable').click();
  await expect(row.getByText('Disabled', { exact: true })).toBeHidden();
  await signIn(phone, user);
});

test('an administrator ends all sessions of a user, and the account stays', async ({ page, otherBrowser, handstamp, watch }) => {
  const user = await handstamp.addUser();
  const phone = await otherBrowser({ userAgent: PHONE });
  await signIn(phone, user);
  await signIn(page, await handstamp.addAdmin());
  const row = await openUser(page, user);
  await way(row, 'End all sessions').click();
  await expect(row).toContainText('not signed in');

  watch.announceEnd();
  await comeBack(phone);
  await expect(dialog(phone)).toBeVisible();
  await signInAgain(phone, user);
  await expectGreeting(phone, user);
});

test('a user becomes an administrator, and stops being one', async ({ page, otherBrowser, handstamp }) => {
  const user = await handstamp.addUser();
  await signIn(page, await handstamp.addAdmin());
  const row = await openUser(page, user);
  await way(row, 'Make administrator').click();
  await expect(row.getByText('Administrator', { exact: true })).toBeVisible();
  const other = await otherBrowser();
  await signIn(other, user);
  await open(other, '/admin');
  // The list has loaded: what follows ends this session.
  await expect(other.locator('.user').first()).toBeVisible();

  await way(row, 'Take administrator away').click();
  await expect(row.getByText('Administrator', { exact: true })).toBeHidden();
  await page.reload();
  await expect((await find(page, user)).getByText('Administrator', { exact: true })).toBeHidden();
});

test('a user is removed after a dialog that names them; cancelling it keeps the user', async ({ page, handstamp }) => {
  const user = await handstamp.addUser();
  await signIn(page, await handstamp.addAdmin());
  const row = await openUser(page, user);
  await way(row, 'Remove').click();
  await expect(dialog(page)).toHaveAccessibleName(`Remove ${user.name}?`);
  await dialog(page).getByRole('button', { name: 'Cancel' }).click();
  await expect(row).toBeVisible();
  await way(row, 'Remove').click();
  await dialog(page).getByRole('button', { name: `Remove ${user.name}` }).click();
  await expect(row).toHaveCount(0);
  await expect(page.getByLabel('Part of a username')).toBeFocused();
  await search(page, user.name);
  await expect(page.getByText('No username contains that.')).toBeVisible();
});

test('an administrator has no buttons for their own account', async ({ page, handstamp }) => {
  const admin = await handstamp.addAdmin();
  await signIn(page, admin);
  await open(page, '/admin');
  const row = await find(page, admin);
  await expect(row.getByText('You', { exact: true })).toBeVisible();
  await expect(row.getByRole('button')).toHaveCount(0);
  await expect(row.locator('summary')).toHaveCount(0);
});

test('a change that needs a fresh token asks for the password in place, and is then made', async ({ page, handstamp, watch }) => {
  const user = await handstamp.addUser();
  const admin = await handstamp.addAdmin();
  await signIn(page, admin);
  const row = await openUser(page, user);
  watch.announceStatus(401, '/api/admin/disable-user');
  await page.route('**/api/admin/disable-user', route => {
    return route.fulfill({ status: 401, body: '{"code":"fresh_token_required","msg":"Fresh token required"}' });
  }, { times: 1 });
  await way(row, 'Disable').click();
  await expect(dialog(page)).toHaveAccessibleName('Confirm that it is you.');
  await signInAgain(page, admin, 'Confirm');
  await expect(row.getByText('Disabled', { exact: true })).toBeVisible();
});

test('typed text stays while the page asks for the password, here or in another tab', async ({
  page, context, handstamp, watch,
}) => {
  const [user, admin] = [await handstamp.addUser(), await handstamp.addAdmin()];
  await signIn(page, admin);
  const other = await context.newPage();
  await open(other, '/account');
  const typed = handstamp.newPassword();
  await other.getByLabel('New password', { exact: true }).fill(typed);
  const row = await openUser(page, user);
  await page.getByLabel('Part of a username').fill('half a na');
  watch.announceStatus(401, '/api/admin/disable-user');
  await page.route('**/api/admin/disable-user', route => {
    return route.fulfill({ status: 401, body: '{"code":"fresh_token_required","msg":"Fresh token required"}' });
  }, { times: 1 });
  await way(row, 'Disable').click();
  const looked = answer(other, '/api/greeting', 1);
  await signInAgain(page, admin, 'Confirm');
  await expect(row.getByText('Disabled', { exact: true })).toBeVisible();
  await expect(page.getByLabel('Part of a username')).toHaveValue('half a na');
  await looked;
  await roundTrip(other);
  await expect(other.getByLabel('New password', { exact: true })).toHaveValue(typed);
  await expect(heading(other, 'Your account')).toBeVisible();
});

test('a change that fails says why in its row, and the next attempt succeeds', async ({ page, handstamp, watch }) => {
  const user = await handstamp.addUser();
  await signIn(page, await handstamp.addAdmin());
  const row = await openUser(page, user);
  watch.announceFailure('ERR_FAILED', '/api/admin/disable-user');
  await page.route('**/api/admin/disable-user', route => route.abort(), { times: 1 });
  await way(row, 'Disable').click();
  await expect(row.getByRole('alert')).toHaveText('No answer from the server. Check your connection and try again.');
  await way(row, 'Disable').click();
  await expect(row.getByText('Disabled', { exact: true })).toBeVisible();
  await expect(row.getByRole('alert')).toBeHidden();
});

test('the events of all accounts have names, and say who acted', async ({ page, handstamp }) => {
  const user = await handstamp.addUser();
  const admin = await handstamp.addAdmin();
  await signIn(page, admin);
  await way(await openUser(page, user), 'Disable').click();
  await expect(userRow(page, user).getByText('Disabled', { exact: true })).toBeVisible();
  await page.getByRole('navigation', { name: 'Administration' }).getByRole('link', { name: 'Events' }).click();
  await expect(heading(page, 'Events')).toBeVisible();
  const row = page.getByRole('main').getByRole('listitem').filter({ hasText: `${user.name}: Account disabled` });
  await expect(row).toContainText(`by ${admin.name}`);
});

test.describe('on a server of its own', () => {
  test.use({ own: { SIGNUP: 'closed' } });

  test('an invitation lets one person make an account where sign-up is closed, once', async ({ page, otherBrowser, handstamp, watch }) => {
    await signIn(page, await handstamp.addAdmin());
    const card = await invite(page);
    await expect(card).toContainText(/It works once, until \d+ \w+, \d\d:\d\d\./);
    const link = await copy(page, handstamp);
    expect(link).toMatch(new RegExp(`^${handstamp.origin}/signup#[\\w-]{22}$`));
    expect(await card.locator('code').innerText()).toBe(link);

    const guest = await otherBrowser();
    const user = { name: newName(), password: handstamp.newPassword() };
    await join(guest, link, user);
    await expectGreeting(guest, user);
    expect(guest.url()).not.toContain('#');

    watch.announceStatus(403, '/api/signup');
    const second = await otherBrowser();
    await join(second, link, { name: newName(), password: handstamp.newPassword() });
    await expect(second.getByRole('alert')).toContainText('This invitation does not work any more');
    await page.reload();
    await expect(page.getByRole('button', { name: 'Make an invitation' })).toBeVisible();
    expect(await page.content()).not.toContain(link);
  });

  test('an invitation works before the program has loaded', async ({ page, otherBrowser, handstamp }) => {
    await signIn(page, await handstamp.addAdmin());
    const link = await (await invite(page)).locator('code').innerText();
    await signOut(page);

    const guest = await otherBrowser();
    await guest.route('**/*.wasm', async route => {
      await guest.waitForURL('/dashboard');
      await route.continue();
    });
    const user = { name: newName(), password: handstamp.newPassword() };
    await guest.goto(link, { waitUntil: 'commit' });
    await fill(guest, user);
    await guest.getByRole('button', { name: 'Create account' }).click();
    await expectGreeting(guest, user);
  });

  test('rotating the keys signs out no user', async ({ page, handstamp }) => {
    const admin = await handstamp.addAdmin();
    await signIn(page, admin);
    await open(page, '/admin/keys');
    const rows = page.getByRole('main').getByRole('listitem');
    await expect(rows.filter({ hasText: 'Active' })).toHaveCount(1);
    await expect(rows.filter({ hasText: 'Next' })).toHaveCount(1);
    const next = await rows.filter({ hasText: 'Next' }).locator('code').innerText();
    await page.getByRole('button', { name: 'Rotate keys' }).click();
    await expect(page.getByRole('status').filter({ hasText: 'The keys are rotated.' })).toBeVisible();
    await expect(rows.filter({ hasText: 'Active' }).locator('code')).toHaveText(next);
    await expect(rows.filter({ hasText: 'Retired' })).toHaveCount(1);
    await open(page, '/dashboard');
    await expectGreeting(page, admin);
  });
});

test('a rotation that comes too early is refused with a reason', async ({ page, handstamp, watch }) => {
  await signIn(page, await handstamp.addAdmin());
  await open(page, '/admin/keys');
  watch.announceStatus(409, '/api/admin/rotate-keys');
  await page.route('**/api/admin/rotate-keys', route => {
    return route.fulfill({ status: 409, body: '{"code":"next_key_too_new","msg":""}' });
  });
  await page.getByRole('button', { name: 'Rotate keys' }).click();
  await expect(page.getByRole('alert')).toContainText('The next key was published less than five minutes ago');
});

test('users beyond the first page load on demand', async ({ page, handstamp }) => {
  await signIn(page, await handstamp.addAdmin());
  // Two pages, as the server would send them: fifty real accounts would take a minute to make.
  await page.route('**/api/admin/users?*', route => {
    const after = new URL(route.request().url()).searchParams.get('after');
    const answer = after === 'user1' ? { users: users(2), next: null } : { users: users(0), next: 'user1' };
    return route.fulfill({ status: 200, body: JSON.stringify(answer) });
  });
  await open(page, '/admin');
  const rows = page.locator('.user');
  await expect(rows).toHaveCount(2);
  await page.getByRole('button', { name: 'Show more' }).click();
  await expect(rows).toHaveCount(4);
  await expect(rows.nth(2)).toBeFocused();
  await expect(page.getByRole('button', { name: 'Show more' })).toBeHidden();
});

test('users that arrive after a new search are not added to its list', async ({ page, handstamp }) => {
  await signIn(page, await handstamp.addAdmin());
  await page.route('**/api/admin/users?*', route => {
    const asked = new URL(route.request().url()).searchParams;
    const found = asked.get('search') ? users(7) : users(asked.get('after') ? 2 : 0);
    const next = asked.get('search') ? null : found[1]!.username;
    return route.fulfill({ status: 200, body: JSON.stringify({ users: found, next }) });
  });
  const more = await hold(page, /after=user1/);
  await open(page, '/admin');
  const rows = page.locator('.user');
  await expect(rows).toHaveCount(2);
  const late = answer(page, '/api/admin/users', 2);
  await page.getByRole('button', { name: 'Show more' }).click();
  await more.arrived;
  await search(page, 'user');
  await expect(rows.first()).toContainText('user7');
  more.release();
  await late;
  await roundTrip(page);
  await expect(rows).toHaveCount(2);
  await expect(page.getByRole('button', { name: 'Show more' })).toBeHidden();
});

/** Two users, as the server would list them. */
function users(from: number) {
  return [from, from + 1].map(number => ({
    id: `u${number}`, username: `user${number}`, roles: [], created_at: 1_790_000_000, disabled_at: null,
    last_used_at: null, sessions: 0, own: false,
  }));
}

async function openUser(page: Page, user: User): Promise<Locator> {
  await open(page, '/admin');
  const row = await find(page, user);
  await row.locator('summary').click();
  return row;
}

/** Searches for a user; returns their row when the list of the search has loaded. */
async function find(page: Page, user: User): Promise<Locator> {
  await search(page, user.name);
  await expect(page.locator('.user')).toHaveCount(1);
  return userRow(page, user);
}

async function search(page: Page, name: string): Promise<void> {
  await page.getByLabel('Part of a username').fill(name);
  await page.getByRole('button', { name: 'Search' }).click();
}

function userRow(page: Page, user: User): Locator {
  return page.getByRole('main').getByRole('listitem').filter({ hasText: user.name });
}

function way(row: Locator, name: string): Locator {
  return row.getByRole('button', { name: new RegExp(`^${name}…? \\(`) });
}

/** Makes an invitation; returns the card with its link when it has loaded. */
async function invite(page: Page): Promise<Locator> {
  await open(page, '/admin');
  await page.getByRole('button', { name: 'Make an invitation' }).click();
  const card = page.getByRole('region', { name: 'Send this link to one person' });
  await expect(card).toBeFocused();
  return card;
}

async function join(page: Page, link: string, user: User): Promise<void> {
  await open(page, link);
  await expect(heading(page, 'Create an account')).toBeVisible();
  await fill(page, user);
  await page.getByRole('button', { name: 'Create account' }).click();
}
