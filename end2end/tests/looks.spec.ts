// How every page looks in every state: axe-core has no finding, and nothing is wider than the screen. `make pictures` also
// takes a picture of each, light and dark, on a phone and on a desk, for people to look at: no test reads them.

import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';
import { account, admin } from './support/account_states.ts';
import { sessions } from './support/session_states.ts';
import { type State, closed, firstRun, ordinary } from './support/states.ts';

const PICTURES = process.env['PICTURES'] !== undefined;

// With transitions, axe would see colours that are still changing. What appears late still fades in: `eachLook` waits for it.
test.use({ contextOptions: { reducedMotion: 'reduce' } });

states(ordinary);
states(sessions);
states(account);
states(admin);

test.describe(() => {
  test.use({ own: {}, settled: false });
  states(firstRun);
});

test.describe(() => {
  test.use({ own: { SIGNUP: 'closed' } });
  states(closed);
});

test.describe(() => {
  test.use({ javaScriptEnabled: false });

  test('sign-in without JavaScript fits every screen', async ({ page, watch }) => {
    watch.tolerateUnusedProgram();
    await page.goto('/login');
    await eachLook(page, 'login-without-javascript');
  });
});

function states(list: State[]): void {
  for (const state of list) {
    test(`${state.name}: axe has no finding, and the page fits every screen`, async ({
      page, context, handstamp, watch, otherBrowser,
    }) => {
      await state.reach({ page, context, handstamp, watch, otherBrowser });
      await eachLook(page, state.name.replaceAll(' ', '-'), expectNoFinding);
    });
  }
}

/** Rules that read colours. A dark page differs from a light one only in colours, so no other rule sees it. */
const COLOUR_RULES = ['color-contrast', 'link-in-text-block'];

/** axe-core has no finding. Its legacy mode skips frames of other origins, which no page has, and a second page per look. */
async function expectNoFinding(page: Page, colorScheme: 'light' | 'dark'): Promise<void> {
  const axe = new AxeBuilder({ page }).setLegacyMode();
  const { violations } = await (colorScheme === 'dark' ? axe.withRules(COLOUR_RULES) : axe).analyze();
  expect(violations.map(({ id, help, nodes }) => ({ id, help, where: nodes.map(node => node.target) }))).toEqual([]);
}

/** Light and dark, phone and desk: what `check` says about each. */
async function eachLook(page: Page, name: string, check = async (_page: Page, _scheme: 'light' | 'dark') => {}): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const width of [390, 1440]) {
      await resize(page, width, width === 390 ? 844 : 900);
      await page.evaluate(() => Promise.allSettled(document.getAnimations().map(animation => animation.finished)));
      if (PICTURES) {
        await page.screenshot({ path: `screenshots/${name}-${colorScheme}-${width}.png`, fullPage: true, animations: 'disabled' });
      }
      await check(page, colorScheme);
    }
  }
  // 320 px is also the width of a desk at 400 % (WCAG 1.4.10).
  for (const width of [320, 390, 1440]) {
    await resize(page, width, 800);
    const room = await page.locator('html').evaluate(html => html.clientWidth - html.scrollWidth);
    expect(room, `nothing reaches beyond a screen of ${width} px`).toBeGreaterThanOrEqual(0);
  }
}

/** Makes the screen this large, and waits until the page has it. */
async function resize(page: Page, width: number, height: number): Promise<void> {
  await page.setViewportSize({ width, height });
  await expect.poll(() => page.evaluate(() => [innerWidth, innerHeight])).toEqual([width, height]);
}
