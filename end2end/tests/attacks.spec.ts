// What an attacker's script, device or page could try, in real Chromium. The numbers name the attacks and requirements of
// a row (src/tests/rows.rs checks that each has a test).

import type { Frame, Page } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';
import { expectGreeting, open, openWhole, signInByForm as signIn, stored } from './support/steps.ts';
import type { Watch } from './support/watch.ts';

const RUN = 'window.injected = true';
/** What an attacker who can write into a page would write. Each tries to run a script, or to misuse ours. */
const INJECTED: [kind: string, html: string][] = [
  ['inline script', `<script>${RUN}</script>`],
  ['inline module', `<script type="module">${RUN}</script>`],
  ['script with an empty nonce', `<script nonce="">${RUN}</script>`],
  ['script with a guessed nonce', `<script nonce="AAAAAAAAAAAAAAAAAAAAAA">${RUN}</script>`],
  ['script in a data: address', `<script src="data:text/javascript,${encodeURIComponent(RUN)}"></script>`],
  ['script of another origin', '<script src="http://localhost:1/injected.js"></script>'],
  ['handler of an image', `<img src="/nothing.png" onerror="${RUN}">`],
  ['handler of a picture that loads', `<img src="/favicon.svg" onload="${RUN}">`],
  ['handler of SVG', `<svg onload="${RUN}"></svg>`],
  ['script inside SVG', `<svg><script>${RUN}</script></svg>`],
  ['animation in SVG', `<svg><animate attributeName="x" dur="1s" onbegin="${RUN}"></animate></svg>`],
  ['handler of details', `<details open ontoggle="${RUN}">x</details>`],
  ['handler of a field that takes the focus', `<input autofocus onfocus="${RUN}">`],
  ['handler of a style sheet', `<link rel="stylesheet" href="data:text/css," onload="${RUN}" onerror="${RUN}">`],
  ['frame with a javascript: address', `<iframe src="javascript:parent.injected=true"></iframe>`],
  ['frame with a document of its own', `<iframe srcdoc="<script>parent.injected=true</script>"></iframe>`],
  ['object', `<object data="data:text/html,<script>parent.${RUN}</script>"></object>`],
  ['embedded document', `<embed src="data:text/html,<script>${RUN}</script>" type="text/html">`],
  ['link with a javascript: address', `<a id="click-me" href="javascript:void(${RUN})">x</a>`],
  ['form with a javascript: address', `<form action="javascript:void(${RUN})"><button id="click-me">x</button></form>`],
  ['base element', '<base href="http://localhost:1/">'],
  ['style element', '<style>body { outline: 7px solid red }</style>'],
  ['style attribute', '<p id="styled" style="outline: 7px solid red">x</p>'],
];

for (const [kind, html] of INJECTED) {
  test(`injected into a page with our headers, it does nothing and is reported: ${kind} (A33, H6)`, async ({ page, watch }) => {
    expectViolations(watch);
    watch.announceOrigin('http://localhost:1');
    await recordViolations(page);
    await page.route('/login', async route => {
      const answer = await route.fetch();
      const body = (await answer.text()).replace(/<body[^>]*>/, body => body + html);
      expect(body, 'it is in the page').toContain(html);
      await route.fulfill({ response: answer, body });
    });
    await open(page, '/login');
    const clickable = page.locator('#click-me');
    if (await clickable.count()) await clickable.click();
    await expect.poll(() => violations(page), 'violations, in the page or a frame of it').toBeGreaterThan(0);
    expect(await page.evaluate(() => 'injected' in window)).toBe(false);
    expect(await page.evaluate(() => document.baseURI === location.href)).toBe(true);
    const outlined = (selector: string) => page.locator(selector).evaluate(element => getComputedStyle(element).outlineWidth);
    expect(await outlined('body')).not.toBe('7px');
    if (await page.locator('#styled').count()) expect(await outlined('#styled')).not.toBe('7px');
  });
}

test('the injected markup is in the page, and would run without our policy (A33)', async ({ page, watch }) => {
  watch.announceStatus(404, '/nothing.png');
  await page.route('/login', async route => {
    const answer = await route.fetch();
    const headers = { ...answer.headers(), 'content-security-policy': '' };
    const body = (await answer.text()).replace(/<body[^>]*>/, body => `${body}<img src="/nothing.png" onerror="${RUN}">`);
    await route.fulfill({ response: answer, headers, body });
  });
  await open(page, '/login');
  await expect.poll(() => page.evaluate(() => 'injected' in window)).toBe(true);
});

test('our own origin serves no text of an attacker that runs as a script (A33)', async ({ page, watch }) => {
  expectViolations(watch);
  const paths = ['/login?error=window.injected', '/nothing?callback=alert', '/api/greeting?callback=alert', '/.well-known/jwks.json'];
  await page.route('/login', async route => {
    const answer = await route.fetch();
    const scripts = paths.map(path => `<script src="${path}"></script>`).join('');
    await route.fulfill({ response: answer, body: (await answer.text()).replace('</body>', `${scripts}</body>`) });
  });
  await open(page, '/login');
  // Each was fetched and refused: a file that is no script is not run as one (nosniff).
  const loaded = await page.evaluate(
    paths => Promise.all(paths.map(path => new Promise(done => {
      const script = document.createElement('script');
      script.onload = () => done('ran');
      script.onerror = () => done('refused');
      script.src = path;
      document.head.append(script);
    }))),
    paths,
  );
  expect(loaded).toEqual(paths.map(() => 'refused'));
  expect(await page.evaluate(() => 'injected' in window)).toBe(false);
});

