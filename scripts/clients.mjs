// Tries the packages of clients/ against the real binary: each is built as its registry wants it, installed from what was
// built, and started as another service.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Checks } from './checks.mjs';
import { doors } from './clients/doors.mjs';
import { following } from './clients/following.mjs';
import { installNode } from './clients/node.mjs';
import { Provider } from './clients/provider.mjs';
import { installPython } from './clients/python.mjs';
import { installRust } from './clients/rust.mjs';
import { start, talking, within } from './trying.mjs';

const [python] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'handstamp-clients-'));
const checks = new Checks('clients', 5);

process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
try {
  const kinds = [installPython(python, newFolder('python')), installNode(newFolder('node')), installRust('dev')];
  for (const { name, tests } of kinds) {
    await checks.check(`the package's own tests pass, ${name}`, async () => {
      const child = start(tests.command, tests.words, { env: tests.env, cwd: tests.cwd, stdio: ['ignore', 'inherit', 'inherit'] });
      if ((await within(child.ended, 'the tests', 120)) !== 0) throw new Error('see above');
    });
  }
  const provider = await Provider.start(newFolder('server'), ['ada', 'bob', 'eve']);
  await following(checks, provider, kinds.map(kind => serviceOf(kind, provider.words)));
  await doors(checks, provider, kinds);
  await provider.server.stop();
} catch (error) {
  checks.failed(error.stack);
}
checks.finish();

/** A process with a follower. */
function serviceOf(kind, words) {
  const { command, words: first, env } = kind.answer;
  const service = talking(kind.name, command, [...first, ...words], { env });
  return {
    ...service,
    forks: kind.forks,
    again: words => serviceOf(kind, words),
    /** Waits until the process ends by itself, because its input has ended. */
    ended: async () => {
      service.child.stdin.end();
      const status = await within(service.child.ended, `${kind.name} to end`, 5);
      if (status !== 0) throw new Error(`it ended with ${status}`);
    },
  };
}

function newFolder(name) {
  const own = join(folder, name);
  mkdirSync(own);
  return own;
}
