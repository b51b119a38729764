// The inspector: a token taken apart, its checks, the common mistakes, and that nothing leaves the page.

import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import type { Page } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';
import { heading, open, signIn } from './support/steps.ts';

const TUTORIAL = {
  token: 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJuYW1lIjoiSm9obiIsImxhbmciOiJlbiJ9.Z0EWN-mh27_8vIRcyl1ik5tc3aoLneAee67IOEw6Lhc',
  secret: 'your-256-bit-secret',
};
const SECRET = 'a secret that only this test knows and that is long enough for SHA-512';

type Check = 'format' | 'header' | 'claims' | 'algorithm' | 'type' | 'signature' | 'expiry' | 'not-before' | 'issued' | 'issuer' | 'audience';

const tokenField = (page: Page) => page.getByLabel('Token', { exact: true });
const secretField = (page: Page) => page.getByLabel('Secret, or a public key as JWK');
const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();

async function expectCheck(page: Page, check: Check, state: 'ok' | 'bad' | 'care' | 'open', words: string | RegExp): Promise<void> {
  await expect(page.locator(`#check-${check}-words`)).toHaveText(words);
  await expect(page.locator(`#check-${check}`)).toHaveAttribute('data-state', state);
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

function hmacToken(alg: 'HS256' | 'HS384' | 'HS512', claims: object, secret = SECRET): string {
  const signed = `${part({ alg, typ: 'at+jwt' })}.${part(claims)}`;
  return `${signed}.${createHmac(`sha${alg.slice(2)}`, secret).update(signed).digest('base64url')}`;
}

const soon = () => Math.floor(Date.now() / 1000) + 300;

test('the tutorial\'s token verifies with its secret, and the page says what is wrong with both', async ({ page }) => {
  await open(page, '/inspector');
  await expect(heading(page, 'What is in a stamp?')).toBeVisible();
  await press(page, 'Example');

  await expect(tokenField(page)).toHaveValue(TUTORIAL.token);
  await expect(secretField(page)).toHaveValue(TUTORIAL.secret);
  await expectCheck(page, 'format', 'ok', 'Three parts, base64url');
  await expectCheck(page, 'signature', 'ok', 'Right for the secret that was typed');
  await expectCheck(page, 'expiry', 'bad', 'Never expires: no exp. A stolen one would work for ever');
  await expect(page.getByText('The secret is shorter than the hash of its algorithm')).toBeVisible();
  await expect(page.locator('#header-json')).toHaveText('{\n  "alg": "HS256",\n  "typ": "JWT"\n}');
  await expect(page.locator('#claims-json')).toHaveText('{\n  "name": "John",\n  "lang": "en"\n}');
  await expect(page.locator('#claims-members li').first()).toContainText('name"John"The user\'s name, for display');
  await expect(page.getByText('One check fails: a careful server refuses this token.')).toBeVisible();
});

test('its three parts have three colours, and each coloured letter is on its typed letter', async ({ page }) => {
  await open(page, '/inspector');
  await tokenField(page).fill(TUTORIAL.token);
  const parts = page.locator('.token-part');
  await expect(parts).toHaveText(TUTORIAL.token.split('.'));
  const colours = await parts.evaluateAll(spans => spans.map(span => getComputedStyle(span).color));
  expect(new Set(colours).size).toBe(3);
  // The coloured copy wraps as the field does; otherwise the letters would be elsewhere.
  const boxes = await page.locator('.token-field__colours, .token-field__input').evaluateAll(elements =>
    elements.map(element => {
      const { width, paddingLeft, font, wordBreak, whiteSpace } = getComputedStyle(element);
      return { width, paddingLeft, font, wordBreak, whiteSpace };
    }),
  );
  expect(boxes[0]).toEqual(boxes[1]);
});

test('changing any letter turns a check red', async ({ page }) => {
  await open(page, '/inspector');
  const token = hmacToken('HS256', { sub: '1', exp: soon() });
  await tokenField(page).fill(token);
  await secretField(page).fill(SECRET);
  await expectCheck(page, 'signature', 'ok', 'Right for the secret that was typed');
  for (let index = 0; index < token.length; index += 7) {
    if (token[index] === '.') continue;
    const other = token[index] === 'A' ? 'B' : 'A';
    await tokenField(page).fill(token.slice(0, index) + other + token.slice(index + 1));
    await expect(page.locator('.check-row[data-state="bad"]').first(), `letter ${index}`).toBeVisible();
    await expect(page.locator('#verdict')).toHaveAttribute('data-state', 'bad');
  }
  await tokenField(page).fill(token);
  await expectCheck(page, 'signature', 'ok', 'Right for the secret that was typed');
});

for (const [name, pasted] of [
  ['The word Bearer, or the header\'s name, was left in.', (token: string) => `Authorization: Bearer ${token}`],
  ['The word Bearer, or the header\'s name, was left in.', (token: string) => `bearer ${token}`],
  ['There are quotes around or inside it.', (token: string) => `"${token}"`],
  ['There are spaces or line breaks inside it.', (token: string) => `${token.slice(0, 40)}\n  ${token.slice(40)}`],
  ['The letters + / = belong to another base64.', (token: string) => `${token}=`],
] as const) {
  test(`named and corrected: ${pasted('…')}`, async ({ page }) => {
    await open(page, '/inspector');
    await tokenField(page).fill(pasted(TUTORIAL.token));
    await secretField(page).fill(TUTORIAL.secret);
    const mistake = page.getByRole('listitem').filter({ hasText: name });
    await expect(mistake).toBeVisible();
    await mistake.getByRole('button', { name: 'Mend' }).click();
    await expect(tokenField(page)).toHaveValue(TUTORIAL.token);
    await expect(mistake).toBeHidden();
    await expectCheck(page, 'signature', 'ok', 'Right for the secret that was typed');
  });
}

test('mistakes that the page cannot correct are named too', async ({ page }) => {
  await open(page, '/inspector');
  const now = Date.now();
  for (const [token, sentence] of [
    [TUTORIAL.token.slice(0, TUTORIAL.token.lastIndexOf('.')), 'There are only two parts.'],
    ['a.b.c.d.e', 'Five parts are an encrypted token (JWE, RFC 7516).'],
    [hmacToken('HS256', { exp: now }), 'A time is in milliseconds.'],
    [hmacToken('HS256', { exp: soon(), userPassword: 'hunter2' }), 'The claim userPassword looks as if it should stay secret.'],
  ] as const) {
    await tokenField(page).fill(token);
    await expect(page.getByRole('listitem').filter({ hasText: sentence })).toBeVisible();
  }
  await expect(page.locator('.mistakes > :not([hidden])')).toHaveCount(1);
});

test('an unsigned token is named as one', async ({ page }) => {
  await open(page, '/inspector');
  await press(page, 'Unsigned');
  await expectCheck(page, 'algorithm', 'bad', 'alg is none: it is not signed, so anyone could have written it');
  await expectCheck(page, 'signature', 'bad', 'There is no signature that this page could check');
});

test('an expired token shows since when, in local time, and that anyone can read its password', async ({ page }) => {
  await open(page, '/inspector');
  await press(page, 'Expired');
  await expectCheck(page, 'signature', 'ok', 'Right for the secret that was typed');
  await expectCheck(page, 'expiry', 'bad', /^Expired \d+ days ago$/);
  await expect(page.locator('#time-exp')).toHaveText(/^1 January 2025, \d\d:\d\d \(\d+ days ago\)$/);
  await expect(page.getByText('The claim password looks as if it should stay secret.')).toBeVisible();
});

test('the clock decides: not yet valid, issued in the future, expires exactly now', async ({ page }) => {
  await page.clock.install({ time: new Date('2026-11-22T09:00:00Z') });
  await page.clock.pauseAt(new Date('2026-11-22T09:12:10Z'));
  await open(page, '/inspector');
  const now = Date.parse('2026-11-22T09:12:10Z') / 1000;
  await tokenField(page).fill(hmacToken('HS256', { exp: now, nbf: now + 60, iat: now + 5 }));
  await expectCheck(page, 'expiry', 'bad', 'Expired 0 s ago');
  await expectCheck(page, 'not-before', 'bad', 'Not yet valid: begins in 1 min 0 s');
  await expectCheck(page, 'issued', 'bad', 'Issued in the future (iat), or a clock is wrong');
  await tokenField(page).fill(hmacToken('HS256', { exp: now + 2, nbf: now, iat: now - 90 }));
  await expectCheck(page, 'expiry', 'ok', 'Expires in 2 s');
  await expectCheck(page, 'issued', 'ok', 'Issued 1 min 30 s ago');
  await page.clock.runFor(1000);
  await expectCheck(page, 'expiry', 'ok', 'Expires in 1 s');
  await page.clock.runFor(1000);
  await expectCheck(page, 'expiry', 'bad', 'Expired 0 s ago');
  await tokenField(page).fill(hmacToken('HS256', { exp: 'soon', nbf: 1.5, iat: null }));
  await expectCheck(page, 'expiry', 'bad', 'exp is not a whole number of seconds');
  await expectCheck(page, 'not-before', 'bad', 'nbf is not a whole number of seconds');
  await expectCheck(page, 'issued', 'bad', 'iat is not a whole number of seconds');
});

test('every hash of HMAC is checked, and a wrong secret is found', async ({ page }) => {
  await open(page, '/inspector');
  for (const alg of ['HS256', 'HS384', 'HS512'] as const) {
    await tokenField(page).fill(hmacToken(alg, { exp: soon() }));
    await secretField(page).fill(SECRET);
    await expectCheck(page, 'signature', 'ok', 'Right for the secret that was typed');
    await expectCheck(page, 'algorithm', 'ok', `Signed with ${alg}`);
  }
  await secretField(page).fill(`${SECRET}!`);
  await expectCheck(page, 'signature', 'bad', 'The signature does not match this key and these letters');
  await secretField(page).fill(`base64:${Buffer.from(SECRET).toString('base64')}`);
  await expectCheck(page, 'signature', 'ok', 'Right for the secret that was typed');
  await secretField(page).fill('');
  await expectCheck(page, 'signature', 'open', 'Not checked: type the secret; no one can check without it');
});

test('a public key pasted as JWK is used', async ({ page }) => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signed = `${part({ alg: 'ES256', kid: 'elsewhere' })}.${part({ exp: soon() })}`;
  const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  await open(page, '/inspector');
  await tokenField(page).fill(`${signed}.${signature.toString('base64url')}`);
  await expectCheck(page, 'signature', 'open', 'Not checked: this server has no key of this kid; paste its JWK below');
  await secretField(page).fill(JSON.stringify(publicKey.export({ format: 'jwk' })));
  await expectCheck(page, 'signature', 'ok', 'Right for the key that was typed');
  await tokenField(page).fill(`${signed}.${signature.fill(1).toString('base64url')}`);
  await expectCheck(page, 'signature', 'bad', 'The signature does not match this key and these letters');
});