test('an injected script can read an access token of a few minutes, and never a refresh token (A34)', async ({ page, handstamp }) => {
  const user = await handstamp.addUser();
  await signIn(page, user);
  const read = await page.evaluate(async () => {
    const answers: string[] = [];
    for (const door of ['/api/refresh', '/api/greeting', '/api/sessions', '/sessions', '/me', '/dashboard']) {
      const method = door === '/api/refresh' ? 'POST' : 'GET';
      const form = { 'content-type': 'application/x-www-form-urlencoded' };
      const token = JSON.parse(localStorage.getItem('handstamp.access_token') ?? sessionStorage.getItem('handstamp.access_token') ?? '""');
      const answer = await fetch(door, { method, headers: { ...form, authorization: `Bearer ${token}` } });
      answers.push([...answer.headers].join('\n'), await answer.text());
    }
    const databases = JSON.stringify(await indexedDB.databases());
    const kept = JSON.stringify([{ ...localStorage }, { ...sessionStorage }, await caches.keys()]);
    return [document.cookie, kept, databases, document.documentElement.outerHTML, ...answers].join('\n');
  });
  expect(read, 'no refresh token').not.toContain('hs_rt_');
  const tokens = read.match(/eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+/g) ?? [];
  expect(tokens.length, 'what it can read is there: were it not, this test would look at nothing').toBeGreaterThan(0);
  for (const token of tokens) {
    const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as { iat: number; exp: number };
    expect(claims.exp - claims.iat).toBeLessThanOrEqual(300);
  }
  await page.reload();
  await expectGreeting(page, user);
});

test('no token is in an address, a referrer or the history of a page (A36)', async ({ page, handstamp }) => {
  const user = await handstamp.addUser();
  const left: string[] = [];
  page.on('request', request => left.push(request.url(), request.headers()['referer'] ?? ''));
  await signIn(page, user);
  for (const path of ['/sessions', '/inspector', '/', '/dashboard']) await openWhole(page, path, user);
  left.push(...(await page.evaluate(() => [location.href, document.referrer, JSON.stringify(history.state)])));
  const { device, tab } = await stored(page);
  const token = JSON.parse((tab ?? device)!) as string;
  expect(left.length).toBeGreaterThan(10);
  for (const text of left) {
    for (const part of token.split('.')) expect(text.includes(part), `a part of the token in ${text.slice(0, 60)}`).toBe(false);
    expect(text).not.toContain('hs_rt_');
    expect(text).not.toContain(user.password);
  }
});

test('a device name that holds HTML is listed as text (A28)', async ({ page, otherBrowser, handstamp }) => {
  const user = await handstamp.addUser();
  const names = ['<img/src=x/onerror=window.injected=1>', '<script>window.injected=1</script>', '"><svg/onload=window.injected=1>'];
  for (const userAgent of names) await signIn(await otherBrowser({ userAgent }), user);
  await signIn(page, user);
  await open(page, '/sessions');
  await expect(page.getByText('<img', { exact: false })).toBeVisible();
  await expect(page.getByText('<script>window.injected=1<', { exact: false })).toBeVisible();
  await expect(page.locator('main img, main svg[onload], main script')).toHaveCount(0);
  expect(await page.evaluate(() => 'injected' in window)).toBe(false);
});

test('a page opened by another site cannot reach that site, nor that site the page (A32)', async ({ page, context, handstamp, foreign }) => {
  const site = await foreign('127.0.0.1', '<!doctype html><title>foreign</title><button>open</button>');
  await page.goto(site);
  await page.evaluate(url => {
    document.querySelector('button')!.onclick = () => Object.assign(window, { opened: window.open(url) });
  }, `${handstamp.origin}/login`);
  const [popup] = await Promise.all([context.waitForEvent('page'), page.getByRole('button').click()]);
  await expect(popup.getByLabel('Username')).toBeVisible();
  expect(await popup.evaluate(() => window.opener)).toBeNull();
  const severed = () => page.evaluate(() => (window as unknown as { opened: Window }).opened.closed);
  await expect.poll(severed).toBe(true);
});

/** Chromium's reports have many wordings; the tests count the events that come with them. */
function expectViolations(watch: Watch): void {
  for (const said of [/^violation of [\s\S]*$/, /^[\s\S]*Content Security Policy[\s\S]*$/, /^Refused to [\s\S]*$/, /^Failed to load resource: [\s\S]*$/]) {
    watch.announce(said, /^.*$/, { certain: false });
  }
}

async function recordViolations(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const violations: string[] = [];
    Object.assign(window, { violations });
    addEventListener('securitypolicyviolation', event => violations.push(event.effectiveDirective));
  });
}

async function violations(page: Page): Promise<number> {
  const own = await countViolations(page.mainFrame());
  // A blocked frame without a document never answers; only a frame with a document of its own is asked.
  const [framed] = page.frames().filter(frame => frame.url() === 'about:srcdoc');
  return own || !framed ? own : countViolations(framed);
}

function countViolations(frame: Frame): Promise<number> {
  return frame.evaluate(() => (window as { violations?: string[] }).violations?.length ?? 0);
}
