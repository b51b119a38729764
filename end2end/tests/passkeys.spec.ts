// Passkeys in Chromium, with its virtual authenticator: added, used by the autofill and by the button, refused, removed.

import { type CDPSession, type Page } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';
import {
  awake, comeBack, dialog, endFromOutside, expectGreeting, fill, open, signIn, signInByForm, signOut,
} from './support/steps.ts';
import type { Server, User } from './support/server.ts';
import type { Watch } from './support/watch.ts';

/** The device of a user: a virtual authenticator of the page's browser. */
class Device {
  private constructor(private readonly session: CDPSession, private readonly id: string) {}

  /** `hasPin`: it can check its user, and does. */
  static async of(page: Page, { hasPin = true } = {}): Promise<Device> {
    const session = await page.context().newCDPSession(page);
    await session.send('WebAuthn.enable', { enableUI: false });
    const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: hasPin, isUserVerified: hasPin,
        automaticPresenceSimulation: true, defaultBackupEligibility: true, defaultBackupState: true,
      },
    });
    return new Device(session, authenticatorId);
  }

  async verifies(isUserVerified: boolean): Promise<void> {
    await this.session.send('WebAuthn.setUserVerified', { authenticatorId: this.id, isUserVerified });
  }

  /** Whether the user is there at once, whenever the browser asks. Otherwise they never are. */
  async isPresent(enabled: boolean): Promise<void> {
    await this.session.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId: this.id, enabled });
  }

  async credentials() {
    return (await this.session.send('WebAuthn.getCredentials', { authenticatorId: this.id })).credentials;
  }

  /** Another user's device has the same passkey, with this user handle. */
  async copyWith(userHandle: string): Promise<void> {
    const [credential] = await this.credentials();
    await this.session.send('WebAuthn.clearCredentials', { authenticatorId: this.id });
    await this.session.send('WebAuthn.addCredential', { authenticatorId: this.id, credential: { ...credential!, userHandle } });
  }
}

function button(page: Page) {
  return page.getByRole('button', { name: 'Sign in with a passkey' });
}

function section(page: Page) {
  return page.locator('[data-part=own-passkeys]');
}

/** Adds a passkey at /account, with this name. */
async function add(page: Page, name: string): Promise<void> {
  await open(page, '/account');
  await section(page).getByLabel('Name of the new passkey').fill(name);
  await section(page).getByRole('button', { name: 'Add a passkey' }).click();
  await expect(section(page).getByRole('listitem').filter({ hasText: name })).toBeVisible();
}

/** A user with a passkey on the device of this page, signed out. */
async function withPasskey(page: Page, handstamp: Server, has = {}): Promise<{ user: User; device: Device }> {
  const user = await handstamp.addUser();
  const device = await Device.of(page, has);
  await signIn(page, user);
  await add(page, 'laptop');
  await signOut(page);
  return { user, device };
}

test('a user adds a passkey, sees it, renames it and removes it', async ({ page, handstamp }) => {
  const user = await handstamp.addUser();
  const device = await Device.of(page);
  await signIn(page, user);
  await open(page, '/account');
  await expect(section(page).getByText('None yet.')).toBeVisible();
  await add(page, 'laptop');
  const [made] = await device.credentials();
  expect(made).toMatchObject({ isResidentCredential: true, rpId: 'localhost', userName: user.name });
  await expect(section(page)).toContainText(/never\sused · added\stoday,\s\d\d:\d\d · synchronised/);

  await section(page).getByRole('button', { name: 'Rename laptop' }).click();
  await section(page).getByRole('textbox', { name: 'Name', exact: true }).fill('desk');
  await section(page).getByRole('button', { name: 'Save the name of laptop' }).click();
  await expect(section(page).getByRole('listitem').filter({ hasText: 'desk' })).toBeVisible();

  await section(page).getByRole('button', { name: 'Remove desk' }).click();
  await expect(section(page).getByText('None yet.')).toBeVisible();
  await page.reload();
  await expect(page.getByText('Second factor removed')).toBeVisible();
  // The password manager was told that the server does not know it any more.
  await expect.poll(() => device.credentials()).toEqual([]);
});

