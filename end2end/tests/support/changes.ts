// What changes on a page that must not change.

import type { Page } from '@playwright/test';

/** Notes from now on which elements come and go in the page's main part. */
export async function recordChanges(page: Page): Promise<() => Promise<string[]>> {
  await page.evaluate(() => {
    const noted: string[] = [];
    Object.assign(window, { noted });
    new MutationObserver(changes => {
      for (const { addedNodes, removedNodes } of changes) {
        for (const node of [...addedNodes, ...removedNodes]) {
          if (node instanceof Element) noted.push(node.outerHTML.slice(0, 80));
        }
      }
    }).observe(document.querySelector('main')!, { subtree: true, childList: true });
  });
  return () => page.evaluate(() => (window as unknown as { noted: string[] }).noted);
}
