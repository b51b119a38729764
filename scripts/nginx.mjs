// Debian's nginx with a configuration like deploy/nginx.conf, in a folder of its own.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { childrenOf } from './torture/node.mjs';
import { start } from './trying.mjs';

/** Starts it with this part of a configuration, inside the minimum that nginx needs. `log`: where it writes errors. */
export function startNginx(folder, part, log = 'stderr') {
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(kind => `${kind}_temp_path ${folder}/${kind};`);
  // As root, nginx would start its workers as a user who may not enter the folder.
  const user = process.getuid() === 0 ? 'user root;' : '';
  const around = `${user} pid ${folder}/pid; daemon off; error_log ${log}; events {} http { access_log off; ${folders.join(' ')}\n`;
  writeFileSync(join(folder, 'nginx.conf'), `${around}${part}}\n`);
  const words = ['-p', folder, '-c', join(folder, 'nginx.conf')];
  execFileSync('nginx', [...words, '-t', '-q'], { stdio: 'inherit' });
  return withWorkers(start('nginx', words, { stdio: 'inherit' }));
}

/** If this script ends early, its processes are killed. The workers of such a server do not end with it then. */
export function withWorkers(server) {
  process.prependOnceListener('exit', () => {
    if (server.exitCode === null && server.signalCode === null) childrenOf(server.pid).forEach(pid => process.kill(pid, 'SIGKILL'));
  });
  return server;
}
