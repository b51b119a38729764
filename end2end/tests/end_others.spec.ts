// Ending all other sessions: only for a user who has just typed the password, or types it now.

import { PHONE, WINDOWS } from './support/devices.ts';
import { expect, test } from './support/fixtures.ts';
import { answer, requestsTo } from './support/network.ts';
import { comeBack, dialog, expectGreeting, heading, open, signIn, signInAgain, stored } from './support/steps.ts';

test('a user who has just typed the password ends all others immediately, without typing it again', async ({
  page, otherBrowser, handstamp, watch,
}) => {
  const user = await handstamp.addUser();
  const others = [await otherBrowser({ userAgent: PHONE }), await otherBrowser({ userAgent: WINDOWS })];
  for (const other of others) await signIn(other, user);
  await signIn(page, user);
  await open(page, '/sessions');
  await page.getByRole('button', { name: 'End all others' }).click();
  await expect(page.getByText('Only this device is signed in.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'End all others' })).toBeHidden();
  await expect(heading(page, 'Where you are signed in')).toBeFocused();
  await expect(page.getByRole('main').getByRole('listitem').filter({ visible: true })).toHaveCount(1);

  watch.announceEnd();
  for (const other of others) {
    await comeBack(other);
    await expect(dialog(other)).toBeVisible();
  }
  await page.reload();
  await expect(page.getByText('Only this device is signed in.')).toBeVisible();
});

test.describe('where a typed password soon no longer counts', () => {
  test.use({ own: { FRESH_FOR: '0s' } });

  test('ending all others asks for the password over the page, and then ends them', async ({
    page, otherBrowser, handstamp, watch,
  }) => {
    const user = await handstamp.addUser();
    const other = await otherBrowser({ userAgent: PHONE });
    await signIn(other, user);
    await signIn(page, user);
    await open(page, '/sessions');
    // The server calls no token fresh here. The second answer is one of a server that does.
    watch.announceStatus(401, '/api/end-other-sessions');
    const asked = requestsTo(page, '/api/end-other-sessions');
    await page.getByRole('button', { name: 'End all others' }).click();
    await expect(dialog(page)).toHaveAccessibleName('Confirm that it is you.');
    await expect(dialog(page)).toHaveAccessibleDescription('Sign in once more to do this.');
    await expect(dialog(page).getByLabel('Username')).toHaveValue(user.name);
    await expect(dialog(page).getByLabel('Username')).not.toBeEditable();
    await page.route('**/api/end-other-sessions', route => route.fulfill({ json: null }));
    await signInAgain(page, user, 'Confirm');
    await expect(page.getByText('Only this device is signed in.')).toBeVisible();
    expect(asked).toHaveLength(2);
  });

  test('a user who cancels has ended nothing, and stays where they were', async ({ page, otherBrowser, handstamp, watch }) => {
    const user = await handstamp.addUser();
    const other = await otherBrowser({ userAgent: PHONE });
    await signIn(other, user);
    await signIn(page, user);
    await open(page, '/sessions');
    watch.announceStatus(401, '/api/end-other-sessions');
    const end = page.getByRole('button', { name: 'End all others' });
    for (const cancel of [() => page.keyboard.press('Escape'), () => dialog(page).getByRole('button', { name: 'Cancel' }).click()]) {
      await end.click();
      await expect(dialog(page).getByLabel('Password', { exact: true })).toBeFocused();
      await cancel();
      await expect(dialog(page)).toBeHidden();
      await expect(end).toBeFocused();
      await expect(end).not.toHaveAttribute('aria-busy');
    }
    await expect(page.getByText('Safari on iOS')).toBeVisible();
    await expect(page.getByRole('alert')).toBeHidden();
    const looked = answer(other, '/api/greeting', 1);
    await comeBack(other);
    expect((await looked).status()).toBe(200);
    await expectGreeting(other, user);
  });
});

// The test waits until the eight seconds are over. After the second typing the page has as long to repeat its call.
test.describe('where a typed password counts for eight seconds', () => {
  test.use({ own: { FRESH_FOR: '8s' } });

  test('the password typed again really ends the others', async ({ page, otherBrowser, handstamp, watch }) => {
    const user = await handstamp.addUser();
    const other = await otherBrowser({ userAgent: PHONE });
    await signIn(other, user);
    await signIn(page, user);
    const { device } = await stored(page);
    // Until the password that was typed first no longer counts.
    await expect.poll(() => handstamp.endOthers(JSON.parse(device!))).toContain('fresh_token_required');
    await signIn(other, user);
    await open(page, '/sessions');
    watch.announceStatus(401, '/api/end-other-sessions');
    await page.getByRole('button', { name: 'End all others' }).click();
    await signInAgain(page, user, 'Confirm');
    await expect(page.getByText('Only this device is signed in.')).toBeVisible();
    watch.announceEnd();
    await comeBack(other);
    await expect(dialog(other)).toHaveAccessibleName('You were signed out from another device.');
  });
});
