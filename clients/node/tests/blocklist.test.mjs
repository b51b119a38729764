// Blocklists: exact and compact.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { Blocklist } from '../dist/blocklist.js';

const newId = () => randomBytes(16).toString('base64url');

test('exactly the ids that were added are blocked', () => {
  const [added, others] = [Array.from({ length: 50_000 }, newId), Array.from({ length: 50_000 }, newId)];
  const blocklist = new Blocklist();
  added.forEach(id => blocklist.add(id, 100));
  assert(added.every(id => blocklist.has(id)));
  assert(!others.some(id => blocklist.has(id)));
  assert.equal(blocklist.size, added.length);
});

test('an id that differs in one character, in its length or in unused bits is another', () => {
  const blocklist = new Blocklist();
  const id = `${newId().slice(0, 21)}A`;
  blocklist.add(id, 100);
  const changed = Array.from(id, (letter, at) => id.slice(0, at) + (letter === 'A' ? 'Q' : 'A') + id.slice(at + 1));
  for (const other of [...changed, id.slice(1), `${id}A`, `${id.slice(0, 21)}B`, `${id.slice(0, 21)}=`, `${id.slice(0, 21)}é`, '']) {
    assert.equal(blocklist.has(other), other === id, other);
  }
});

test('ids of another form are blocked too', () => {
  const blocklist = new Blocklist();
  const ids = ['short', 'x'.repeat(300), `${'A'.repeat(21)}B`, `${'A'.repeat(21)}é`, '\ud800'];
  for (const id of ids) {
    assert(!blocklist.has(id));
    blocklist.add(id, 100);
    assert(blocklist.has(id));
  }
  assert(!blocklist.has('A'.repeat(22)));
  assert.equal(blocklist.size, ids.length);
  blocklist.sweep(101);
  assert.equal(blocklist.size, 0);
});

test('an entry stays until its time, and one that comes twice until the later one', () => {
  const blocklist = new Blocklist();
  const [brief, longer] = [newId(), newId()];
  for (const [id, until] of [[brief, 100], [longer, 100], [longer, 200], [longer, 150]]) blocklist.add(id, until);
  assert.equal(blocklist.size, 2);
  for (const [now, ...expected] of [[100, true, true], [101, false, true], [200, false, true], [201, false, false]]) {
    blocklist.sweep(now);
    assert.deepEqual([blocklist.has(brief), blocklist.has(longer)], expected, `at ${now}`);
  }
});

test('times that do not fit are the nearest that do', () => {
  const blocklist = new Blocklist();
  const [past, distant] = [newId(), newId()];
  blocklist.add(past, -5);
  blocklist.add(distant, 2 ** 40);
  blocklist.sweep(2);
  assert.deepEqual([blocklist.has(past), blocklist.has(distant)], [false, true]);
});

test('the sweeping of many leaves the others, and their memory is used again', () => {
  const blocklist = new Blocklist();
  const kept = Array.from({ length: 2_000 }, newId);
  kept.forEach(id => blocklist.add(id, 100));
  const fill = () => {
    for (let number = 0; number < 100_000; number++) blocklist.add(newId(), 50);
  };
  fill();
  const { bytes } = blocklist;
  blocklist.sweep(51);
  assert.equal(blocklist.size, kept.length);
  assert(kept.every(id => blocklist.has(id)));
  fill();
  assert(blocklist.bytes < bytes * 1.1);
});
