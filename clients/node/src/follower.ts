// Follows the blocklist of a Handstamp server, so that a service rejects a token as soon as its session has ended.
//
// One loop waits for news in a long poll. While that is silent nobody can tell whether the server has nothing to say or is
// gone, so the other asks four times within the bound, without waiting: each answer is a proof.
import { decodeProtectedHeader, errors, jwtVerify, type JWTPayload } from 'jose';
import { Blocklist } from './blocklist.js';
import { Connections } from './connection.js';
import { InvalidToken, RevokedToken, Unknown } from './errors.js';
import { readAnswer, type Entry } from './feed.js';
import { Freshness, moment } from './freshness.js';
import { Keys, metadata } from './keys.js';

/** Seconds of a long poll. */
const WAIT = 10;
const TIMEOUT = 15_000;
const LONGEST_PAUSE = 1000;
/** Seconds that an entry stays after its `exp`: this clock can be ahead of the server's, and be set back. */
const KEEP_LONGER = 60;
/** Tables that each proof sweeps: with the default bound, all of them within 16 seconds. */
const SWEEP = 4;
const MOST_CHARACTERS = 4096;
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
const REQUIRED = ['exp', 'nbf', 'iat', 'sub', 'sid', 'jti'];

export interface Settings {
  /** The address of the server. */
  issuer: string;
  /** The name and the secret of `handstamp client add`. */
  client: string;
  secret: string;
  /** Milliseconds (default 1000). If the last proof of the server is older, every check throws `Unknown`. */
  staleAfter?: number;
  /** What the tokens have as `aud` (default `handstamp`) and as `typ` (default `at+jwt`). */
  audience?: string;
  typ?: string;
}

/** The claims of a verified access token. */
export interface Claims extends JWTPayload {
  sub: string;
  sid: string;
  jti: string;
  username?: string;
  roles?: string[];
}

/** Starts to follow the server. */
export function follower(settings: Settings): Follower {
  return new Follower(settings);
}

export class Follower {
  readonly #settings: Required<Settings>;
  readonly #authorization: string;
  readonly #connections = new Connections();
  readonly #keys = new Keys(this.#connections);
  readonly #sessions = new Blocklist();
  readonly #tokens = new Blocklist();
  readonly #proof = new Freshness();
  readonly #begun = once();
  readonly #loops: Promise<unknown>;
  #cursor: string | undefined;
  #revocations: URL | undefined;
  #hasCursor = once();
  #pauses = new Set<() => void>();
  #stopped = false;
  #lastError: string | undefined;

  constructor({ issuer, client, secret, staleAfter = 1000, audience = 'handstamp', typ = 'at+jwt' }: Settings) {
    const { protocol, hostname } = new URL(issuer);
    if (protocol !== 'https:' && !(protocol === 'http:' && LOOPBACK.includes(hostname))) {
      throw new TypeError(`without https the client secret could be read on the way: ${issuer}`);
    }
    if (!(staleAfter > 0)) throw new TypeError('staleAfter must be more than 0 milliseconds');
    this.#settings = { issuer, client, secret, staleAfter, audience, typ };
    const credentials = [client, secret].map(text => new URLSearchParams({ '': text }).toString().slice(1)).join(':');
    this.#authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
    this.#loops = Promise.all([this.#repeat(() => this.#prove()), this.#repeat(() => this.#waitForNews())]);
  }

  /** Returns the claims of a good token. Throws `InvalidToken`, `RevokedToken`, or `Unknown` if it cannot know. */
  async verify(token: string): Promise<Claims> {
    if (token.length > MOST_CHARACTERS) throw new InvalidToken('the token is too long');
    const { issuer, audience, typ } = this.#settings;
    const { algorithm, key } = await this.#keys.find(keyId(token));
    const demanded = { issuer, audience, typ, algorithms: [algorithm], requiredClaims: REQUIRED };
    const { payload } = await jwtVerify(token, key, demanded).catch(cause => {
      throw cause instanceof errors.JOSEError ? new InvalidToken(cause.message, { cause }) : cause;
    });
    if (this.isRevoked(payload)) throw new RevokedToken('the session has ended');
    return payload as Claims;
  }

  /**
   * Says whether a token with these verified claims was revoked. A token without `sid` or `jti` is not the server's: true.
   * Throws `Unknown` if the last proof of the server is too old.
   */
  isRevoked({ sid, jti }: { sid?: unknown; jti?: unknown }): boolean {
    if (this.stale) throw new Unknown(`nothing heard from ${this.#settings.issuer} for ${this.age.toFixed(0)} ms`);
    if (typeof sid !== 'string' || typeof jti !== 'string') return true;
    return this.#sessions.has(sid) || this.#tokens.has(jti);
  }

