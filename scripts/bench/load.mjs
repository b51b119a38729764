// Loads a server with wrk, and counts what an answer costs the server.
//
// The server has one core and wrk has another. The rate is the number of answers for each second of processor time that
// the server used. A server that keeps its core busy gives the same number of answers a second. The rate does not change
// when something else runs on this machine, or when wrk is the slower of the two.
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root, start, within } from '../trying.mjs';

const TICKS = 100; // a second, in /proc: USER_HZ of Linux
const cores = allowedCores();
if (cores.length < 2) throw new Error('the measurements need two cores: one for the server, one for wrk');

/** The core of a server that is measured. */
export const ONE_CORE = [cores[0]];
/** Two cores for a server. With four, wrk has others; with fewer, wrk shares these. */
export const TWO_CORES = cores.slice(0, 2);
export const SHARED = cores.length < 4;
const OURS = SHARED ? cores.slice(1) : cores.slice(2);

// This process and what it starts, wrk among them, stay off the server's core.
spawnSync('taskset', ['-a', '-p', '-c', OURS.join(), String(process.pid)]);

/** The words before a command that keep it on these cores. */
export function on(cores) {
  return ['taskset', '-c', cores.join()];
}

/**
 * Sends requests, each as soon as the connection has its last answer, until the server has used this number of seconds of
 * each of its cores; `patience` times as long at most, if it does not get them. `tokens`: the file, the first line and the
 * number of lines of `load.lua`. Every answer must be a success.
 */
export function load(server, request, { seconds, connections = 32, threads = 1, wrkOn = OURS, patience = 4 }) {
  const { pid, origin, cores = ONE_CORE } = server;
  const enough = processorTime(pid) + seconds * cores.length;
  const latest = performance.now() + patience * seconds * 1000;
  const isDone = () => processorTime(pid) >= enough || performance.now() >= latest;
  return counted(server, () => wrk(origin, request, ['-c', connections, '-t', threads], wrkOn, isDone));
}

/** Counts what a piece of work costs a process. The work returns the number of its `answers` and the `seconds` it took. */
export async function counted({ pid, cores = ONE_CORE }, work) {
  const before = counters(pid, cores);
  const said = await work();
  const after = counters(pid, cores);
  const idle = (after.idle - before.idle) / (after.all - before.all);
  return { ...said, idle, rate: said.answers / (after.cpu - before.cpu), perSecond: said.answers / said.seconds };
}

async function wrk(origin, request, clients, cores, isDone) {
  const { path, method = 'GET', body = '', type, token, authorization = token && `Bearer ${token}`, cookie, tokens = [] } = request;
  const headers = [authorization && `Authorization: ${authorization}`, type && `Content-Type: ${type}`, cookie && `Cookie: ${cookie}`].filter(Boolean);
  const [command, ...words] = [
    ...on(cores), 'wrk', ...clients.map(String), '-d', '5m', '--timeout', '60', ...headers.flatMap(header => ['-H', header]),
    '-s', join(root, 'scripts/bench/load.lua'), `${origin}${path}`, '--', method, body, ...tokens.map(String),
  ];
  const child = start(command, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', text => { output += text; });
  // wrk counts in whole seconds, and does not end when its thread has stopped. At SIGINT it ends in order.
  const timer = setInterval(() => {
    if (output.includes('used up\n') || isDone()) child.kill('SIGINT');
  }, 20);
  await within(child.ended, 'wrk to end', 60).finally(() => clearInterval(timer));
  const said = JSON.parse(output.trim().split('\n').at(-1));
  if (said.failed || said.answers === 0) throw new Error(`${method} ${origin}${path}: ${said.answers} answers; errors: ${said.failed || 'none'}`);
  return { ...said, seconds: said.microseconds / 1e6 };
}

/** Seconds that the process and its children have used, and those of the cores. */
function counters(pid, cores) {
  const lines = readFileSync('/proc/stat', 'utf8').split('\n');
  let [idle, all] = [0, 0];
  for (const core of cores) {
    const times = lines.find(line => line.startsWith(`cpu${core} `)).trim().split(/\s+/).slice(1, 9).map(Number);
    idle += times[3] + times[4];
    all += times.reduce((sum, time) => sum + time, 0);
  }
  return { cpu: processorTime(pid), idle, all };
}

/** The processor time of a process and its children, in seconds. */
export function processorTime(pid) {
  // The fields after the name, which may have spaces.
  const [, fields] = /\) (.*)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  const own = fields.split(' ').slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS;
  const children = readdirSync(`/proc/${pid}/task`).flatMap(thread => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim().split(' '));
  return children.filter(Boolean).reduce((sum, child) => sum + processorTime(child), own);
}

/** A value of the process in bytes, by its name in /proc: `VmRSS`. */
export function memory(pid, name) {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;
}

function allowedCores() {
  const [, list] = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return list.split(',').flatMap(range => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