test('the device that has a passkey already makes no second one', async ({ page, handstamp }) => {
  const user = await handstamp.addUser();
  await Device.of(page);
  await signIn(page, user);
  await add(page, 'laptop');
  await section(page).getByRole('button', { name: 'Add a passkey' }).click();
  await expect(section(page).getByRole('alert')).toHaveText('This device has a passkey for this account already.');
  await expect(section(page).getByRole('listitem')).toHaveCount(1);
});

test('the button signs in without a name and a password', async ({ page, handstamp }) => {
  const { user } = await withPasskey(page, handstamp);
  // Otherwise the autofill, whose virtual user chooses at once, may sign in first.
  await page.addInitScript(() => {
    PublicKeyCredential.isConditionalMediationAvailable = () => Promise.resolve(false);
  });
  await open(page, '/login');
  await button(page).click();
  await expectGreeting(page, user);
  await page.goto('/account');
  await expect(section(page)).toContainText(/used\sjust\snow/);
});

test('the autofill of the form offers the passkey, and the user is signed in to where they wanted to go', async ({ page, handstamp }) => {
  const { user } = await withPasskey(page, handstamp);
  await open(page, '/login?next=%2Faccount');
  await expect(page.getByLabel('Username')).toHaveAttribute('autocomplete', 'username webauthn');
  // The virtual user chooses the passkey as soon as the browser offers it.
  await page.getByLabel('Username').focus();
  await expect(page).toHaveURL('/account');
  await expect(page.getByRole('definition').filter({ hasText: user.name })).toBeVisible();
});

/** Signs in with name and password, as far as the page of the second step. */
async function showPassword(page: Page, user: User, watch: Watch): Promise<void> {
  watch.announceStatus(401, '/api/login');
  await page.goto('/login?next=%2Fsessions');
  await awake(page);
  await fill(page, user);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page).toHaveURL('/login/second-factor?next=%2Fsessions');
  await awake(page);
}

test('after a password the passkey is the second factor, also a key without a PIN', async ({ page, handstamp, watch }) => {
  // Such a key signs nobody in alone.
  const { user } = await withPasskey(page, handstamp, { hasPin: false });
  await showPassword(page, user, watch);
  await expect(page.getByLabel('Six-digit code of your authenticator app')).toHaveCount(0);
  await button(page).click();
  await expect(page).toHaveURL('/sessions');
  await expect(page.getByText('This device', { exact: true })).toBeVisible();
});

test('a second step that took too long starts again', async ({ page, context, handstamp, watch }) => {
  const { user, device } = await withPasskey(page, handstamp);
  await device.isPresent(false);
  await showPassword(page, user, watch);
  await context.clearCookies({ name: 'handstamp_challenge' });
  watch.announceStatus(401, '/api/second-factor-question');
  await button(page).click();
  await expect(page.getByRole('alert').filter({ hasText: 'This sign-in took too long, or was ended. Start again.' })).toBeVisible();
  await page.getByRole('link', { name: 'Start again' }).click();
  await expect(page).toHaveURL('/login?next=%2Fsessions');
});

test('the dialog over a live page takes a passkey alone, or after the password', async ({ page, handstamp, watch }) => {
  const { user } = await withPasskey(page, handstamp);
  await open(page, '/login');
  await page.getByLabel('Username').focus();
  await expectGreeting(page, user);
  watch.announceEnd();
  for (const after of ['', 'password']) {
    await endFromOutside(page, handstamp);
    await comeBack(page);
    if (after) {
      watch.announceStatus(401, '/api/login');
      await dialog(page).getByLabel('Password', { exact: true }).fill(user.password);
      await dialog(page).getByRole('button', { name: 'Sign in', exact: true }).click();
      await expect(dialog(page).getByLabel('Password', { exact: true })).toBeHidden();
      await expect(dialog(page).getByRole('button', { name: 'Sign in', exact: true })).toBeHidden();
      await expect(dialog(page).getByRole('button', { name: 'Use a passkey' })).toBeFocused();
    }
    await dialog(page).getByRole('button', { name: 'Use a passkey' }).click();
    await expect(dialog(page)).toBeHidden();
    await expectGreeting(page, user);
  }
});

