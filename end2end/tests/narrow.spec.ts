// The header on narrow screens: one line for every visitor, and the pages in a menu that needs neither mouse nor script.

import type { Page } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';
import type { Server } from './support/server.ts';
import { heading, open, signIn } from './support/steps.ts';

// 320: also 1280 at 400 % zoom. 390: a phone. 720: a desk of 1440 at 200 %. 895 and 896: on both sides of where the menu ends.
const WIDTHS = [320, 360, 390, 480, 720, 895, 896, 1440];

for (const [who, come] of [
  ['a stranger', async () => {}],
  ['a user', async (page, handstamp) => signIn(page, await handstamp.addUser('m'.repeat(64)))],
  ['an administrator', async (page, handstamp) => signIn(page, await handstamp.addAdmin())],
] as [string, (page: Page, handstamp: Server) => Promise<void>][]) {
  test.describe(`the header of ${who}`, () => {
    // A name can be used once, so the server is not shared.
    test.use({ own: {} });

    test('is one line on every screen, also with a wide font', async ({ page, handstamp }) => {
      await come(page, handstamp);
      for (const path of ['/', '/inspector']) {
        await open(page, path);
        for (const font of ['', 'monospace', 'Verdana, "DejaVu Sans", sans-serif']) {
          await page.evaluate(font => document.documentElement.style.setProperty('--font', font), font);
          for (const width of WIDTHS) {
            await page.setViewportSize({ width, height: 800 });
            await expect.poll(() => page.evaluate(() => innerWidth)).toBe(width);
            await expectOneLine(page, `${path} at ${width} px in ${font || 'our font'}`);
          }
        }
      }
    });
  });
}

test('the menu opens and closes with the keyboard alone, and leads on', async ({ page, handstamp }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await signIn(page, await handstamp.addUser());
  const [menu, account] = [menuButton(page), page.getByRole('banner').getByRole('link', { name: 'Account' })];
  await expect(account).toBeHidden();
  await menu.focus();
  await page.keyboard.press('Enter');
  await expect(menu).toHaveAttribute('popovertarget', 'pages');
  await expect(account).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(account).toBeHidden();
  await expect(menu).toBeFocused();

  await page.keyboard.press('Space');
  // Dashboard, Sessions, Account: the menu comes right after its button.
  for (let tabs = 0; tabs < 3; tabs++) await page.keyboard.press('Tab');
  await expect(account).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL('/account');
  await expect(heading(page, 'Your account')).toBeVisible();
  await expect(account).toBeHidden();
});

test('a tap beside the menu closes it, and does not press what is below', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await open(page, '/');
  const inspector = page.getByRole('banner').getByRole('link', { name: 'Inspector' });
  await menuButton(page).click();
  await expect(inspector).toBeVisible();
  await page.mouse.click(10, 800);
  await expect(inspector).toBeHidden();
  await expect(page).toHaveURL('/');
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false, viewport: { width: 390, height: 844 } });

  test('the menu opens and leads on', async ({ page, watch }) => {
    watch.tolerateUnusedProgram();
    await page.goto('/');
    await menuButton(page).click();
    await page.getByRole('banner').getByRole('link', { name: 'Inspector' }).click();
    await expect(page).toHaveURL('/inspector');
  });
});

function menuButton(page: Page) {
  return page.getByRole('banner').getByRole('button', { name: 'Menu' });
}

/** Everything in the header that can be pressed is side by side, without overlap, and within the screen. */
async function expectOneLine(page: Page, where: string): Promise<void> {
  const boxes = [];
  for (const part of await page.locator('.site-header :is(a, button):visible').all()) boxes.push((await part.boundingBox())!);
  expect(boxes.length, where).toBeGreaterThanOrEqual(3);
  boxes.sort((one, other) => one.x - other.x);
  for (const [index, box] of boxes.entries()) {
    expect(Math.abs(box.y + box.height / 2 - (boxes[0]!.y + boxes[0]!.height / 2)), where).toBeLessThanOrEqual(2);
    expect(box.height, `${where}: a finger can press it, and its words are on one line`).toBeGreaterThanOrEqual(40);
    expect(box.height, where).toBeLessThanOrEqual(50);
    const next = boxes[index + 1];
    if (next) expect(box.x + box.width, where).toBeLessThanOrEqual(next.x);
  }
  const room = await page.evaluate(() => document.documentElement.clientWidth - document.documentElement.scrollWidth);
  expect(room, where).toBeGreaterThanOrEqual(0);
}
