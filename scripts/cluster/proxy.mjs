// nginx with deploy/nginx.conf before several instances: on plain HTTP and a port of loopback.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startNginx } from '../nginx.mjs';
import { reached } from '../ports.mjs';
import { root, within } from '../trying.mjs';

/** Starts it in this folder. `ports`: those of the instances. */
export async function startProxy(folder, port, ports) {
  mkdirSync(folder, { recursive: true });
  const example = readFileSync(join(root, 'deploy/nginx.conf'), 'utf8');
  // Without TLS, and without the redirect to it.
  const [upstream, , encrypted] = example.split(/^(?=server \{)/m);
  const plain = encrypted.replace(/^ *(listen \[::\]|ssl_).*\n/gm, '').replace('listen 443 ssl http2;', `listen 127.0.0.1:${port};`);
  const servers = upstream.replace(/^( *server )127\.0\.0\.1:3000(.*)\n/m, (_, before, after) => ports.map(own => `${before}127.0.0.1:${own}${after}\n`).join(''));
  const nginx = startNginx(folder, servers + plain, join(folder, 'error.log'));
  const ended = nginx.ended.then(code => Promise.reject(new Error(`nginx ended with ${code}`)));
  await within(Promise.race([reached(port), ended]), 'nginx to listen');
  ended.catch(() => {});
  return nginx;
}
