// Sign-ins, compared with the hash of the password alone: what the rest of a sign-in costs.
import { FORM, argon2, credentials, handstamp, newFolder } from '../candidates.mjs';
import { atLeast, ratio } from '../figures.mjs';
import { counted, load } from '../load.mjs';
import { printRates, rates, rounds, stopAll } from '../rounds.mjs';

const HASHES = 100;
/** More than the core hashes at a time: it has work while a sign-in waits for the disk. */
const CONNECTIONS = 4;

export async function signIns(tools) {
  const folder = newFolder(tools, 'sign-ins');
  const all = [argon2(tools), await handstamp(tools, folder, { RUST_LOG: 'info' })];
  const [bare, server] = all;
  const runs = await rounds(tools, [
    () => counted(bare, () => hash(bare)),
    () => load(server, signIn(), { ...tools, connections: CONNECTIONS }),
  ]);
  console.log('\nPOST /login, Argon2id with 19 MiB and two iterations, one core:');
  printRates(all, runs, rates(runs[0]), 'of the hash');
  atLeast(0.95, 'sign-in: share of the hash alone', ratio(rates(runs[1]), rates(runs[0])));
  await stopAll(all);
}

export function signIn() {
  return { path: '/login', method: 'POST', body: new URLSearchParams(credentials()).toString(), type: FORM };
}

async function hash(bare) {
  const began = performance.now();
  await bare.hash(HASHES);
  return { answers: HASHES, seconds: (performance.now() - began) / 1000 };
}
