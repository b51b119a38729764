// What recipes.mjs, interop.mjs and others share: the README's blocks, and servers that run for as long as they are tried.
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
export const PASSWORD = 'correct horse battery staple';
const running = new Set();

// However this ends, nothing that it started lives on.
process.once('exit', () => running.forEach(child => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

/** The fenced block after the comment with this mark. */
export function block(mark, file = 'README.md') {
  const found = readFileSync(join(root, file), 'utf8').match(new RegExp(`<!-- ${mark} -->\\s*\`\`\`\\w*\\n([\\s\\S]*?)\`\`\``));
  if (!found) throw new Error(`${file} has no block marked "${mark}"`);
  return found[1];
}

/** Fails unless the README quotes this file of the tree, letter for letter. */
export function expectQuoted(mark, file) {
  if (!readFileSync(join(root, file), 'utf8').includes(block(mark))) {
    throw new Error(`the README's block "${mark}" does not stand in ${file}`);
  }
}

/** What the README calls these, once an answer has shown them. */
const SHOWN = { TOKEN: /"access_token":"([^"]+)"/, REFRESH_TOKEN: /"refresh_token":"([^"]+)"/, SECRET: /^(hs_cs_\S+)$/m };

/** Types a transcript. `$ ` begins a command, the other lines are its answer; `…` stands for anything. */
export function tryTranscript(mark, server, variables = {}) {
  const path = `${dirname(server.binary)}${delimiter}${process.env.PATH}`;
  const env = { ...environment(server.settings), ...variables, PATH: path };
  for (const entry of block(mark).split(/^\$ /m).slice(1)) {
    const [command, ...answer] = entry.trimEnd().split('\n');
    const typed = command.replaceAll('http://127.0.0.1:3000', server.origin);
    const options = { cwd: server.folder, env, timeout: 60_000 };
    const said = execFileSync('bash', ['--norc', '-c', `${typed} 2>/dev/null`], options).toString().replaceAll('\r', '').trimEnd();
    for (const [name, pattern] of Object.entries(SHOWN)) env[name] = pattern.exec(said)?.[1] ?? env[name] ?? '';
    const pattern = answer.join('\n').split('…').map(text => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[\\s\\S]*');
    if (!new RegExp(`^${pattern}$`).test(said)) throw new Error(`$ ${command}\nREADME: ${answer.join('\n')}\nanswer: ${said}`);
  }
}

/** The binary in a folder of its own, with no setting of this machine; ada may sign in. */
export class Server {
  constructor(binary, folder, settings = {}) {
    Object.assign(this, { binary, folder, settings });
  }

  /** `under` is a program and its arguments that runs the binary, like strace. */
  async start(under = []) {
    const [command, ...words] = [...under, this.binary];
    this.child = start(command, words, { cwd: this.folder, env: environment(this.settings), stdio: ['ignore', 'pipe', 'inherit'] });
    this.origin = await said(this.child, this.child.stdout, /^Handstamp listens on (\S+)/);
    return this;
  }

  stop() {
    return stop(this.child);
  }

  addUser(name = 'ada') {
    this.run(['user', 'add', name, '--password-stdin'], PASSWORD);
  }

  /** One of the binary's commands, in the same folder with the same settings; what it prints. */
  run(words, input = '') {
    const options = { cwd: this.folder, env: environment(this.settings), input, timeout: 60_000 };
    return execFileSync(this.binary, words, options).toString();
  }

  /** A new access token of ada's. */
  async login() {
    const body = new URLSearchParams({ username: 'ada', password: PASSWORD });
    const answer = await get(`${this.origin}/login`, { method: 'POST', body });
    expect('signing in', answer.status, 200);
    return (await answer.json()).access_token;
  }
}

/** Only what is said here: neither the settings nor the `.env` of whoever runs this. */
function environment(settings) {
  return { LEPTOS_SITE_ADDR: '127.0.0.1:0', RUST_LOG: 'error', ...settings };
}

/** A process that does not outlive this one. */
export function start(command, words, options) {
  const child = spawn(command, words, options);
  running.add(child);
  child.ended = new Promise(end => child.once('close', end).once('error', end)).finally(() => running.delete(child));
  return child;
}

export async function stop(child) {
  child.kill();
  await within(child.ended, 'stopping a process');
}

/** What a process says when it is ready. Reads on, so that it never waits for a reader. */
export function said(child, stream, pattern) {
  const heard = new Promise((heard, failed) => {
    createInterface({ input: stream }).on('line', line => {
      const found = pattern.exec(line);
      if (found) heard(found[1]);
    });
    child.ended.then(code => failed(new Error(`${child.spawnfile} ended with ${code} before it was ready`)));
  });
  return within(heard, `${child.spawnfile} to say ${pattern}`);
}

export function get(url, options = {}) {
  return fetch(url, { ...options, signal: AbortSignal.timeout(30_000) });
}

/** Waits, but not for ever. */
export function within(promise, what) {
  let timer;
  const late = new Promise((_, failed) => {
    timer = setTimeout(() => failed(new Error(`waited 30 seconds for ${what}`)), 30_000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export function expect(what, actual, wanted) {
  if (actual !== wanted) throw new Error(`${what}: ${actual} instead of ${wanted}`);
}
