// A service that follows the blocklist, on standard input and output: answer.mjs ISSUER CLIENT SECRET. It answers as answer.py.
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose';
import { InvalidToken, RevokedToken, Unknown, follower } from 'handstamp-follower';

const [issuer, client, secret] = process.argv.slice(2);
const tokens = follower({ issuer, client, secret });
const COMMANDS = { check, watch, cost, resident, ready, stop, state };

for await (const line of createInterface({ input: process.stdin })) {
  const [command, ...words] = line.split(' ');
  console.log(await COMMANDS[command](...words));
}

async function check(token) {
  try {
    return `accepted ${(await tokens.verify(token)).username}`;
  } catch (error) {
    if (error instanceof RevokedToken) return 'revoked';
    if (error instanceof InvalidToken) return `invalid ${JSON.stringify(error.message)}`;
    if (error instanceof Unknown) return 'unknown';
    throw error;
  }
}

async function watch(token) {
  const claims = decodeJwt(token);
  console.log('watching');
  while (!tokens.isRevoked(claims)) await sleep(1);
  return 'refused';
}

/** Processor time of a check here, and of jose alone with the same demands; the rounds take turns. */
async function cost(token, jwk, rounds = 40, times = 50) {
  const keys = createLocalJWKSet({ keys: [JSON.parse(jwk)] });
  const plain = () => jwtVerify(token, keys, { issuer, audience: 'handstamp', typ: 'at+jwt' });
  const spent = { plain: [], checked: [] };
  for (let round = 0; round < rounds; round++) {
    for (const [name, call] of [['plain', plain], ['checked', () => tokens.verify(token)]]) {
      const began = process.cpuUsage();
      for (let time = 0; time < times; time++) await call();
      const { user, system } = process.cpuUsage(began);
      spent[name].push(((user + system) * 1000) / times);
    }
  }
  return JSON.stringify(spent);
}

function resident() {
  return process.memoryUsage().rss;
}

async function ready() {
  await tokens.ready();
  return 'ready';
}

async function stop() {
  await tokens.stop();
  // Standard input and output remain.
  const left = process.getActiveResourcesInfo().filter(kind => !['PipeWrap', 'TTYWrap'].includes(kind));
  return `stopped ${left.length} left${left.map(kind => ` ${kind}`).join('')}`;
}

function state() {
  return JSON.stringify({ stale: tokens.stale, entries: tokens.entries, error: tokens.lastError ?? null });
}
