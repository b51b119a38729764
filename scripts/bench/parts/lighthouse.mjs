// Lighthouse's view of the sign-in page on a phone.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHROMIUM, root, start, within } from '../../trying.mjs';
import { handstamp, newFolder } from '../candidates.mjs';
import { atLeast, shown, spread } from '../figures.mjs';
import { TWO_CORES, on } from '../load.mjs';

const RUNS = 3;
const CATEGORIES = ['performance', 'accessibility', 'best-practices', 'seo'];

export async function lighthouse(tools) {
  const server = await handstamp(tools, newFolder(tools, 'lighthouse'), {});
  const reports = [];
  for (let run = 0; run < RUNS; run++) reports.push(await report(tools, `${server.origin}/login`));
  await server.stop();
  for (const category of CATEGORIES) {
    atLeast(100, `Lighthouse, /login, ${category}`, spread(reports.map(({ categories }) => Math.round(categories[category].score * 100))));
  }
  for (const problem of new Set(reports.flatMap(problems))) console.log(`  ${problem}`);
}

async function report(tools, address) {
  const file = join(tools.folder, 'lighthouse.json');
  const [command, ...words] = [
    ...on(TWO_CORES), join(root, 'scripts/bench/lighthouse/node_modules/.bin/lighthouse'), address, '--quiet', '--output=json', `--output-path=${file}`,
    `--only-categories=${CATEGORIES.join()}`, '--chrome-flags=--headless=new --no-sandbox',
  ];
  const home = join(tools.folder, 'home');
  mkdirSync(home, { recursive: true });
  const env = { PATH: process.env.PATH, HOME: home, CHROME_PATH: CHROMIUM };
  const child = start(command, words, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  if (await within(child.ended, 'Lighthouse', 120) !== 0) throw new Error('Lighthouse failed');
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** The audits that cost points. */
function problems({ categories, audits }) {
  const counting = Object.values(categories).flatMap(({ auditRefs }) => auditRefs).filter(({ weight, id }) => weight > 0 && audits[id].score !== null);
  return counting.filter(({ id }) => audits[id].score < 1).map(({ id }) => `${id}: ${audits[id].displayValue ?? audits[id].title} (${shown(audits[id].score)})`);
}
