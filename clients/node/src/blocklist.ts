// Which ids are blocked, until when: exact, at about 42 bytes an entry. Does not know where entries come from.
//
// A `Set` of strings needs more than 100 bytes an entry. Here an id is four words and its time a fifth, in a hash table with
// open addressing. A table never grows: when it is full, half of its entries move to a new one (extendible hashing). So
// nothing takes long, and nothing is left behind for the garbage collector.

const ID_LENGTH = 22;
const WORDS = 5;
const SLOTS = 4096;
const FULL = SLOTS * 0.75;
const LATEST = 0xffff_ffff;
const NOT_BASE64URL = 255;

const VALUES = new Uint8Array(128).fill(NOT_BASE64URL);
[...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].forEach((letter, value) => {
  VALUES[letter.charCodeAt(0)] = value;
});

/** The id that was read last. */
const bytes = new Uint8Array(16);
const words = new Uint32Array(bytes.buffer);
/** What a table had, while it is filled anew. */
const scratch = new Uint32Array(SLOTS * WORDS);

class Table {
  /** Five words for each slot. An empty slot has the time 0. */
  readonly slots = new Uint32Array(SLOTS * WORDS);
  count = 0;

  /** `bits`: how many of the first bits of their hashes all ids here have in common. */
  constructor(public bits: number) {}

  /** Fills the table anew with what it had: each entry goes into the table that `choose` returns, if any. */
  distribute(choose: (hash: number, until: number) => Table | undefined): void {
    scratch.set(this.slots);
    this.slots.fill(0);
    this.count = 0;
    for (let at = 0; at < scratch.length; at += WORDS) {
      const until = scratch[at + 4]!;
      if (until === 0) continue;
      const id = scratch.subarray(at, at + 4);
      choose(hashOf(id), until)?.put(id, until);
    }
  }

  put(id: Uint32Array, until: number): void {
    const at = this.slotOf(id);
    const before = this.slots[at + 4]!;
    this.slots.set(id, at);
    this.slots[at + 4] = Math.max(before, until);
    if (before === 0) this.count += 1;
  }

  /** Returns where this id is, or the empty slot where it would be. There is always one. */
  slotOf(id: Uint32Array): number {
    const { slots } = this;
    let at = (hashOf(id) & (SLOTS - 1)) * WORDS;
    while (
      slots[at + 4] !== 0 &&
      (slots[at] !== id[0] || slots[at + 1] !== id[1] || slots[at + 2] !== id[2] || slots[at + 3] !== id[3])
    ) {
      at = at + WORDS === slots.length ? 0 : at + WORDS;
    }
    return at;
  }
}

/** Ids of one kind. */
export class Blocklist {
  readonly #tables = [new Table(0)];
  /** The table for each beginning of a hash, of `#bits` bits. */
  #directory = [...this.#tables];
  #bits = 0;
  /** Ids of another form than Handstamp's. */
  readonly #others = new Map<string, number>();
  #swept = 0;

  get size(): number {
    return this.#tables.reduce((sum, { count }) => sum + count, this.#others.size);
  }

  /** Bytes of all tables. */
  get bytes(): number {
    return this.#tables.reduce((sum, { slots }) => sum + slots.byteLength, 0);
  }

  has(id: string): boolean {
    if (!read(id)) return this.#others.has(id);
    const table = this.#tableOf(words);
    return table.slots[table.slotOf(words) + 4] !== 0;
  }

  /** Adds the id, or keeps it longer if it is there. */
  add(id: string, keepUntil: number): void {
    const until = Math.min(Math.max(Math.trunc(keepUntil), 1), LATEST);
    if (!read(id)) {
      this.#others.set(id, Math.max(until, this.#others.get(id) ?? 0));
      return;
    }
    while (this.#tableOf(words).count >= FULL) this.#split(this.#tableOf(words));
    this.#tableOf(words).put(words, until);
  }

  /** Drops what need not be kept any more from the next so many tables. */
  sweep(now: number, tables = this.#tables.length): void {
    for (let swept = 0; swept < tables; swept++) {
      const table = this.#tables[this.#swept]!;
      this.#swept = (this.#swept + 1) % this.#tables.length;
      let kept = 0;
      for (let at = 4; at < table.slots.length; at += WORDS) if (table.slots[at] !== 0 && table.slots[at]! >= now) kept += 1;
      if (kept < table.count) table.distribute((_, until) => (until >= now ? table : undefined));
    }
    for (const [id, until] of this.#others) if (until < now) this.#others.delete(id);
  }

  #tableOf(id: Uint32Array): Table {
    return this.#directory[beginning(hashOf(id), this.#bits)]!;
  }

  /** Moves the entries whose next bit is 1 to a new table. */
  #split(table: Table): void {
    if (table.bits === this.#bits) {
      this.#directory = this.#directory.flatMap(table => [table, table]);
      this.#bits += 1;
    }
    table.bits += 1;
    const other = new Table(table.bits);
    this.#tables.push(other);
    const isOthers = (beginning: number, bits: number) => ((beginning >>> (bits - table.bits)) & 1) === 1;
    this.#directory.forEach((at, index) => {
      if (at === table && isOthers(index, this.#bits)) this.#directory[index] = other;
    });
    table.distribute(hash => (isOthers(hash, 32) ? other : table));
  }
}

/** The first bits of a hash. */
function beginning(hash: number, bits: number): number {
  return bits === 0 ? 0 : hash >>> (32 - bits);
}

/** The ids are random; this mixes them, so that others would do. */
function hashOf(id: Uint32Array): number {
  let hash = 0;
  for (let word = 0; word < 4; word++) {
    hash = Math.imul(hash ^ id[word]!, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash >>> 0;
}

/** Reads an id of 128 bits into `bytes`. Returns false for another form, or another spelling of the same bits. */
function read(id: string): boolean {
  if (id.length !== ID_LENGTH) return false;
  let to = 0;
  for (let at = 0; at < ID_LENGTH; at += 4) {
    const last = at + 4 > ID_LENGTH;
    const [a, b, c, d] = [value(id, at), value(id, at + 1), last ? 0 : value(id, at + 2), last ? 0 : value(id, at + 3)];
    if (a === NOT_BASE64URL || b === NOT_BASE64URL || c === NOT_BASE64URL || d === NOT_BASE64URL) return false;
    bytes[to++] = (a << 2) | (b >> 4);
    if (last) return (b & 15) === 0;
    bytes[to++] = (b << 4) | (c >> 2);
    bytes[to++] = (c << 6) | d;
  }
  return true;
}

function value(id: string, at: number): number {
  return VALUES[id.charCodeAt(at)] ?? NOT_BASE64URL;
}
