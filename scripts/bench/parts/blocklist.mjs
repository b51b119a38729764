// A blocklist with a million entries: its memory, and the time from the start of the server to its first right answer.
import { expect, get } from '../../trying.mjs';
import { handstamp, newFolder, signIn } from '../candidates.mjs';
import { block, newIds } from '../data.mjs';
import { atMost, shown, spread } from '../figures.mjs';
import { TWO_CORES, memory } from '../load.mjs';

const STARTS = 5;
const BYTES = 40;
const SECONDS = 0.5;

export async function blocklist(tools) {
  const folder = newFolder(tools, 'blocklist');
  const server = await handstamp(tools, folder, { JWT_ACCESS_TOKEN_EXPIRES: '60m' }, TWO_CORES);
  const { access_token: token } = await signIn(server);
  const signedOut = await get(`${server.origin}/logout`, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } });
  expect('signing out', signedOut.status, 200);
  await server.stop();

  const empty = await starts(tools, folder, token);
  block(folder, newIds(tools.entries));
  const full = await starts(tools, folder, token);
  for (const [entries, { seconds, resident }] of [[1, empty], [tools.entries, full]]) {
    console.log(`  ${shown(entries)} entries: first answer after ${shown(seconds.median)} s, ${shown(resident.median / 1e6)} MB resident`);
  }
  const bytes = full.resident.median - empty.resident.median;
  atMost(BYTES, 'memory of an entry', { median: bytes / tools.entries }, 'bytes');
  atMost(SECONDS, `from the start to the first right answer, ${shown(tools.entries)} entries`, full.seconds, 's');
}

/** Starts the server several times. It must refuse the token each time. */
async function starts(tools, folder, token) {
  const [seconds, resident] = [[], []];
  for (let start = 0; start < STARTS; start++) {
    const began = performance.now();
    const server = await handstamp(tools, folder, {}, TWO_CORES);
    const answer = await get(`${server.origin}/protected`, { headers: { authorization: `Bearer ${token}` } });
    seconds.push((performance.now() - began) / 1000);
    expect('a token whose session has ended', answer.status, 401);
    resident.push(memory(server.pid, 'VmRSS'));
    await server.stop();
  }
  return { seconds: spread(seconds), resident: spread(resident) };
}