test('"Use mine" is there for a signed-in user, and counts down', async ({ page, handstamp }) => {
  await open(page, '/inspector');
  await expect(page.getByRole('button', { name: 'Use mine' })).toBeHidden();
  await signIn(page, await handstamp.addUser());
  await page.clock.install();
  await open(page, '/inspector');
  await press(page, 'Use mine');
  await expectCheck(page, 'type', 'ok', 'An access token and no other kind (typ at+jwt)');
  await expectCheck(page, 'issuer', 'ok', "This server's own issuer");
  await expectCheck(page, 'audience', 'ok', "This server's own audience");
  await expectCheck(page, 'signature', 'open', 'Not checked: type the secret; no one can check without it');
  const words = page.locator('#check-expiry-words');
  await expect(words).toHaveText(/^Expires in/);
  const before = await words.innerText();
  await page.clock.runFor(5000);
  await expect(words).not.toHaveText(before);
  await expect(page.locator('#claims-members')).toContainText('The session it belongs to.');
});

for (const algorithm of ['EdDSA', 'ES256', 'ES384', 'RS256', 'RS512', 'PS256', 'PS384']) {
  test.describe(() => {
    test.use({ own: { JWT_ALGORITHM: algorithm } });

    test(`${algorithm}: the user's own token verifies with the keys that came with the page`, async ({ page, handstamp }) => {
      await signIn(page, await handstamp.addUser());
      await open(page, '/inspector');
      await press(page, 'Use mine');
      await expectCheck(page, 'signature', 'ok', 'Right for a public key of this server');
      await expect(page.locator('#verdict')).toHaveText('This token passes the checks.');
      const token = await tokenField(page).inputValue();
      const [header, claims, signature] = token.split('.') as [string, string, string];
      const admin = part({ ...JSON.parse(Buffer.from(claims, 'base64url').toString()), roles: ['admin'] });
      await tokenField(page).fill(`${header}.${admin}.${signature}`);
      await expectCheck(page, 'signature', 'bad', 'The signature does not match this key and these letters');
    });
  });
}

