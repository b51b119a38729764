// A hard refresh, and an expired token.

import type { Page } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';
import { hold } from './support/network.ts';
import {
  expectGreeting, expectNothingProtected, expectNothingStored, expectSignedOut, openDashboardWith, signIn,
} from './support/steps.ts';

test('a hard refresh neither signs out nor shows the signed-out page meanwhile', async ({ page, handstamp }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  const shown = await record(page);
  const visited: string[] = [];
  page.on('framenavigated', frame => visited.push(frame.url()));

  for (let time = 0; time < 3; time += 1) {
    await page.reload();
    await expectGreeting(page, user);
  }
  // Once more with a slow answer: a wrong page would show during the wait.
  const answer = await hold(page, '**/api/greeting');
  await page.reload({ waitUntil: 'commit' });
  await answer.arrived;
  await expect(page.getByRole('banner').getByRole('button', { name: 'Sign out' })).toBeVisible();
  answer.release();
  await expectGreeting(page, user);

  expect(visited).toEqual(Array(4).fill(`${handstamp.origin}/dashboard`));
  expect(shown).toContain('looked');
  expect(shown.filter(what => what !== 'looked')).toEqual([]);
});

test.describe('where a token lives for a second', () => {
  test.use({ own: { JWT_ACCESS_TOKEN_EXPIRES: '1s' } });

  test('an expired token leads to a sentence and a link to sign in', async ({ page, handstamp, watch }) => {
    const user = await handstamp.addUser();
    const token = await handstamp.token(user);
    await expect.poll(() => handstamp.greet(token)).toBe('401 {"code":"token_expired","msg":"Token has expired"}');

    watch.announceEnd();
    await openDashboardWith(page, JSON.stringify(token));
    await expectSignedOut(page, 'Your stamp has expired.', 'Sign in to get a new one.');
    await expectNothingProtected(page, user);
    await expectNothingStored(page);
  });
});

/** From the next page load on, notes everything that a signed-out visitor would see, however briefly. */
async function record(page: Page): Promise<string[]> {
  const shown: string[] = [];
  await page.exposeFunction('note', (what: string) => shown.push(what));
  await page.addInitScript(() => {
    const { note } = window as unknown as { note: (what: string) => void };
    const text = /You are not signed in|You are signed out|Sign in to /;
    // In the document, visible or not.
    new MutationObserver(() => {
      if (document.querySelector('form[action="/api/login"]')) note('sign-in form');
      const found = text.exec(document.querySelector('main')?.textContent ?? '');
      if (found) note(found[0]);
    }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
    // The header has both links, and the style sheet shows one of them: only a visible one counts.
    const painted = () => {
      for (const link of document.querySelectorAll('header a[href="/login"]')) {
        if (link.checkVisibility({ visibilityProperty: true })) note('sign-in link');
      }
      requestAnimationFrame(painted);
    };
    requestAnimationFrame(painted);
    addEventListener('DOMContentLoaded', () => note('looked'));
  });
  return shown;
}
