#!/usr/bin/env node
// Does what the README says: performs its recipes on a copy of the tree, builds that, and tries what they made; then types
// its curl lines and compares the answers. So the README stays true.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const root = resolve(dirname(process.argv[1]), '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const copy = mkdtempSync(join(tmpdir(), 'handstamp-recipes-'));
const target = join(root, 'target/recipes');
let server;

try {
  copyTree();
  for (const recipe of ['protected-route', 'protected-page']) sh(block(`recipe: ${recipe}`), copy);
  build();
  const origin = await serve();
  await tryRecipes(origin);
  tryTranscript(origin);
  console.log('recipes: the README is true');
} finally {
  server?.kill();
  rmSync(copy, { recursive: true, force: true });
}

/** The fenced block after the comment with this mark. */
function block(mark) {
  const found = readme.match(new RegExp(`<!-- ${mark} -->\\s*\`\`\`\\w*\\n([\\s\\S]*?)\`\`\``));
  if (!found) throw new Error(`README.md has no block marked "${mark}"`);
  return found[1];
}

function copyTree() {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  for (const file of listed.toString().split('\0').filter(file => file && existsSync(join(root, file)))) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(root, file), join(copy, file));
  }
}

/** Builds the copy. What was compiled for the tree's own release is taken over by hard links: only our crate is built. */
function build() {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  sh(`cp -al ${root}/target/release ${target}/release && rm -f ${target}/release/handstamp ${target}/release/hash.txt`, root);
  const flags = ['--release', '--no-default-features', '--features', 'ssr', '--bin', 'handstamp'];
  execFileSync('cargo', ['build', '--quiet', ...flags], {
    cwd: copy, stdio: 'inherit', env: { ...process.env, CARGO_TARGET_DIR: target },
  });
}

async function serve() {
  const env = { ...process.env, LEPTOS_SITE_ADDR: '127.0.0.1:0', DATABASE_URL: `sqlite:${copy}/data/handstamp.db`, RUST_LOG: 'error' };
  const binary = join(target, 'release/handstamp');
  execFileSync(binary, ['user', 'add', 'ada', '--password-stdin'], { cwd: copy, env, input: 'correct horse battery staple' });
  server = spawn(binary, { cwd: copy, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await new Promise((heard, failed) => {
    server.stdout.once('data', data => heard(data.toString().split('\n')));
    server.once('exit', code => failed(new Error(`the server ended with ${code}`)));
  });
  return line.replace('Handstamp listens on ', '');
}

async function tryRecipes(origin) {
  const stranger = await fetch(`${origin}/report`);
  expect('the new route, as a stranger', stranger.status, 401);
  const body = JSON.stringify({ username: 'ada', password: 'correct horse battery staple' });
  const login = await fetch(`${origin}/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const { access_token } = await login.json();
  const known = await fetch(`${origin}/report`, { headers: { authorization: `Bearer ${access_token}` } });
  expect('the new route, signed in', known.status, 200);
  const page = await fetch(`${origin}/reports`);
  expect('the new page', page.status, 200);
  expect('its title', /<title>(.*?)<\/title>/.exec(await page.text())?.[1], 'Reports · Handstamp');
}

/** `$ ` begins a command, the other lines are its answer; `…` stands for anything. */
function tryTranscript(origin) {
  for (const entry of block('transcript').split(/^\$ /m).slice(1)) {
    const [command, ...answer] = entry.trimEnd().split('\n');
    const typed = command.replaceAll('http://127.0.0.1:3000', origin);
    const said = execFileSync('bash', ['-c', `${typed} 2>/dev/null`], { env: process.env }).toString().replaceAll('\r', '').trimEnd();
    const token = /"access_token":"([^"]+)"/.exec(said)?.[1];
    if (token) process.env.TOKEN = token;
    const pattern = answer.join('\n').split('…').map(text => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[\\s\\S]*');
    if (!new RegExp(`^${pattern}$`).test(said)) throw new Error(`$ ${command}\nREADME: ${answer.join('\n')}\nanswer: ${said}`);
  }
}

function expect(what, actual, wanted) {
  if (actual !== wanted) throw new Error(`${what}: ${actual} instead of ${wanted}`);
}

function sh(script, cwd) {
  execFileSync('bash', ['-euo', 'pipefail', '-c', script], { cwd, stdio: 'inherit' });
}