test('nothing leaves the page: no request, no storage, no address', async ({ page, handstamp }) => {
  await signIn(page, await handstamp.addUser());
  const requests: string[] = [];
  page.on('request', request => requests.push(request.url()));
  await open(page, '/inspector');
  expect(requests.length, 'the listener hears the page load').toBeGreaterThan(1);
  // What the browser itself fetches for a page comes with its load.
  await page.waitForLoadState('load');
  const storages = () => page.evaluate(() => [localStorage, sessionStorage].map(storage => Object.entries(storage).sort()));
  const [before, address] = [await storages(), page.url()];
  requests.length = 0;

  for (const name of ['Use mine', 'Example', 'Expired', 'Unsigned']) await press(page, name);
  await tokenField(page).fill(hmacToken('HS256', { exp: soon(), iss: 'https://elsewhere.example', jku: 'https://elsewhere.example' }));
  await secretField(page).pressSequentially(SECRET);
  await expectCheck(page, 'signature', 'ok', 'Right for the secret that was typed');
  await press(page, 'Clear');
  await expect(page.locator('#inspected')).toBeHidden();

  expect(requests).toEqual([]);
  expect(await storages()).toEqual(before);
  expect(page.url()).toBe(address);
});

test.describe(() => {
  test.use({ javaScriptEnabled: false });

  test('without JavaScript the page says what is missing', async ({ page, watch }) => {
    watch.tolerateUnusedProgram();
    await page.goto('/inspector');
    // Playwright finds texts everywhere but in this element.
    expect(await page.locator('noscript:visible').innerText()).toContain('This page needs JavaScript and WebAssembly');
  });
});
