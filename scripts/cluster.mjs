#!/usr/bin/env node
// Starts a throw-away PostgreSQL, three instances and nginx before them, prints where to look, and runs until Ctrl-C.
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Instances } from './cluster/instances.mjs';
import { startProxy } from './cluster/proxy.mjs';
import { freePorts } from './ports.mjs';
import { Node, isInstalled } from './torture/node.mjs';
import { root, stop } from './trying.mjs';

const { values: options } = parseArgs({
  options: {
    port: { type: 'string' }, // of the proxy
    binary: { type: 'string', default: join(root, 'target/release/handstamp') },
  },
});
if (!isInstalled) {
  console.error('cluster: PostgreSQL is missing; run: scripts/setup cluster');
  process.exit(1);
}
// An orderly end: the handlers of trying.mjs only kill.
const interrupted = new Promise(now => ['SIGINT', 'SIGTERM'].forEach(signal => process.removeAllListeners(signal).once(signal, now)));

mkdirSync(join(root, 'target'), { recursive: true });
const folder = mkdtempSync(join(root, 'target/cluster-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const postgres = new Node('cluster');
await postgres.initialise();
const url = `postgres://handstamp@localhost/postgres?host=${postgres.folder}`;

const port = Number(options.port ?? (await freePorts(1))[0]);
const publicUrl = `http://127.0.0.1:${port}`;
const settings = { DATABASE_URL: url, RUST_LOG: 'info' };
const instances = await new Instances({ binary: resolve(options.binary), folder, publicUrl, settings }).start();
const password = randomBytes(12).toString('base64url');
// Each instance prints a link of its own to create the first administrator, which the proxy would lead to any of them.
instances.all[0].run(['user', 'add', 'ada', '--admin', '--password-stdin'], password, 'ignore');
const nginx = await startProxy(join(folder, 'nginx'), port, instances.all.map(instance => instance.port));

const rows = [
  ['proxy', `${publicUrl}  (${folder}/nginx/nginx.conf)`],
  ['administrator', `ada, password ${password}`],
  ...instances.all.map(({ number, origin, child, log }) => [`instance ${number}`, `${origin}  process ${child.pid}  log ${log}`]),
  ['PostgreSQL', `psql '${url}'`],
  ['', `processes of ${postgres.postmaster().pid}, log ${postgres.folder}/log`],
];
for (const [what, where] of rows) console.log(`${what.padEnd(14)} ${where}`);
console.log('\nEnd one with kill -9, or pause PostgreSQL with kill -STOP, and look what the others answer. Ctrl-C ends all of them.');

await interrupted;
console.log('\ncluster: stopping');
// Ctrl-C in a terminal has reached these two already.
await stop(nginx);
await instances.stop();
process.exit();
