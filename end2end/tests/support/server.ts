// One running handstamp: its process, its port, its database, its log.
//
// It knows no browser. It ends every process that it starts, by process id.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { expect } from '@playwright/test';

export type Settings = Record<string, string>;
export type User = { name: string; password: string };

const PROJECT = resolve(import.meta.dirname, '../../..');
const BINARY = process.env['HANDSTAMP_BIN'] ?? join(PROJECT, 'target/release/handstamp');

/** A database of its own: a file in the folder, or on the PostgreSQL of `scripts/with_postgres` with this folder's name. */
async function databaseUrl(folder: string): Promise<string> {
  const postgres = process.env['TEST_POSTGRES_URL'];
  if (!postgres) return `sqlite:${join(folder, 'handstamp.db')}`;
  const name = basename(folder).replace(/\W/g, '').toLowerCase();
  await run('psql', ['--quiet', postgres, '-c', `CREATE DATABASE ${name}`], '');
  return postgres.replace('/postgres?', `/${name}?`);
}

export class Server {
  readonly origin: string;
  /** Everything that the server and its commands have written, on both outputs. */
  log = '';
  /** The server's own log, without the text that it and its commands print for the operator. */
  private lines = '';
  private process: ChildProcess | undefined;
  private readonly passwords: string[] = [];
  /** The setup codes that the server printed. */
  private readonly codes = new Set<string>();
  /** How much of both has been searched for secrets. */
  private checked = { log: 0, lines: 0 };

  private constructor(
    private readonly folder: string,
    port: number,
    private readonly settings: Settings,
  ) {
    this.origin = `http://localhost:${port}`;
  }

  /** A new server: fresh folder, fresh database, free port, for which `{port}` stands in a setting. Not yet started. */
  static async create(settings: Settings = {}): Promise<Server> {
    const folder = await mkdtemp(join(tmpdir(), 'handstamp-end2end-'));
    const port = await freePort();
    const own = Object.entries(settings).map(([name, value]) => [name, value.replace('{port}', `${port}`)]);
    return new Server(folder, port, {
      LEPTOS_SITE_ADDR: `127.0.0.1:${port}`,
      DATABASE_URL: await databaseUrl(folder),
      // Kept over restarts, and no two tests write one secret file in the project's data folder.
      JWT_SECRET: randomBytes(32).toString('hex'),
      HASH_CONCURRENCY: '1',
      // At the most verbose level, so that a secret that could be logged is (`expectCleanLog`).
      RUST_LOG: 'trace',
      ...(Object.fromEntries(own) as Settings),
    });
  }

