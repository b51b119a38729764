// The states of the user's own account, and of the administrators' pages.

import { expect } from '@playwright/test';
import { PHONE } from './devices.ts';
import { hold } from './network.ts';
import { type Scene, type State, state } from './states.ts';
import { dialog, fill, heading, open, signIn } from './steps.ts';

export const account: State[] = [
  state('account', async scene => {
    await openAccount(scene);
  }),
  state('account with every kind of event', async ({ page, handstamp }) => {
    await signIn(page, await handstamp.addUser());
    await page.route('**/api/events?*', route => route.fulfill({ status: 200, body: events(false) }));
    await open(page, '/account');
    await expect(heading(page, 'Your account')).toBeVisible();
  }),
  state('account waiting', async ({ page, handstamp }) => {
    await signIn(page, await handstamp.addUser());
    const answer = await hold(page, '**/api/account');
    await page.goto('/account', { waitUntil: 'commit' });
    await answer.arrived;
  }),
  state('account that did not arrive', async ({ page, handstamp, watch }) => {
    await signIn(page, await handstamp.addUser());
    watch.announceFailure('ERR_FAILED', '/api/account');
    await page.route('**/api/account', route => route.abort());
    await open(page, '/account');
    await expect(heading(page, 'Your account did not arrive.')).toBeVisible();
  }),
  state('account with password mistakes', async scene => {
    await openAccount(scene);
    await scene.page.getByLabel('New password', { exact: true }).fill('password123');
    await expect(scene.page.locator('.strength__meter[data-score]')).toBeVisible();
    await scene.page.getByRole('button', { name: 'Change password' }).click();
    await expect(scene.page.getByText('Enter your current password.').first()).toBeVisible();
  }),
  state('account with the password being changed', async scene => {
    const user = await openAccount(scene);
    await hold(scene.page, '**/api/password');
    await scene.page.getByLabel('Current password', { exact: true }).fill(user.password);
    await scene.page.getByLabel('New password', { exact: true }).fill(scene.handstamp.newPassword());
    await scene.page.getByRole('button', { name: 'Change password' }).click();
    await expect(scene.page.locator('button[aria-busy="true"]')).toBeVisible();
  }),
  state('account with the password changed', async scene => {
    const user = await openAccount(scene);
    await scene.page.getByLabel('Current password', { exact: true }).fill(user.password);
    await scene.page.getByLabel('New password', { exact: true }).fill(scene.handstamp.newPassword());
    await scene.page.getByRole('button', { name: 'Change password' }).click();
    await expect(scene.page.getByText('Your password is changed.')).toBeVisible();
  }),
  state('account, dialog to delete it', async scene => {
    await openAccount(scene);
    await scene.page.getByRole('button', { name: 'Delete your account' }).click();
    await expect(dialog(scene.page)).toBeVisible();
  }),
  state('account, not deleted', async scene => {
    await openAccount(scene);
    scene.watch.announceStatus(401, '/api/delete-account');
    await scene.page.getByRole('button', { name: 'Delete your account' }).click();
    await dialog(scene.page).getByLabel('Your password', { exact: true }).fill(scene.handstamp.newPassword());
    await dialog(scene.page).getByRole('button', { name: 'Delete', exact: true }).click();
    await expect(dialog(scene.page).getByRole('alert')).toHaveText('That is not your password.');
  }),
  state('account deleted', async scene => {
    const user = await openAccount(scene);
    await scene.page.getByRole('button', { name: 'Delete your account' }).click();
    await dialog(scene.page).getByLabel('Your password', { exact: true }).fill(user.password);
    await dialog(scene.page).getByRole('button', { name: 'Delete', exact: true }).click();
    await expect(heading(scene.page, 'Your account is deleted.')).toBeVisible();
  }),
];

