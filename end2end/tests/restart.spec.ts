// A restart of the server, gentle or not, changes neither who is signed out nor who is signed in.

import { expect, test } from './support/fixtures.ts';
import {
  copy, expectForm, expectGreeting, expectSignedOut, openDashboardWith, runCurl, signIn, signOut, stored,
} from './support/steps.ts';

test.use({ own: {} });

for (const [how, end] of [['an orderly stop', 'stop'], ['a kill', 'kill']] as const) {
  test(`after ${how} and a new start, signed out stays signed out and signed in stays signed in`, async ({
    page, otherBrowser, handstamp, watch,
  }) => {
    const [ada, grace] = [await handstamp.addUser(), await handstamp.addUser()];
    const other = await otherBrowser();
    await signIn(other, grace);
    await signIn(page, ada);
    const line = await copy(page, handstamp);
    const { device } = await stored(page);
    await signOut(page);
    await expectSignedOut(page, 'You are signed out.', 'This stamp no longer opens anything.');

    // Immediately: when the server answers, the sign-out is on the disk.
    await handstamp[end]();
    await handstamp.start();

    expect(await runCurl(line, handstamp)).toBe('401 {"code":"token_revoked","msg":"Token has been revoked"}');
    await other.reload();
    await expectGreeting(other, grace);
    await page.reload();
    await expectForm(page, '/dashboard');
    watch.announceEnd();
    await openDashboardWith(page, device!);
    await expectSignedOut(page, 'You were signed out from another device.', 'This session was ended. Sign in to get a new stamp.');

    await signIn(page, ada);
  });
}

test('a server with an account in its store prints no new setup link', async ({ page, handstamp, watch }) => {
  const before = handstamp.log.length;
  await handstamp.stop();
  await handstamp.start();
  watch.announceStatus(404, '/setup');
  expect((await page.goto('/setup'))?.status()).toBe(404);
  await handstamp.stop();
  expect(handstamp.log.slice(before)).not.toContain('/setup#');
});
