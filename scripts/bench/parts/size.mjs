// The size of the binary, of an idle process and of every page over the wire, and the time of a start.
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from '../../../end2end/node_modules/@playwright/test/index.mjs';
import { CHROMIUM, Server, expect, get } from '../../trying.mjs';
import { credentials, handstamp, newFolder } from '../candidates.mjs';
import { atMost, print, shown, spread } from '../figures.mjs';
import { TWO_CORES, memory } from '../load.mjs';

const STARTS = 11;
const OPEN = ['/login', '/', '/signup', '/inspector'];
const SIGNED_IN = ['/dashboard', '/sessions', '/account', '/admin', '/admin/events', '/admin/keys'];
const BYTES = { '/login': 92_000 };
const OTHER_BYTES = 105_000;
const REQUESTS = 6;

export async function size(tools) {
  atMost(20, 'the binary', { median: statSync(tools.binary).size / 1e6 }, 'MB');
  await processes(tools);
  await pages(tools);
}

async function processes(tools) {
  const folder = join(tools.folder, 'empty');
  mkdirSync(folder);
  const [times, resident] = [[], []];
  for (let start = 0; start <= STARTS; start++) {
    const began = performance.now();
    const server = await handstamp(tools, folder, { RUST_LOG: 'info' }, TWO_CORES);
    const answer = await get(`${server.origin}/healthz`);
    times.push(performance.now() - began);
    expect('/healthz', answer.status, 200);
    resident.push(memory(server.pid, 'VmRSS') / 1e6);
    await server.stop();
  }
  // The first start makes the database, the secret and the key. It also warms up the client of this process.
  console.log(`  the very first start, which makes the database: ${shown(times.shift())} ms to the first answer`);
  atMost(50, 'from the start to the first answer, empty store', spread(times), 'ms');
  atMost(15, 'resident memory of an idle process', spread(resident), 'MB');
}

/** Every page in a browser that has nothing in its cache. */
async function pages(tools) {
  const settings = { RUST_LOG: 'error' };
  const server = new Server(tools.binary, newFolder(tools, 'pages', settings), settings);
  server.run(['user', 'promote', 'ada']);
  await server.start();
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  const rows = [];
  for (const path of [...OPEN, ...SIGNED_IN]) {
    // A browser of its own for each: a refresh token is used once.
    const storageState = SIGNED_IN.includes(path) ? await signedInState(browser, server) : undefined;
    const { bodies, all, requests } = await visit(browser, server.origin + path, storageState);
    rows.push([path, shown(bodies), shown(all), String(requests)]);
    atMost((BYTES[path] ?? OTHER_BYTES) / 1000, `first load of ${path}, compressed bodies`, { median: bodies / 1000 }, 'KB');
    atMost(REQUESTS, `requests of ${path}`, { median: requests });
  }
  print(['page', 'compressed bodies', 'with headers', 'requests'], rows, 1);
  await browser.close();
  await server.stop();
}

async function signedInState(browser, server) {
  const context = await browser.newContext({ baseURL: server.origin });
  const page = await context.newPage();
  await page.goto('/login');
  await page.locator('html[data-program="started"]').waitFor();
  await page.getByLabel('Username').fill(credentials().username);
  await page.getByLabel('Password', { exact: true }).fill(credentials().password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL('**/dashboard');
  const state = await context.storageState();
  await context.close();
  return state;
}

/** Counts what a first visit transfers: all files, without the calls that show the user's data. */
async function visit(browser, address, storageState) {
  const context = await browser.newContext({ storageState });
  const page = await context.newPage();
  const requests = [];
  page.on('requestfinished', request => {
    if (!new URL(request.url()).pathname.startsWith('/api/')) requests.push(request);
  });
  await page.goto(address);
  await page.locator('html[data-program="started"]').waitFor();
  await page.waitForLoadState('networkidle');
  expect('the address of the page', page.url(), address);
  // Not the devtools' own count of received data: it leaves out the document.
  const sizes = await Promise.all(requests.map(request => request.sizes()));
  await context.close();
  const sum = number => sizes.reduce((sum, size) => sum + number(size), 0);
  return {
    bodies: sum(({ responseBodySize }) => responseBodySize),
    all: sum(({ responseBodySize, responseHeadersSize }) => responseBodySize + responseHeadersSize),
    requests: requests.length,
  };
}
