#!/usr/bin/env node
// How long `make watch` takes from a saved edit to a page that shows it, in Chromium. Starts it on free ports with a
// database of its own, waits for its first build, edits a sentence of a page a few times, and puts the file back. Fails
// where an edit takes longer than 15 seconds.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHROMIUM, root, start } from './trying.mjs';

const { chromium } = createRequire(join(root, 'end2end/package.json'))('@playwright/test');
const BOUND = 15;
const EDITS = 5;
const FIRST_BUILD = 40 * 60_000;
/** A sentence that the server renders on `/`. */
const FILE = join(root, 'src/app/pages/home.rs');
const SENTENCE = 'Signed out means signed out.';

const source = readFileSync(FILE, 'utf8');
if (!source.includes(`<h1>"${SENTENCE}"</h1>`)) throw new Error(`${FILE} has no heading "${SENTENCE}"`);
const folder = mkdtempSync(join(tmpdir(), 'handstamp-watch-'));
process.once('exit', () => {
  writeFileSync(FILE, source);
  rmSync(folder, { recursive: true, force: true });
});

const [port, reloadPort] = [await freePort(), await freePort()];
const watch = start('make', ['--no-print-directory', 'watch'], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
  // cargo and the server are processes of `make`: with a group of their own, one signal ends them all.
  detached: true,
  env: {
    ...process.env, LEPTOS_SITE_ADDR: `127.0.0.1:${port}`, LEPTOS_RELOAD_PORT: String(reloadPort),
    DATABASE_URL: `sqlite:${join(folder, 'handstamp.db')}`, RUST_LOG: 'error',
  },
});
process.once('exit', () => {
  if (watch.exitCode === null && watch.signalCode === null) process.kill(-watch.pid, 'SIGKILL');
});

const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
const page = await browser.newPage();
await open(`http://localhost:${port}/`);

// cargo leptos begins to look at files some time after its first build, and says nothing when it does.
await edit(`${SENTENCE} Ready.`, 60_000);
const took = [];
for (let count = 1; count <= EDITS; count++) {
  const began = performance.now();
  await edit(count < EDITS ? `${SENTENCE} Edit ${count}.` : SENTENCE);
  took.push((performance.now() - began) / 1000);
  console.log(`watch: edit ${count} on the page after ${took.at(-1).toFixed(1)} s`);
}
await browser.close();
process.kill(-watch.pid, 'SIGINT');
await watch.ended;

const slowest = Math.max(...took);
console.log(`watch: from an edit to the reloaded page ${slowest.toFixed(1)} s at most (bound ${BOUND} s)`);
process.exit(slowest > BOUND ? 1 : 0);

/** Saves the sentence, and again after each `pause` in milliseconds, until the page shows it. */
async function edit(sentence, pause = 600_000) {
  const save = () => writeFileSync(FILE, source.replace(`<h1>"${SENTENCE}"</h1>`, `<h1>"${sentence}"</h1>`));
  save();
  const again = setInterval(save, pause);
  await page.getByRole('heading', { level: 1, name: sentence, exact: true }).waitFor({ timeout: 600_000 });
  clearInterval(again);
}

/** Opens the page as soon as the first build is served. */
async function open(address) {
  const until = Date.now() + FIRST_BUILD;
  while (watch.exitCode === null && Date.now() < until) {
    const answered = await page.goto(address).then(answer => answer.ok(), () => false);
    // Only a page that listens is told of the next build.
    if (answered) return page.locator('html[data-program="started"]').waitFor({ timeout: 60_000 });
    await new Promise(resume => setTimeout(resume, 500));
  }
  throw new Error('make watch serves nothing');
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}