test('the dialog of one user takes no passkey of another', async ({ page, handstamp, watch }) => {
  await withPasskey(page, handstamp);
  const other = await handstamp.addUser();
  await page.addInitScript(() => {
    PublicKeyCredential.isConditionalMediationAvailable = () => Promise.resolve(false);
  });
  await signIn(page, other);
  await endFromOutside(page, handstamp);
  watch.announceEnd();
  watch.announceStatus(401, '/api/passkey-sign-in');
  await comeBack(page);
  await dialog(page).getByRole('button', { name: 'Use a passkey' }).click();
  await expect(dialog(page).getByRole('alert')).toContainText('This passkey is not accepted.');
  await dialog(page).getByLabel('Password', { exact: true }).fill(other.password);
  await dialog(page).getByRole('button', { name: 'Sign in', exact: true }).click();
  await expectGreeting(page, other);
});

test('a user who only opens the form is asked nothing, and gets no cookie', async ({ page }) => {
  const asked: string[] = [];
  page.on('request', request => asked.push(new URL(request.url()).pathname));
  // Chromium itself sends one when a page appears below the pointer.
  await page.addInitScript(() => window.addEventListener('pointermove', event => event.stopImmediatePropagation(), true));
  await open(page, '/login');
  await expect(button(page)).toBeVisible();
  expect(asked.filter(path => path.includes('passkey'))).toEqual([]);
  expect(await page.context().cookies()).toEqual([]);
});

test('a password that is sent while the browser offers passkeys signs in', async ({ page, handstamp }) => {
  const user = await handstamp.addUser();
  const device = await Device.of(page);
  await device.isPresent(false);
  await open(page, '/login');
  const offered = page.waitForResponse('**/api/passkey-question');
  await fill(page, user);
  await offered;
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expectGreeting(page, user);
});

test('a device that does not check its user signs nobody in', async ({ page, handstamp }) => {
  const { device } = await withPasskey(page, handstamp);
  await device.verifies(false);
  await open(page, '/login');
  await button(page).click();
  await expect(button(page)).not.toHaveAttribute('aria-busy', 'true');
  await expect(page).toHaveURL('/login');
  await expect(page.locator('html')).toHaveAttribute('data-signed-in', 'no');
});

test('a passkey of another user handle is refused in words', async ({ page, handstamp, watch }) => {
  const { device } = await withPasskey(page, handstamp);
  watch.announceStatus(401, '/api/passkey-sign-in');
  await device.copyWith('AAAAAAAAAAAAAAAAAAAAAA==');
  await open(page, '/login');
  await page.getByLabel('Username').focus();
  await expect(page.getByRole('alert').filter({ hasText: 'This passkey is not accepted.' })).toBeVisible();
  await expect(page).toHaveURL('/login');
});

test('a passkey that the operator removed is refused in words', async ({ page, handstamp, watch }) => {
  watch.announceStatus(401, '/api/passkey-sign-in');
  const { user } = await withPasskey(page, handstamp);
  await handstamp.removeFactors(user);
  await open(page, '/login');
  await page.getByLabel('Username').focus();
  await expect(page.getByRole('alert').filter({ hasText: 'This passkey is not known here any more.' })).toBeVisible();
});

test('a question that takes too long changes nothing, and the password still works', async ({ page, handstamp }) => {
  const user = await handstamp.addUser();
  const device = await Device.of(page);
  await device.isPresent(false);
  // Chromium waits ten seconds at least.
  await page.route('**/api/passkey-question', async route => {
    const answer = await route.fetch();
    const question = (await answer.json()) as { challenge: string; options: string };
    const options = { ...(JSON.parse(question.options) as object), timeout: 10_000 };
    await route.fulfill({ response: answer, json: { ...question, options: JSON.stringify(options) } });
  });
  await open(page, '/login');
  await button(page).click();
  await expect(button(page)).toHaveAttribute('aria-busy', 'true');
  await expect(button(page)).not.toHaveAttribute('aria-busy', 'true', { timeout: 30_000 });
  await expect(page.locator('#passkey-way').getByRole('alert')).toBeHidden();
  await fill(page, user);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expectGreeting(page, user);
});

