#!/usr/bin/env node
// Does what README.md and docs/ say: performs the recipes on a copy of the tree, builds it, and tries the result. Then it
// types the curl commands and compares the answers. So the documentation stays true.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Server, block, expect, expectQuoted, get, root, tryTranscript } from './trying.mjs';

const copy = mkdtempSync(join(tmpdir(), 'handstamp-recipes-'));
const target = join(root, 'target/recipes');
const server = new Server(join(target, 'release/handstamp'), copy);

try {
  expectQuoted('protection', 'src/tests/protection.rs');
  copyTree();
  for (const recipe of ['protected-route', 'protected-page']) sh(block(`recipe: ${recipe}`), copy);
  build();
  server.addUser();
  await server.start();
  await tryRecipes();
  tryTranscript('transcript', server);
  console.log('recipes: the recipes and the transcript are true');
} finally {
  if (server.child) await server.stop();
  rmSync(copy, { recursive: true, force: true });
}

function copyTree() {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  for (const file of listed.toString().split('\0').filter(file => file && existsSync(join(root, file)))) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(root, file), join(copy, file));
  }
}

/**
 * Builds the copy. Hard links reuse what was compiled for the release of this tree: only our crate is built, not optimised,
 * as in `scripts/specs`.
 */
function build() {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  sh(`cp -al ${root}/target/release ${target}/release && rm -f ${target}/release/handstamp`, root);
  const flags = ['--release', '--no-default-features', '--features', 'ssr', '--bin', 'handstamp'];
  flags.push('--config', 'profile.release.package.handstamp.opt-level=0');
  execFileSync('cargo', ['build', '--quiet', ...flags], {
    cwd: copy, stdio: 'inherit', env: { ...process.env, CARGO_TARGET_DIR: target },
  });
}

async function tryRecipes() {
  const stranger = await get(`${server.origin}/report`);
  expect('the new route, as a stranger', stranger.status, 401);
  const known = await get(`${server.origin}/report`, { headers: { authorization: `Bearer ${await server.login()}` } });
  expect('the new route, signed in', known.status, 200);
  const page = await get(`${server.origin}/reports`);
  expect('the new page', page.status, 200);
  expect('its title', /<title>(.*?)<\/title>/.exec(await page.text())?.[1], 'Reports · Handstamp');
}

function sh(script, cwd) {
  execFileSync('bash', ['-euo', 'pipefail', '-c', script], { cwd, stdio: 'inherit' });
}
