// The states of the sessions page, and of the dialog that asks for the password over a page.

import { expect } from '@playwright/test';
import { PHONE, WINDOWS } from './devices.ts';
import { hold } from './network.ts';
import { type Scene, type State, state } from './states.ts';
import { comeBack, dialog, endFromOutside, heading, open, signIn } from './steps.ts';

export const sessions: State[] = [
  ...(['token_expired', 'token_revoked', 'refresh_token_reused'] as const).flatMap(code => [
    state(`dialog for ${code.replaceAll('_', ' ')}`, scene => endedBy(code, scene)),
    state(`signed out by ${code.replaceAll('_', ' ')}`, async scene => {
      await endedBy(code, scene);
      await scene.page.keyboard.press('Escape');
      await expect(scene.page.locator('.parting')).toBeVisible();
    }),
  ]),
  state('dialog with a wrong password', async ({ page, handstamp, watch }) => {
    await signIn(page, await handstamp.addUser());
    await endFromOutside(page, handstamp);
    watch.announceEnd();
    watch.announceStatus(401, '/api/login');
    await comeBack(page);
    await dialog(page).getByLabel('Password', { exact: true }).fill(handstamp.newPassword());
    await dialog(page).getByRole('button', { name: 'Sign in', exact: true }).click();
    await expect(dialog(page).getByRole('alert')).toHaveText('Bad username or password.');
  }),
  state('dialog under way', async ({ page, handstamp, watch }) => {
    await signIn(page, await handstamp.addUser());
    await endFromOutside(page, handstamp);
    watch.announceEnd();
    await comeBack(page);
    await hold(page, '**/api/login');
    await dialog(page).getByLabel('Password', { exact: true }).fill(handstamp.newPassword());
    await dialog(page).getByRole('button', { name: 'Sign in', exact: true }).click();
    await expect(dialog(page).locator('button[aria-busy="true"]')).toBeVisible();
  }),
  state('sessions', async scene => {
    await openSessions(scene);
  }),
  state('sessions with the longest names', async scene => {
    await openSessions(scene, ['x'.repeat(60), `${'curl '.repeat(11)}/8`]);
  }),
  state('sessions, this one alone', async ({ page, handstamp }) => {
    await signIn(page, await handstamp.addUser());
    await open(page, '/sessions');
    await expect(page.getByText('Only this device is signed in.')).toBeVisible();
  }),
  state('sessions waiting', async ({ page, handstamp }) => {
    await signIn(page, await handstamp.addUser());
    const answer = await hold(page, '**/api/sessions');
    await page.goto('/sessions', { waitUntil: 'commit' });
    await answer.arrived;
  }),
  state('sessions without their list', async ({ page, handstamp, watch }) => {
    await signIn(page, await handstamp.addUser());
    watch.announceFailure('ERR_FAILED', '/api/sessions');
    await page.route('**/api/sessions', route => route.abort());
    await open(page, '/sessions');
    await expect(heading(page, 'Your sessions did not arrive.')).toBeVisible();
  }),
  state('sessions, one not ended', async scene => {
    const { page, watch } = scene;
    await openSessions(scene);
    watch.announceFailure('ERR_FAILED', '/api/end-session');
    await page.route('**/api/end-session', route => route.abort());
    await page.getByRole('button', { name: 'End Safari on iOS' }).click();
    await expect(page.getByRole('alert')).toBeVisible();
  }),
  state('sessions, one being ended', async scene => {
    await openSessions(scene);
    await hold(scene.page, '**/api/end-session');
    await scene.page.getByRole('button', { name: 'End Safari on iOS' }).click();
    await expect(scene.page.locator('button[aria-busy="true"]')).toBeVisible();
  }),
  state('dialog to confirm', async scene => {
    const { page, watch } = scene;
    await openSessions(scene);
    watch.announceStatus(401, '/api/end-other-sessions');
    await page.route('**/api/end-other-sessions', route => {
      return route.fulfill({ status: 401, body: '{"code":"fresh_token_required","msg":"Fresh token required"}' });
    });
    await page.getByRole('button', { name: 'End all others' }).click();
    await expect(dialog(page)).toBeVisible();
  }),
];

/** A user with sessions on a few devices looks at them. */
async function openSessions({ page, handstamp, otherBrowser }: Scene, devices = [PHONE, WINDOWS]): Promise<void> {
  const user = await handstamp.addUser();
  for (const userAgent of devices) await signIn(await otherBrowser({ userAgent }), user);
  await handstamp.token(user);
  await signIn(page, user);
  await open(page, '/sessions');
  await expect(page.getByRole('main').getByRole('listitem')).toHaveCount(devices.length + 2);
}

/** A session that the server rejects with this code. */
async function endedBy(code: string, { page, handstamp, watch }: Scene): Promise<void> {
  await signIn(page, await handstamp.addUser());
  watch.announceEnd();
  const answers = { greeting: 'token_revoked', refresh: code };
  for (const [door, code] of Object.entries(answers)) {
    await page.route(`**/api/${door}`, route => route.fulfill({ status: 401, body: `{"code":"${code}","msg":""}` }));
  }
  await comeBack(page);
  await expect(dialog(page)).toBeVisible();
}