  /** Starts on the same data and port as before; returns when it can serve protected doors. */
  async start(): Promise<void> {
    const child = spawn(BINARY, [], { cwd: this.folder, env: this.environment(), stdio: ['ignore', 'pipe', 'pipe'] });
    this.process = child;
    const collect = (chunk: string) => (this.log += chunk);
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      collect(chunk);
      this.lines += chunk;
    });
    child.on('error', error => collect(`could not start ${BINARY}: ${error.message}\n`));
    await expect
      .poll(() => this.exited() ?? this.ready(), { message: 'the server becomes ready', intervals: [20, 50, 100] })
      .toBe('ready')
      .catch((error: unknown) => Promise.reject(new Error(`${String(error)}\n\nlog:\n${this.log}`)));
  }

  /** Asks it to stop, as systemd would, and waits until it has, without an error. */
  async stop(): Promise<void> {
    expect([0, undefined], 'exit code after SIGTERM').toContain(await this.end('SIGTERM'));
  }

  /** Ends it like a crash. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Ends it and removes its data. */
  async remove(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** The one-time link in one line of the log. */
  setupLink(): string {
    const links = this.log.match(/http:\/\/\S+\/setup#[A-Za-z0-9_-]+/g) ?? [];
    expect(links, 'the setup link is printed once').toHaveLength(1);
    return links[0]!;
  }

  /** A new user, made by the command line: no door of the server must be open for it. */
  async addUser(name = newName(), { admin = false } = {}): Promise<User> {
    const user = { name, password: this.newPassword() };
    const role = admin ? ['--admin'] : [];
    await this.command(['user', 'add', user.name, ...role, '--password-stdin'], `${user.password}\n`);
    return user;
  }

  /** A new administrator. */
  async addAdmin(): Promise<User> {
    return this.addUser(newName(), { admin: true });
  }

  /** Ends all sessions of a user by the command line: another process, which the server follows a moment later. */
  async endSessions(user: User): Promise<void> {
    await this.command(['session', 'end', '--user', user.name], '');
  }

  /** The newest mail with this subject to this address, when it has arrived in the outbox. */
  async mail(to: string, subject: string): Promise<string> {
    const outbox = join(this.folder, process.env['TEST_POSTGRES_URL'] ? 'data/outbox' : 'outbox');
    const find = async () => {
      const files = await readdir(outbox).catch(() => [] as string[]);
      const mails = await Promise.all(files.sort().map(file => readFile(join(outbox, file), 'utf8')));
      return mails.filter(mail => mail.includes(`\r\nTo: ${to}\r\nSubject: ${subject}\r\n`)).pop() ?? '';
    };
    await expect.poll(find, { message: `a mail to ${to}: ${subject}`, timeout: 10_000 }).not.toBe('');
    return find();
  }

  /** The link in a mail, on a line of its own. */
  async linkMailed(to: string, subject: string): Promise<string> {
    const [link] = /^http:\/\/\S+\?token=[\w-]{22}(?=\r$)/m.exec(await this.mail(to, subject)) ?? [];
    expect(link, 'a whole link in the text').toBeDefined();
    return link!.replace(/^http:\/\/[^/]+/, '');
  }

  /** A password that no user has yet; the log must never hold it. */
  newPassword(): string {
    const password = `correct-horse-${randomBytes(9).toString('hex')}`;
    this.passwords.push(password);
    return password;
  }

  /** An access token from the machine door. */
  async token(user: User): Promise<string> {
    const form = new URLSearchParams({ username: user.name, password: user.password });
    const { out } = await run('curl', ['-sS', '--data', '@-', `${this.origin}/login`], form.toString());
    return (JSON.parse(out) as { access_token: string }).access_token;
  }

  /** What the protected door answers to this token: status and body. */
  async greet(token: string): Promise<string> {
    const args = ['-sS', '-w', '\\n%{http_code}', '-H', '@-', `${this.origin}/protected`];
    const { out } = await run('curl', args, `Authorization: Bearer ${token}`);
    const [body, status] = out.split('\n');
    return `${status} ${body}`;
  }

  /** Ends the session of this token. */
  async logout(token: string): Promise<void> {
    const args = ['-sS', '-X', 'DELETE', '-H', '@-', `${this.origin}/logout`];
    const { out } = await run('curl', args, `Authorization: Bearer ${token}`);
    expect(out).toBe('{"msg":"Access token revoked"}');
  }

  /** What the machine door answers to this token when asked to end all other sessions. */
  async endOthers(token: string): Promise<string> {
    const args = ['-sS', '-X', 'DELETE', '-H', '@-', `${this.origin}/sessions`];
    return (await run('curl', args, `Authorization: Bearer ${token}`)).out;
  }

  /** Removes all second factors of a user, as an operator does for one who has lost them. */
  async removeFactors(user: User): Promise<void> {
    await this.command(['user', 'factors', 'reset', user.name], '');
  }

  /** What the machine door answers to this refresh token. */
  async refresh(token: string): Promise<string> {
    const { out } = await run('curl', ['-sS', '--data', '@-', `${this.origin}/refresh`], `refresh_token=${token}`);
    return out;
  }

  /**
   * The log holds no password, and no token, secret, device cookie or code that the server issued.
   *
   * Reads what came since the last check: a worker's server serves a hundred tests, and this reads its log once, not a
   * hundred times. A secret is unknown before the test that makes it, so no earlier part can hold it.
   */
  expectCleanLog(): void {
    // A line that was incomplete at the last check is read again.
    const log = this.log.slice(this.log.lastIndexOf('\n', this.checked.log - 1) + 1);
    const lines = this.lines.slice(this.lines.lastIndexOf('\n', this.checked.lines - 1) + 1);
    this.checked = { log: this.log.length, lines: this.lines.length };
    for (const password of this.passwords) {
      expect(log.includes(password), 'a password stands in the log').toBe(false);
    }
    // `eyJ` is `{"` in base64url: both readable parts of a JWT begin so. Alone, these letters may be part of a random id.
    expect(log, 'a token stands in the log').not.toMatch(/eyJ[\w-]+\.eyJ/);
    expect(log, 'a refresh token stands in the log').not.toContain('hs_rt_');
    expect(log, 'a password field stands in the log').not.toMatch(/password=/i);
    // `client add` and the first start print theirs on purpose: only the log counts.
    expect(lines, 'the secret of a client stands in the log').not.toContain('hs_cs_');
    expect(lines, 'the cookie of a device stands in the log').not.toContain('handstamp_device=');
    expect(lines, 'a challenge stands in the log').not.toContain('handstamp_challenge=');
    expect(lines, 'a gate cookie stands in the log').not.toContain('handstamp_gate=');
    expect(lines, 'a link with its code stands in the log').not.toMatch(/\/(setup|signup)#/);
    expect(lines, 'a link of a mail stands in the log').not.toContain('?token=');
    for (const [, code] of log.matchAll(/\/setup#([\w-]{22})/g)) this.codes.add(code!);
    for (const code of this.codes) expect(lines.includes(code), 'the setup code stands in the log').toBe(false);
  }

  // The exit code; nothing if none was running.
  private async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null | undefined> {
    const child = this.process;
    this.process = undefined;
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return undefined;
    // Not `exit`: the last lines may still arrive.
    const closed = once(child, 'close');
    process.kill(child.pid, signal);
    await closed;
    return child.exitCode;
  }

  private exited(): string | undefined {
    const child = this.process;
    return child && (child.exitCode ?? child.signalCode) !== null ? `exited with ${child.exitCode}` : undefined;
  }

  private async ready(): Promise<string> {
    return fetch(`${this.origin}/readyz`).then(
      answer => (answer.ok ? 'ready' : `status ${answer.status}`),
      () => 'no answer',
    );
  }

  private async command(args: string[], input: string): Promise<void> {
    const { out, err } = await run(BINARY, args, input, { cwd: this.folder, env: this.environment() });
    this.log += out + err;
  }

  // Only what a process needs from the outer environment, so that a developer's settings change no test.
  private environment(): NodeJS.ProcessEnv {
    return { PATH: process.env['PATH'], HOME: process.env['HOME'], ...this.settings };
  }
}

/** A name that no other test uses, short enough to read in a picture. */
export function newName(): string {
  return `ada${randomBytes(4).toString('hex')}`;
}

/** Runs a program to its end and returns its output; its standard input is `input`. */
export function run(file: string, args: string[], input = '', options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
  return new Promise<{ out: string; err: string }>((done, failed) => {
    const child = execFile(file, args, { ...options, timeout: 20_000 }, (error, out, err) => {
      // Without the arguments: they may hold a token.
      if (error) failed(new Error(`${file} ended with ${error.code}: ${err}`));
      else done({ out, err });
    });
    child.stdin?.end(input);
  });
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
