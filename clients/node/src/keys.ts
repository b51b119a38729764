// The keys that verify tokens: the server's JWKS, at the address that its metadata has (RFC 8414).
import { importJWK, type CryptoKey, type JWK } from 'jose';
import { Connections, object } from './connection.js';
import { InvalidToken, Unknown } from './errors.js';
import { Freshness, moment } from './freshness.js';

const TIMEOUT = 5000;
/** The server publishes a key at least so long before it signs. */
const REFRESH_AFTER = 300_000;
const TOO_OLD_AFTER = 900_000;
/** Between two fetches because of an unknown key id: anyone can send unknown ids. */
const COOLDOWN = 10_000;

export interface Key {
  /** The key's algorithm, never the one in a token's header. */
  algorithm: string;
  key: CryptoKey | Uint8Array;
}

/** What the server says about itself. */
export async function metadata(connections: Connections, issuer: string): Promise<{ keys: URL; revocations: URL }> {
  const url = new URL(`${issuer.replace(/\/$/, '')}/.well-known/oauth-authorization-server`);
  const found = await object(url, await connections.get(url, {}, TIMEOUT));
  if (found.issuer !== issuer) throw new Error(`the metadata of ${issuer} is of another issuer: ${String(found.issuer)}`);
  const revocations = new URL(String(found.revocations_endpoint));
  if (revocations.origin !== url.origin) throw new Error(`the blocklist is at another server: ${revocations.href}`);
  return { keys: new URL(String(found.jwks_uri)), revocations };
}

/** The last JWKS. */
export class Keys {
  readonly #connections: Connections;
  readonly #fetched = new Freshness();
  readonly #tried = new Freshness();
  readonly #asked = new Freshness();
  #address: URL | undefined;
  #keys = new Map<string, Key>();
  #fetching: Promise<void> | undefined;

  constructor(connections: Connections) {
    this.#connections = connections;
  }

  /** Fetches the keys from this address, and from now on. */
  begin(address: URL): Promise<void> {
    this.#address = address;
    return this.#fetch();
  }

  /** Fetches the keys again if they are older than 5 minutes, at most every 10 seconds. */
  async refresh(): Promise<void> {
    if (this.#fetched.age() > REFRESH_AFTER && this.#tried.age() > COOLDOWN) await this.#fetch();
  }

  /**
   * Returns the key with this id. For an unknown id it fetches the set again, but not every time. Throws `Unknown` if no set
   * was fetched for a quarter of an hour: a key may have been withdrawn.
   */
  async find(kid: string | undefined): Promise<Key> {
    if (this.#fetched.age() > TOO_OLD_AFTER) throw new Unknown('the keys are too old');
    if (kid === undefined) throw new InvalidToken('the token has no key id');
    if (!this.#keys.has(kid) && (this.#fetching || this.#asked.age() > COOLDOWN)) {
      this.#asked.at(moment());
      await this.#fetch().catch(cause => {
        throw new Unknown('the keys could not be fetched', { cause });
      });
    }
    const key = this.#keys.get(kid);
    if (!key) throw new InvalidToken('the key is unknown');
    return key;
  }

  #fetch(): Promise<void> {
    this.#fetching ??= this.#fetchOnce().finally(() => (this.#fetching = undefined));
    return this.#fetching;
  }

  async #fetchOnce(): Promise<void> {
    if (!this.#address) throw new Error('the address of the keys is not known yet');
    const sent = moment();
    this.#tried.at(sent);
    const { keys } = await object(this.#address, await this.#connections.get(this.#address, {}, TIMEOUT));
    if (!Array.isArray(keys)) throw new Error(`${this.#address.href} has no keys`);
    const usable = await Promise.all((keys as JWK[]).map(usableKey));
    this.#keys = new Map(usable.filter(key => key !== undefined));
    this.#fetched.at(sent);
  }
}

/** One key of a kind that this version of jose does not know must not stop the others. */
async function usableKey(jwk: JWK): Promise<[string, Key] | undefined> {
  if (!jwk.kid || !jwk.alg) return undefined;
  const { kid, alg: algorithm } = jwk;
  return importJWK(jwk, algorithm).then((key): [string, Key] => [kid, { algorithm, key }], () => undefined);
}
