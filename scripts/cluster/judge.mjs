// Reads the log that the clients kept, and finds what breaks the promise.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** `REVOCATION_BOUND`: how long other processes may let a token in after its sign-out was acknowledged. */
export const BOUND = 1000;

/**
 * The records, all with `i`, the number of the instance, and `b` and `e`, when the request was begun and answered:
 * `start` (`b`: when the process was started), `end` with the sessions `s` that were acknowledged to have ended, `ask` with the
 * session `s` and the status `a` of the protected door, and `turn` with the refresh token `p` and its successor `n`.
 */
export async function judge(log) {
  const [starts, ends] = [new Map(), new Map()];
  for await (const { k, i, b, e, s } of records(log)) {
    if (k === 'start') at(starts, i, () => []).push(b);
    if (k === 'end') for (const sid of s) at(ends, sid, () => []).push({ i, e });
  }
  const seen = { asked: 0, askedAfterEnd: 0, longest: 0, letIn: [], twoSuccessors: [], turns: 0 };
  const [next, before] = [new Map(), new Map()];
  for await (const { k, i, b, s, a, p, n } of records(log)) {
    if (k === 'ask') {
      seen.asked += 1;
      const acknowledged = (ends.get(s) ?? []).filter(({ e }) => e < b);
      if (acknowledged.length === 0) continue;
      seen.askedAfterEnd += 1;
      if (a !== 200) continue;
      const started = starts.get(i).findLast(start => start < b);
      // A process that was started after it has read it.
      const known = acknowledged.find(end => end.i === i || end.e < started || end.e + BOUND < b);
      if (known) seen.letIn.push({ sid: s, instance: i, after: b - known.e, end: known });
      seen.longest = Math.max(seen.longest, ...acknowledged.map(({ e }) => b - e));
    }
    if (k === 'turn') {
      seen.turns += 1;
      const [successor, predecessor] = [at(next, p, () => n), at(before, n, () => p)];
      if (successor !== n || predecessor !== p) seen.twoSuccessors.push({ sid: s, instance: i, at: b });
    }
  }
  return seen;
}

function at(map, key, make) {
  if (!map.has(key)) map.set(key, make());
  return map.get(key);
}

async function* records(log) {
  await log.synced;
  for await (const line of createInterface({ input: createReadStream(log.path) })) yield JSON.parse(line);
}