test('an offer that gets old is replaced by one with a new challenge', async ({ page }) => {
  const device = await Device.of(page);
  await device.isPresent(false);
  // What the browser is asked, and whether the question was withdrawn.
  await page.addInitScript(() => {
    const get = navigator.credentials.get.bind(navigator.credentials);
    const offers: CredentialRequestOptions[] = [];
    navigator.credentials.get = options => (offers.push(options!), get(options));
    Object.assign(window, { offers: () => offers.map(({ mediation, signal, publicKey }) =>
      `${mediation} ${signal?.aborted} ${new Uint8Array(publicKey!.challenge as ArrayBuffer).join()}`) });
  });
  const offers = () => page.evaluate(() => (window as unknown as { offers: () => string[] }).offers());
  await page.clock.install();
  await page.goto('/login');
  await awake(page);
  await page.getByLabel('Username').focus();
  await expect.poll(offers).toEqual([expect.stringMatching(/^conditional false /)]);
  await page.clock.fastForward(4 * 60 * 1000);
  await expect.poll(offers).toEqual([expect.stringMatching(/^conditional true /), expect.stringMatching(/^conditional false /)]);
  const challenges = (await offers()).map(offer => offer.split(' ')[2]);
  expect(new Set(challenges).size).toBe(2);
});

/** Records what the page asks of the browser's passkeys and tells it, in the order of the calls. */
async function recorded(page: Page): Promise<() => Promise<string[]>> {
  await page.addInitScript(() => {
    const asked: string[] = JSON.parse(sessionStorage.getItem('asked') ?? '[]') as string[];
    const note = (what: string) => sessionStorage.setItem('asked', JSON.stringify((asked.push(what), asked)));
    const create = navigator.credentials.create.bind(navigator.credentials);
    navigator.credentials.create = options => (note(`create ${(options as { mediation?: string }).mediation}`), create(options));
    for (const name of ['signalUnknownCredential', 'signalAllAcceptedCredentials', 'signalCurrentUserDetails']) {
      const of = PublicKeyCredential as unknown as Record<string, (about: unknown) => Promise<void>>;
      const signal = of[name]!.bind(PublicKeyCredential);
      of[name] = about => (note(`${name} ${JSON.stringify(about)}`), signal(about));
    }
  });
  return async () => JSON.parse((await page.evaluate(() => sessionStorage.getItem('asked'))) ?? '[]') as string[];
}

test('the password manager learns which passkeys the server knows, and under which name', async ({ page, handstamp }) => {
  const user = await handstamp.addUser();
  const device = await Device.of(page);
  await signIn(page, user);
  await add(page, 'laptop');
  const calls = await recorded(page);
  await open(page, '/account');
  const [made] = await device.credentials();
  const encoded = (text: string) => text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  const of = { rpId: 'localhost', userId: encoded(made!.userHandle!) };
  await expect.poll(calls).toEqual([
    `signalAllAcceptedCredentials ${JSON.stringify({ ...of, allAcceptedCredentialIds: [encoded(made!.credentialId)] })}`,
    `signalCurrentUserDetails ${JSON.stringify({ ...of, name: user.name, displayName: user.name })}`,
  ]);
});

test.describe('where the browser may save passkeys quietly', () => {
  test.use({ quietPasskeys: true });

  test('right after a password the browser may save a passkey quietly, and the user can still add one', async ({ page, handstamp }) => {
    const user = await handstamp.addUser();
    const calls = await recorded(page);
    const device = await Device.of(page);
    await signInByForm(page, user);
    // The virtual authenticator never makes one quietly, and Chromium goes on asking it.
    await expect.poll(calls).toEqual(['create conditional']);
    await page.goto('/account');
    await awake(page);
    await expect.poll(calls).toContain('create conditional');
    await add(page, 'laptop');
    expect(await device.credentials()).toHaveLength(1);
    // Now there is one.
    const greeted = page.waitForResponse('**/api/greeting');
    await open(page, '/dashboard');
    expect(await (await greeted).json()).toMatchObject({ may_add_passkey: false });
  });

  test('a passkey that the browser saved quietly signs in, and the password alone still does', async ({ page, handstamp }) => {
    const user = await handstamp.addUser();
    await Device.of(page);
    // In place of a password manager: the virtual authenticator makes one when it is asked aloud.
    await page.addInitScript(() => {
      const create = navigator.credentials.create.bind(navigator.credentials);
      navigator.credentials.create = options => create({ publicKey: options!.publicKey! });
      PublicKeyCredential.isConditionalMediationAvailable = () => Promise.resolve(false);
    });
    const added = page.waitForResponse('**/api/add-passkey');
    await signInByForm(page, user);
    expect((await added).status()).toBe(200);
    await open(page, '/account');
    await expect(section(page).getByRole('listitem')).toContainText('Saved by the browser');
    await signOut(page);
    await signInByForm(page, user);
    await signOut(page);
    await open(page, '/login');
    await button(page).click();
    await expectGreeting(page, user);
  });
});

