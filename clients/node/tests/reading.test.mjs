// Answers of the server, clocks, headers and settings.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidToken, MissingToken, bearer, follower } from '../dist/index.js';
import { readAnswer } from '../dist/feed.js';
import { Freshness } from '../dist/freshness.js';

const ENTRIES = [{ sid: 'a', exp: 1 }, { jti: 'b', exp: 2 }, { sid: 'c', exp: 3 }];
const ANSWER = { cursor: 'x.1', entries: ENTRIES };

async function read(...texts) {
  const taken = [];
  const cursor = await readAnswer((async function* () { yield* texts; })(), entries => taken.push(...entries));
  return { cursor, entries: taken };
}

test('an answer is the same wherever it is cut into pieces', async () => {
  for (const text of [JSON.stringify(ANSWER), JSON.stringify(ANSWER, null, 2)]) {
    for (let at = 0; at < text.length; at++) assert.deepEqual(await read(text.slice(0, at), text.slice(at)), ANSWER);
    assert.deepEqual(await read(...text), ANSWER);
  }
  assert.deepEqual(await read('{"cursor":"x.1","entries":[]}'), { cursor: 'x.1', entries: [] });
  assert.deepEqual(await read(JSON.stringify({ entries: ENTRIES, cursor: 'x.1' })), ANSWER);
});

test('an answer that is cut off is refused wherever that was, and so are other forms', async () => {
  const text = JSON.stringify(ANSWER);
  for (let end = 0; end < text.length; end++) await assert.rejects(read(text.slice(0, end)), SyntaxError, String(end));
  for (const other of ['', '[]', '<html>', '{"cursor":1,"entries":[]}', '{"cursor":"x","entries":[1,2]}']) await assert.rejects(read(other), other);
});

test('the age is the longer of what two clocks say, and what was never known is older than everything', () => {
  const known = new Freshness();
  assert.equal(known.age(), Infinity);
  known.at({ steady: 1000, wall: 2000 });
  known.at({ steady: 999, wall: 9999 });
  for (const [steady, wall, age] of [[5, 5, 5], [5, 900, 900], [5, -900, 5], [0, 0, 0]]) {
    assert.equal(known.age({ steady: 1000 + steady, wall: 2000 + wall }), age);
  }
  known.forget();
  assert.equal(known.age(), Infinity);
});

test('a bearer token is exactly a scheme and one token', () => {
  assert.deepEqual(['Bearer x', 'bearer   x'].map(bearer), ['x', 'x']);
  for (const header of ['x', 'Bearer', 'Basic x', 'Bearer x y']) assert.throws(() => bearer(header), InvalidToken);
  for (const missing of [undefined, '']) assert.throws(() => bearer(missing), MissingToken);
});

test('a secret is not sent without https except on this machine', () => {
  for (const issuer of ['http://id.example.org', 'ftp://id.example.org', 'id.example.org']) {
    assert.throws(() => follower({ issuer, client: 'billing', secret: 'x' }), TypeError, issuer);
  }
});