  /** Whether every check throws `Unknown` now. */
  get stale(): boolean {
    return this.age > this.#settings.staleAfter;
  }

  /** Milliseconds since the moment up to which all sign-outs are known. */
  get age(): number {
    return this.#proof.age();
  }

  /** The number of entries in memory. */
  get entries(): number {
    return this.#sessions.size + this.#tokens.size;
  }

  /** What the last request to the server failed with; `undefined` if it did not fail. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** Waits for the first snapshot and the keys. */
  async ready(): Promise<this> {
    await this.#begun.happened;
    if (this.#stopped) throw new Unknown('the follower has stopped');
    return this;
  }

  /** Ends the loops and their connections. From now on every check throws `Unknown`. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const closed = this.#connections.stop();
    this.#pauses.forEach(end => end());
    this.#hasCursor.happen();
    this.#begun.happen();
    await Promise.all([this.#loops, closed]);
    this.#proof.forget();
  }

  async #repeat(step: () => Promise<number>): Promise<void> {
    while (!this.#stopped) {
      let pause;
      try {
        pause = await step();
        this.#lastError = undefined;
      } catch (error) {
        this.#lastError = error instanceof Error ? error.message || error.name : String(error);
        pause = Math.min(this.#settings.staleAfter / 4, LONGEST_PAUSE);
      }
      if (pause > 0) await this.#pause(pause);
    }
  }

  async #prove(): Promise<number> {
    const began = performance.now();
    if (!this.#revocations) {
      const { keys, revocations } = await metadata(this.#connections, this.#settings.issuer);
      await this.#keys.begin(keys);
      this.#revocations = revocations;
    }
    const { staleAfter } = this.#settings;
    const cursor = this.#cursor;
    if (cursor === undefined) {
      // Until it is there, the entries of before stay, and the proof grows old.
      await this.#ask(undefined, { 'Accept-Encoding': 'gzip' }, TIMEOUT);
      this.#hasCursor.happen();
      this.#begun.happen();
      return 0;
    }
    await this.#ask(cursor, {}, Math.max(staleAfter, 100));
    for (const blocklist of [this.#sessions, this.#tokens]) blocklist.sweep(Date.now() / 1000 - KEEP_LONGER, SWEEP);
    return began + staleAfter / 4 - performance.now();
  }

  async #waitForNews(): Promise<number> {
    await this.#hasCursor.happened;
    if (this.#cursor === undefined || this.#stopped) return 0;
    await this.#keys.refresh();
    await this.#ask(this.#cursor, { Prefer: `wait=${WAIT}` }, TIMEOUT);
    return 0;
  }

  /** Takes in all that came after this cursor; without one, everything. Proves what was so when the request was sent. */
  async #ask(after: string | undefined, headers: Record<string, string>, timeout: number): Promise<void> {
    const sent = moment();
    const url = new URL(this.#revocations!);
    if (after !== undefined) url.searchParams.set('after', after);
    const { status, body } = await this.#connections.get(url, { Authorization: this.#authorization, ...headers }, timeout);
    if (status !== 200) {
      for await (const _ of body);
      if (status !== 410 || after === undefined) throw new Error(`${url.pathname} answers ${status}`);
      if (this.#cursor === after) {
        this.#hasCursor = once();
        this.#cursor = undefined;
      }
      return;
    }
    this.#cursor = await readAnswer(body, entries => entries.forEach(entry => this.#take(entry)));
    this.#proof.at(sent);
  }

  #take({ sid, jti, exp }: Entry): void {
    if (sid !== undefined) this.#sessions.add(sid, exp);
    else if (jti !== undefined) this.#tokens.add(jti, exp);
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise(ended => {
      const end = () => {
        clearTimeout(timer);
        this.#pauses.delete(end);
        ended();
      };
      const timer = setTimeout(end, milliseconds);
      this.#pauses.add(end);
      if (this.#stopped) end();
    });
  }
}

function keyId(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).kid;
  } catch (cause) {
    throw new InvalidToken('not a token', { cause });
  }
}

/** Something that happens once. */
function once(): { happened: Promise<void>; happen: () => void } {
  let happen = () => {};
  const happened = new Promise<void>(done => (happen = done));
  return { happened, happen };
}