test('a user who cancels the question of the browser is told nothing, and can go on', async ({ page, handstamp }) => {
  await withPasskey(page, handstamp);
  // What every browser reports of a user who cancels; the virtual user cannot.
  await page.addInitScript(() => {
    navigator.credentials.get = () => Promise.reject(new DOMException('The user cancelled.', 'NotAllowedError'));
  });
  await open(page, '/login');
  const asked = page.waitForResponse('**/api/passkey-question');
  await button(page).click();
  await asked;
  await expect(button(page)).not.toHaveAttribute('aria-busy', 'true');
  await expect(page.locator('#passkey-way').getByRole('alert')).toBeHidden();
  await expect(page).toHaveURL('/login');
  await expect(page.locator('html')).toHaveAttribute('data-signed-in', 'no');
});

test('a page without the program offers no passkey', async ({ otherBrowser }) => {
  const page = await otherBrowser({ javaScriptEnabled: false });
  await page.goto('/login');
  await expect(page.getByRole('button', { name: 'Sign in', exact: true })).toBeVisible();
  await expect(button(page)).toBeHidden();
});

test.describe('at an address', () => {
  test.use({ own: { PUBLIC_URL: 'http://127.0.0.1:{port}' } });

  test('a server whose public URL is an address says that it has no passkeys', async ({ otherBrowser, handstamp, watch }) => {
    const origin = handstamp.origin.replace('localhost', '127.0.0.1');
    watch.announceOrigin(origin);
    const user = await handstamp.addUser();
    const page = await otherBrowser({ baseURL: origin });
    await open(page, '/login');
    await expect(button(page)).toHaveCount(0);
    await signIn(page, user);
    await open(page, '/account');
    await expect(section(page).getByRole('alert')).toContainText('This server has no passkeys');
  });
});

test.describe('at a name of its own', () => {
  test.use({ own: { PUBLIC_URL: 'http://id.localhost:{port}' } });

  test('the password manager is told to forget a passkey that the server does not know', async ({ otherBrowser, handstamp, watch }) => {
    const origin = handstamp.origin.replace('localhost', 'id.localhost');
    watch.announceOrigin(origin);
    watch.announceStatus(401, '/api/passkey-sign-in');
    const page = await otherBrowser({ baseURL: origin });
    const calls = await recorded(page);
    const { user, device } = await withPasskey(page, handstamp);
    const [made] = await device.credentials();
    expect(made).toMatchObject({ rpId: 'id.localhost' });
    await handstamp.removeFactors(user);
    await open(page, '/login');
    await page.getByLabel('Username').focus();
    await expect(page.getByRole('alert').filter({ hasText: 'This passkey is not known here any more.' })).toBeVisible();
    await expect.poll(async () => (await calls()).at(-1)).toContain('signalUnknownCredential {"rpId":"id.localhost","credentialId":"');
    await expect.poll(() => device.credentials()).toEqual([]);
  });
});

test('a browser at the address is led to the name, with the code of its link', async ({ page, handstamp, watch }) => {
  const address = handstamp.origin.replace('localhost', '127.0.0.1');
  watch.announceOrigin(address);
  await page.goto(`${address}/signup?next=%2Faccount#the-code`);
  await expect(page).toHaveURL(`${handstamp.origin}/signup?next=%2Faccount#the-code`);
});
