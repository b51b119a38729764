#!/usr/bin/env node
// Runs the browser tests many times beside processes that keep every core busy, and prints each test that failed, how often
// and why. A test that fails here waits for less than it should: no round and no test is repeated.
//
//   ROUNDS   how many times (20)
//   MINUTES  no round begins after this time (600), and the tests of a round get what is left of it
//   LOAD     busy processes, each pinned to a core in turn (as many as there are cores)
//   ONLY     words of Playwright's command line: files, `--grep`, … (all tests)
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { root, start } from './trying.mjs';

const ROUNDS = number('ROUNDS', 20);
const LOAD = number('LOAD', availableParallelism());
const only = (process.env.ONLY ?? '').split(/\s+/).filter(Boolean);
const deadline = Date.now() + number('MINUTES', 600) * 60_000;

const folder = mkdtempSync(join(tmpdir(), 'handstamp-soak-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
for (let core = 0; core < LOAD; core++) {
  start('taskset', ['-c', String(core % availableParallelism()), 'sh', '-c', 'while :; do :; done'], { stdio: 'ignore' });
}

/** The errors of each test that failed, by its title. */
const failures = new Map();
let rounds = 0;
let empty = false;
while (rounds < ROUNDS && Date.now() < deadline && !empty) {
  const began = Date.now();
  const { passed, failed } = await round();
  rounds += 1;
  empty = passed + failed.length === 0;
  for (const { title, error } of failed) failures.set(title, [...(failures.get(title) ?? []), error]);
  console.log(`round ${rounds} of ${ROUNDS}: ${passed} passed, ${failed.length} failed, ${Math.round((Date.now() - began) / 1000)} s`);
}

for (const [title, errors] of [...failures].sort(([, a], [, b]) => b.length - a.length)) {
  console.log(`\n${title}: failed in ${errors.length} of ${rounds} rounds`);
  for (const error of new Set(errors)) console.log(`  ${error.replaceAll('\n', '\n  ')}`);
}
if (empty) console.error('soak: no test was run');
console.log(`\nsoak: ${rounds} of ${ROUNDS} rounds beside ${LOAD} busy processes, ${failures.size} tests failed`);
process.exit(failures.size > 0 || empty || rounds < ROUNDS ? 1 : 0);

/** All tests once: how many passed, and which failed with what. */
async function round() {
  const file = join(folder, 'report.json');
  rmSync(file, { force: true });
  const left = Math.max(1, deadline - Date.now());
  const child = start('npx', ['playwright', 'test', '--reporter=json', `--global-timeout=${left}`, ...only], {
    cwd: join(root, 'end2end'), stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, PLAYWRIGHT_JSON_OUTPUT_NAME: file },
  });
  await child.ended;
  const report = JSON.parse(readFileSync(file, 'utf8'));
  const results = report.suites.flatMap(tests);
  const failed = results.filter(({ error }) => error);
  // A file that does not load, a worker's server that leaves a secret in its log, a round that ran out of time.
  for (const error of report.errors) failed.push({ title: 'outside of the tests', error: text(error) });
  return { passed: results.filter(({ error }) => !error).length, failed };
}

/** The tests of a suite and of the suites in it that were run to their end. */
function tests(suite) {
  const found = suite.specs.flatMap(({ file, title, tests }) => {
    const ended = tests.flatMap(({ results }) => results).filter(({ status }) => !['skipped', 'interrupted'].includes(status));
    return ended.map(({ status, errors }) => ({
      title: `${file}: ${title}`,
      error: status === 'passed' ? undefined : errors.map(text).join('\n') || status,
    }));
  });
  return [...found, ...(suite.suites ?? []).flatMap(tests)];
}

function text({ message, location }) {
  const where = location ? `${location.file}:${location.line}: ` : '';
  return where + stripVTControlCharacters(message ?? 'no message');
}

function number(name, otherwise) {
  const value = Number(process.env[name] || otherwise);
  if (!Number.isInteger(value) || value < 0) throw new Error(`${name} must be a whole number, and is ${process.env[name]}`);
  return value;
}
