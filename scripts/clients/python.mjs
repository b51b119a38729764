// The Python package: built as for its registry, installed from what was built, and started as other services.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../trying.mjs';

const source = join(root, 'clients/python');

/** Builds a source distribution and from it a wheel, and installs the wheel into this folder. */
export function installPython(python, folder) {
  const env = { ...process.env, PIP_DISABLE_PIP_VERSION_CHECK: '1', PYTHONDONTWRITEBYTECODE: '1' };
  const sh = words => execFileSync(python, words, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const built = join(folder, 'built');
  sh(['-m', 'build', '--no-isolation', '--outdir', built, source]);
  const [wheel] = readdirSync(built).filter(file => file.endsWith('.whl'));
  const installed = join(folder, 'installed');
  sh(['-m', 'pip', 'install', '--quiet', '--no-deps', '--no-index', '--target', installed, join(built, wheel)]);
  writeFileSync(join(folder, 'app.py'), example(join(source, 'README.md')));
  const withPackage = { ...env, PYTHONPATH: installed, PYTHONUNBUFFERED: '1' };
  const script = file => join(root, 'scripts/clients', file);
  return {
    name: 'Python',
    forks: true,
    answer: { command: python, words: [script('answer.py')], env: withPackage },
    tests: { command: python, words: ['-m', 'unittest', 'discover', '--quiet', join(source, 'tests')], env: withPackage },
    doors: [
      { name: 'FastAPI, from the README', command: python, words: ['-m', 'uvicorn', 'app:app', '--port', '0'], cwd: folder, env: withPackage, says: ['stderr', /running on (http:\S+)/] },
      { name: 'Flask-JWT-Extended', command: python, words: [script('flask_door.py')], env: withPackage, says: ['stderr', /Running on (http:\S+)/] },
      { name: 'Django REST framework', command: python, words: [script('django_door.py')], env: withPackage, says: ['stdout', /Running on (http:\S+)/] },
    ],
  };
}

/** The one code block of a README. */
export function example(readme) {
  const found = [...readFileSync(readme, 'utf8').matchAll(/```\w+\n([\s\S]*?)```/g)];
  if (found.length !== 1) throw new Error(`${readme} has ${found.length} blocks of code instead of one`);
  return found[0][1];
}
