// A PostgreSQL server of Debian's package in a folder of its own, reachable only through a socket there: a primary, or a
// standby that streams from one.
import { execFile, execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { within } from '../trying.mjs';

/** Where Debian keeps the programs of its newest PostgreSQL; nothing if there is none. */
const PROGRAMS = programs();
const AS_ROOT = process.getuid() === 0;
/** The port is only the end of the socket's name. */
const PORT = 5432;

/** A copy has them too. */
const SETTINGS = `
wal_keep_size = 1GB
# Nothing of a server that was killed stays behind outside of its folder.
dynamic_shared_memory_type = mmap
# A standby that comes back looks for its primary at once. The default is 5 seconds.
wal_retrieve_retry_interval = 200ms
`;

const run = promisify(execFile);
const pause = () => new Promise(over => setTimeout(over, 20));

export const isInstalled = PROGRAMS !== undefined;

export class Node {
  /** `name`: the standby's name in `synchronous_standby_names`. */
  constructor(name) {
    this.name = name;
    this.folder = mkdtempSync(join(tmpdir(), `handstamp-${name}-`));
    this.data = join(this.folder, 'data');
    this.socket = join(this.folder, `.s.PGSQL.${PORT}`);
    // PostgreSQL refuses to run as root.
    if (AS_ROOT) execFileSync('chown', ['postgres', this.folder]);
    process.once('exit', () => this.remove());
  }

  /** A new primary. */
  async initialise() {
    await this.program('initdb', ['-D', this.data, '-U', 'handstamp', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync']);
    appendFileSync(join(this.data, 'postgresql.conf'), SETTINGS);
    await this.start();
  }

  /** A new copy of the primary, which streams what it does. */
  async follow(primary) {
    // A new machine: the socket's lock is that of a process that may still be in the table of processes.
    [this.data, this.socket, `${this.socket}.lock`].forEach(path => rmSync(path, { recursive: true, force: true }));
    const source = `host=${primary.folder} port=${PORT} user=handstamp application_name=${this.name}`;
    await this.program('pg_basebackup', ['-d', source, '-D', this.data, '-R', '-X', 'stream', '-c', 'fast', '--no-sync']);
    await this.start();
  }

  async start() {
    const options = `-k ${this.folder} -p ${PORT} -c listen_addresses=''`;
    await this.program('pg_ctl', ['-D', this.data, '-l', join(this.folder, 'log'), '-w', '-o', options, 'start']);
  }

  /** Stops it as an operator would who has no time: it recovers at its next start. */
  stop() {
    return this.program('pg_ctl', ['-D', this.data, '-m', 'immediate', 'stop']);
  }

  promote() {
    return this.program('pg_ctl', ['-D', this.data, '-w', 'promote']);
  }

  /** SIGKILL to all its processes at once. */
  async kill() {
    const file = this.postmaster();
    const processes = [file.pid, ...childrenOf(file.pid)];
    processes.forEach(pid => process.kill(pid, 'SIGKILL'));
    await within(gone(processes), 'killed processes of PostgreSQL to end');
    // The lock on the folder, 56 bytes that nobody gives back.
    execFileSync('ipcrm', ['-m', file.sharedMemory], { stdio: 'ignore' });
  }

  /** Runs SQL, and returns what it prints: a line for each row. */
  async query(sql) {
    const words = ['-h', this.folder, '-p', PORT, '-U', 'handstamp', '-d', 'postgres', '-XAtqc', sql];
    const { stdout } = await run('psql', words, { env: { ...process.env, PGCONNECT_TIMEOUT: '10' } });
    return stdout.trim();
  }

  /** Demands these standbys for each commit; none, if it is empty. */
  async demand(standbys) {
    await this.query(`ALTER SYSTEM SET synchronous_standby_names = '${standbys}'`);
    await this.query('SELECT pg_reload_conf()');
  }

  /** Waits until this primary has a standby in one of these states. */
  async hasStandby(...states) {
    const ask = async () => states.includes(await this.query('SELECT string_agg(sync_state, \',\') FROM pg_stat_replication WHERE state = \'streaming\''));
    await within((async () => { while (!(await ask())) await pause(); })(), `a standby that is ${states}`);
  }

  remove() {
    try {
      const { pid, sharedMemory } = this.postmaster();
      [pid, ...childrenOf(pid)].forEach(one => process.kill(one, 'SIGKILL'));
      execFileSync('ipcrm', ['-m', sharedMemory], { stdio: 'ignore' });
    } catch {
      // It does not run.
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Its first process, and the id of its shared memory, which it writes into its folder. */
  postmaster() {
    const lines = readFileSync(join(this.data, 'postmaster.pid'), 'utf8').split('\n');
    return { pid: Number(lines[0]), sharedMemory: lines[6].trim().split(/\s+/)[1] };
  }

  async program(name, words) {
    const [command, ...before] = AS_ROOT ? ['runuser', '-u', 'postgres', '--'] : ['env'];
    try {
      // pg_ctl leaves a server behind that would hold a pipe open.
      await run(command, [...before, join(PROGRAMS, name), ...words], { cwd: this.folder, ...(name === 'pg_ctl' && { stdio: 'ignore' }) });
    } catch (error) {
      throw new Error(`${name} of ${this.name} failed: ${error.message}\n${this.log()}`);
    }
  }

  log() {
    try {
      return readFileSync(join(this.folder, 'log'), 'utf8').split('\n').slice(-20).join('\n');
    } catch {
      return '';
    }
  }
}

function programs() {
  try {
    const versions = readdirSync('/usr/lib/postgresql').sort((a, b) => Number(a) - Number(b));
    return versions.length > 0 ? join('/usr/lib/postgresql', versions.at(-1), 'bin') : undefined;
  } catch {
    return undefined;
  }
}

export function childrenOf(pid) {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

async function gone(processes) {
  while (processes.some(isAlive)) await pause();
}

/** A process that its parent has not asked about yet is as good as gone. */
function isAlive(pid) {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
