// The memory of a blocklist, in a process of its own: node --expose-gc.
import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { test } from 'node:test';
import { Blocklist } from '../dist/blocklist.js';

const MILLION = 1_000_000;

test('a million entries need at most 64 bytes each', () => {
  const resident = () => (globalThis.gc(), globalThis.gc(), process.memoryUsage().rss);
  const random = randomFillSync(Buffer.alloc(MILLION * 16));
  const before = resident();
  const blocklist = new Blocklist();
  for (let at = 0; at < random.length; at += 16) blocklist.add(random.toString('base64url', at, at + 16), 2_000_000_000);
  assert.equal(blocklist.size, MILLION);
  const [own, inProcess] = [blocklist.bytes / MILLION, (resident() - before) / MILLION];
  console.log(`node: ${own.toFixed(1)} bytes an entry, ${inProcess.toFixed(1)} of the process, at ${MILLION.toLocaleString('en')} entries`);
  assert(own <= 64 && inProcess <= 64);
});