export const admin: State[] = [
  state('users', async scene => {
    await openAdmin(scene, '/admin', 'Users');
  }),
  state('users of every kind', async scene => {
    await scene.page.route('**/api/admin/users?*', route => route.fulfill({ status: 200, body: users() }));
    await openAdmin(scene, '/admin', 'Users');
    await scene.page.locator('summary').first().click();
    await scene.page.locator('summary').nth(1).click();
  }),
  state('users, none found', async scene => {
    await openAdmin(scene, '/admin', 'Users');
    await scene.page.getByLabel('Part of a username').fill('nobody-of-that-name');
    await scene.page.getByRole('button', { name: 'Search' }).click();
    await expect(scene.page.getByText('No username contains that.')).toBeVisible();
  }),
  state('users, one not disabled', async scene => {
    await scene.page.route('**/api/admin/users?*', route => route.fulfill({ status: 200, body: users() }));
    await openAdmin(scene, '/admin', 'Users');
    scene.watch.announceFailure('ERR_FAILED', '/api/admin/disable-user');
    await scene.page.route('**/api/admin/disable-user', route => route.abort());
    await scene.page.locator('summary').first().click();
    await scene.page.getByRole('button', { name: /^Disable \(/ }).first().click();
    await expect(scene.page.getByRole('alert')).toBeVisible();
  }),
  state('users, one being disabled', async scene => {
    await scene.page.route('**/api/admin/users?*', route => route.fulfill({ status: 200, body: users() }));
    await openAdmin(scene, '/admin', 'Users');
    await hold(scene.page, '**/api/admin/disable-user');
    await scene.page.locator('summary').first().click();
    await scene.page.getByRole('button', { name: /^Disable \(/ }).first().click();
    await expect(scene.page.locator('button[aria-busy="true"]')).toBeVisible();
  }),
  state('users, dialog to remove one', async scene => {
    await scene.page.route('**/api/admin/users?*', route => route.fulfill({ status: 200, body: users() }));
    await openAdmin(scene, '/admin', 'Users');
    await scene.page.locator('summary').first().click();
    await scene.page.getByRole('button', { name: /^Remove… \(/ }).first().click();
    await expect(dialog(scene.page)).toBeVisible();
  }),
  state('invitation', async scene => {
    await openAdmin(scene, '/admin', 'Users');
    await scene.page.getByRole('button', { name: 'Make an invitation' }).click();
    await expect(scene.page.locator('#invitation')).toBeVisible();
  }),
  state('users waiting', async ({ page, handstamp }) => {
    await signIn(page, await handstamp.addAdmin());
    const answer = await hold(page, '**/api/admin/users?*');
    await page.goto('/admin', { waitUntil: 'commit' });
    await answer.arrived;
  }),
  state('users that did not arrive', async ({ page, handstamp, watch }) => {
    await signIn(page, await handstamp.addAdmin());
    watch.announceFailure('ERR_FAILED', '/api/admin/users');
    await page.route('**/api/admin/users?*', route => route.abort());
    await open(page, '/admin');
    await expect(heading(page, 'The users did not arrive.')).toBeVisible();
  }),
  state('users for others', async ({ page, handstamp, watch }) => {
    await signIn(page, await handstamp.addUser());
    watch.announceStatus(403, '/api/admin/users');
    await open(page, '/admin');
    await expect(heading(page, 'This page is for administrators.')).toBeVisible();
  }),
  state('events', async scene => {
    await scene.page.route('**/api/admin/events?*', route => route.fulfill({ status: 200, body: events(true) }));
    await openAdmin(scene, '/admin/events', 'Events');
  }),
  state('events, none', async scene => {
    await scene.page.route('**/api/admin/events?*', route => {
      return route.fulfill({ status: 200, body: '{"events":[],"older":null}' });
    });
    await openAdmin(scene, '/admin/events', 'Events');
  }),
  state('keys', async scene => {
    await scene.page.route('**/api/admin/keys', route => route.fulfill({ status: 200, body: keys() }));
    await openAdmin(scene, '/admin/keys', 'Keys');
  }),
  state('keys, rotation too early', async scene => {
    await openAdmin(scene, '/admin/keys', 'Keys');
    scene.watch.announceStatus(409, '/api/admin/rotate-keys');
    await scene.page.route('**/api/admin/rotate-keys', route => {
      return route.fulfill({ status: 409, body: '{"code":"next_key_too_new","msg":""}' });
    });
    await scene.page.getByRole('button', { name: 'Rotate keys' }).click();
    await expect(scene.page.getByRole('alert')).toBeVisible();
  }),
];

/** A user with a few events looks at their account. */
async function openAccount({ page, handstamp, watch, otherBrowser }: Scene) {
  const user = await handstamp.addUser();
  const phone = await otherBrowser({ userAgent: PHONE });
  await signIn(phone, user);
  watch.announceStatus(401, '/api/login');
  await open(page, '/login');
  await fill(page, { ...user, password: handstamp.newPassword() });
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page.getByRole('alert')).toHaveText('Bad username or password.');
  await signIn(page, user);
  await open(page, '/account');
  await expect(heading(page, 'Your account')).toBeVisible();
  return user;
}

async function openAdmin({ page, handstamp }: Scene, path: string, name: string): Promise<void> {
  await signIn(page, await handstamp.addAdmin());
  await open(page, path);
  // The heading alone is there while the list is loading, too.
  await expect(page.getByRole('navigation', { name: 'Administration' })).toBeVisible();
  await expect(heading(page, name)).toBeVisible();
}

const now = () => Math.floor(Date.now() / 1000);
const DAY = 86_400;

function users(): string {
  const user = (username: string, more: object) => ({
    id: username, username, roles: [] as string[], created_at: now() - 400 * DAY, disabled_at: null, last_used_at: now() - 7200,
    sessions: 2, own: false, ...more,
  });
  return JSON.stringify({
    users: [
      user('ada', { roles: ['admin'], sessions: 1 }),
      user('m'.repeat(64), { roles: ['admin'], disabled_at: now() - DAY, sessions: 12, created_at: now() - DAY }),
      user('grace', { own: true, roles: ['admin'], last_used_at: now() }),
      user('joan', { disabled_at: now() - DAY, sessions: 0, last_used_at: null }),
      user('katherine', { created_at: now() - 60, last_used_at: now() - 2 * DAY }),
    ],
    next: 'katherine',
  });
}

function events(named: boolean): string {
  const kinds = [
    'signed_in', 'sign_in_failed', 'password_changed', 'session_ended', 'other_sessions_ended',
    'all_sessions_ended', 'refresh_token_reused', 'disabled', 'enabled', 'made_admin', 'unmade_admin', 'removed',
    'signed_up', 'invited', 'keys_rotated', 'factor_added', 'factor_removed', 'factor_refused',
    'recovery_code_used', 'email_changed', 'password_reset', 'of_a_newer_server',
  ];
  const byOthers = ['disabled', 'enabled', 'made_admin', 'unmade_admin', 'all_sessions_ended', 'removed'];
  return JSON.stringify({
    events: kinds.map((kind, index) => ({
      id: `e${index}`, at: now() - index * index * 3600, kind,
      username: index === 3 ? 'm'.repeat(64) : named ? ['ada', 'grace', 'joan'][index % 3] : 'ada',
      by: byOthers.includes(kind) ? (index % 2 ? 'grace' : 'operator') : '',
      device: index % 4 === 2 ? '' : ['Firefox on Windows', 'Safari on iOS', 'curl'][index % 3],
      ip: index % 4 === 2 ? '' : '203.0.113.x',
    })),
    older: 'more',
  });
}

function keys(): string {
  return JSON.stringify([
    { id: 'zQ0j3kD2r8mGqYwq8mVv4c0l6g5m1n2o3p4q5r6s7t8', algorithm: 'ES256', state: 'next', created_at: now() - 120, verifies_until: null },
    { id: 'hT5xk1', algorithm: 'HS256', state: 'active', created_at: now() - 30 * DAY, verifies_until: null },
    { id: 'aB3dE9', algorithm: 'HS256', state: 'retired', created_at: now() - 60 * DAY, verifies_until: now() + 240 },
    { id: 'xY7zW2', algorithm: 'HS256', state: 'barred', created_at: now() - 90 * DAY, verifies_until: now() - DAY },
  ]);
}
