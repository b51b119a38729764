// What recipes.mjs, interop.mjs and other scripts share: the marked blocks of README.md and docs/, and servers to try them on.
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium-headless-shell';
export const PASSWORD = 'correct horse battery staple';
const running = new Set();

// When this process ends, for any reason, the processes that it started end too.
process.once('exit', () => running.forEach(child => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

/** The fenced block after the comment with this mark, in README.md or a page of docs/. Exactly one page must have it. */
export function block(mark) {
  const pages = ['README.md', ...readdirSync(join(root, 'docs')).map(page => `docs/${page}`)];
  const marked = new RegExp(`<!-- ${mark} -->\\s*\`\`\`\\w*\\n([\\s\\S]*?)\`\`\``, 'g');
  const found = pages.flatMap(page => [...readFileSync(join(root, page), 'utf8').matchAll(marked)]);
  if (found.length !== 1) throw new Error(`README.md and docs/ have ${found.length} blocks marked "${mark}" instead of one`);
  return found[0][1];
}

/** Fails unless this file of the tree contains the marked block, letter for letter. */
export function expectQuoted(mark, file) {
  if (!readFileSync(join(root, file), 'utf8').includes(block(mark))) {
    throw new Error(`${file} does not contain the documentation's block "${mark}"`);
  }
}

/** Variables that later commands of a transcript use: their names, and the pattern that finds each in an answer. */
const SHOWN = { TOKEN: /"access_token":"([^"]+)"/, REFRESH_TOKEN: /"refresh_token":"([^"]+)"/, SECRET: /^(hs_cs_\S+)$/m, CURSOR: /"cursor":"([^"]+)"/ };

/** Types a transcript. A line with `$ ` is a command, the lines after it are its answer; `…` matches any text. */
export function tryTranscript(mark, server, variables = {}) {
  const path = `${dirname(server.binary)}${delimiter}${process.env.PATH}`;
  const env = { ...environment(server.settings), ...variables, PATH: path };
  for (const entry of block(mark).split(/^\$ /m).slice(1)) {
    const [command, ...answer] = entry.trimEnd().split('\n');
    const typed = command.replaceAll('http://localhost:3000', server.origin);
    const options = { cwd: server.folder, env, timeout: 60_000 };
    const said = execFileSync('bash', ['--norc', '-c', `${typed} 2>/dev/null`], options).toString().replaceAll('\r', '').trimEnd();
    for (const [name, pattern] of Object.entries(SHOWN)) env[name] = pattern.exec(said)?.[1] ?? env[name] ?? '';
    const pattern = answer.join('\n').split('…').map(text => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[\\s\\S]*');
    if (!new RegExp(`^${pattern}$`).test(said)) throw new Error(`$ ${command}\nexpected: ${answer.join('\n')}\nanswer: ${said}`);
  }
}

/** The binary in a folder of its own, with no setting of this machine. */
export class Server {
  constructor(binary, folder, settings = {}) {
    Object.assign(this, { binary, folder, settings });
  }

  /** `under`: a program with its arguments that runs the binary, like strace. `log`: a file that gets the log. */
  async start(under = [], log = undefined) {
    const [command, ...words] = [...under, this.binary];
    const stderr = log ? openSync(log, 'a') : 'inherit';
    this.child = start(command, words, { cwd: this.folder, env: environment(this.settings), stdio: ['ignore', 'pipe', stderr] });
    if (log) closeSync(stderr);
    this.origin = await said(this.child, this.child.stdout, /^Handstamp listens on (\S+)/);
    return this;
  }

  stop() {
    return stop(this.child);
  }

  addUser(name = 'ada') {
    this.run(['user', 'add', name, '--password-stdin'], PASSWORD);
  }

  /** Runs a command of the binary in the same folder with the same settings, and returns what it prints. */
  run(words, input = '', stderr = 'inherit') {
    const options = { cwd: this.folder, env: environment(this.settings), input, stdio: ['pipe', 'pipe', stderr], timeout: 60_000 };
    return execFileSync(this.binary, words, options).toString();
  }

  /** Signs ada in and returns the access token. */
  async login() {
    const body = new URLSearchParams({ username: 'ada', password: PASSWORD });
    const answer = await get(`${this.origin}/login`, { method: 'POST', body });
    expect('signing in', answer.status, 200);
    return (await answer.json()).access_token;
  }
}

/** Only these settings: neither the environment nor the `.env` of the person who runs this. */
function environment(settings) {
  return { LEPTOS_SITE_ADDR: '127.0.0.1:0', RUST_LOG: 'error', ...settings };
}

/** Starts a process that ends with this one. */
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

/** Returns what a process prints when it is ready. Goes on reading, so that the process never blocks on its output. */
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

/** Starts a process that answers each line on its standard input with a line. */
export function talking(name, command, words, options = {}) {
  const child = start(command, words, { ...options, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const heard = async () => {
    const { value, done } = await within(lines.next(), name);
    if (done) throw new Error(`${name} has ended`);
    return value;
  };
  const ask = line => {
    child.stdin.write(`${line}\n`);
    return heard();
  };
  return { name, child, ask, heard, stop: () => stop(child) };
}

export function get(url, options = {}) {
  return fetch(url, { ...options, signal: AbortSignal.timeout(30_000) });
}

/** Waits for the promise, 30 seconds at most unless the caller says otherwise. */
export function within(promise, what, seconds = 30) {
  let timer;
  const late = new Promise((_, failed) => {
    timer = setTimeout(() => failed(new Error(`waited ${seconds} seconds for ${what}`)), seconds * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export function expect(what, actual, wanted) {
  if (actual !== wanted) throw new Error(`${what}: ${actual} instead of ${wanted}`);
}
