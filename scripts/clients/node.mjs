// The npm package: packed as for its registry, unpacked where npm would install it, and started as other services.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../trying.mjs';
import { example } from './python.mjs';

const source = join(root, 'clients/node');
const PACKAGE = 'handstamp-follower';

/** Packs the package, and installs it into this folder beside the other libraries. */
export function installNode(folder) {
  const sh = (command, words, cwd) => execFileSync(command, words, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  sh('npm', ['pack', '--silent', '--pack-destination', folder], source);
  sh('npx', ['tsc', '--project', 'tests'], source);
  const [packed] = readdirSync(folder).filter(file => file.endsWith('.tgz'));
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, PACKAGE), { recursive: true });
  sh('tar', ['-xzf', join(folder, packed), '--strip-components=1', '-C', join(modules, PACKAGE)]);
  for (const name of readdirSync(join(source, 'node_modules')).filter(name => !name.startsWith('.'))) {
    symlinkSync(join(source, 'node_modules', name), join(modules, name));
  }
  writeFileSync(join(folder, 'app.mjs'), example(join(source, 'README.md')));
  for (const file of ['answer.mjs', 'fastify_door.mjs', 'hono_door.mjs']) copyFileSync(join(root, 'scripts/clients', file), join(folder, file));
  const node = file => ({ command: process.execPath, words: [join(folder, file)], env: process.env });
  return {
    name: 'Node.js',
    answer: node('answer.mjs'),
    tests: { command: process.execPath, words: ['--expose-gc', '--test', '--test-reporter=dot', join(source, 'tests')], env: process.env },
    doors: [
      { name: 'Express, from the README', ...node('app.mjs'), says: ['stdout', /^port (\d+)/] },
      { name: 'Fastify', ...node('fastify_door.mjs'), says: ['stdout', /^(http:\S+)/] },
      { name: 'hono', ...node('hono_door.mjs'), says: ['stdout', /^port (\d+)/] },
    ],
  };
}
