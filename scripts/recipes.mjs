#!/usr/bin/env node
// Does what the README says: performs its recipes on a copy of the tree, builds that, and tries what they made; then types
// its curl lines and compares the answers. So the README stays true.
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
  console.log('recipes: the README is true');
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
 * Builds the copy. What was compiled for the tree's own release is taken over by hard links: only our crate is built, and not
 * optimised, as in `scripts/specs`.
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
