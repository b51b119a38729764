// Debian's nginx, Caddy, HAProxy and Apache, each with its example of deploy/forward-auth/: unchanged except host names, ports,
// certificate and paths.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startNginx } from '../nginx.mjs';
import { root, start } from '../trying.mjs';

// Apache's workers are never root.
const AS_USER = process.getuid() === 0 ? 'User www-data\nGroup www-data\n' : '';
const MODULES = ['authz_core', 'authn_core', 'headers', 'lua', 'mpm_event', 'proxy', 'proxy_http', 'socache_shmcb', 'ssl'];

/** `ports`: where the proxy listens, Handstamp, and the application. `folder` has the certificate. */
export const proxies = {
  nginx: ({ folder, ports }) =>
    startNginx(folder, example('nginx.conf', folder, ports)
      .replace(/^ *listen \[::\].*\n/gm, '')
      .replace('listen 443 ', `listen 127.0.0.1:${ports.proxy} `), join(folder, 'errors')),

  caddy: ({ folder, ports }) => {
    const options = `{\n\tadmin off\n\tlog {\n\t\tlevel PANIC\n\t}\n\tauto_https disable_redirects\n\thttps_port ${ports.proxy}\n\tdefault_bind 127.0.0.1\n}\n`;
    const file = written(folder, 'Caddyfile', options + example('Caddyfile', folder, ports)
      .replace('app.example.org {', `app.example.org {\n\ttls ${folder}/fullchain.pem ${folder}/privkey.pem`));
    const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
    // It says on standard error that it has read the file.
    return start('caddy', ['run', '--config', file, '--adapter', 'caddyfile'], { stdio: 'ignore', env });
  },

  haproxy: ({ folder, ports }) => {
    writeFileSync(join(folder, 'haproxy.pem'), readFileSync(join(folder, 'fullchain.pem')) + readFileSync(join(folder, 'privkey.pem')));
    written(folder, 'handstamp.lua', example('handstamp.lua', folder, ports));
    const file = written(folder, 'haproxy.cfg', example('haproxy.cfg', folder, ports)
      .replace('/etc/haproxy/', `${folder}/`)
      .replace('bind :443', `bind 127.0.0.1:${ports.proxy}`));
    return start('haproxy', ['-db', '-q', '-f', file], { stdio: 'inherit' });
  },

  apache: ({ folder, ports }) => {
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, 'run'));
    written(folder, 'handstamp-apache.lua', example('handstamp-apache.lua', folder, ports));
    const load = MODULES.map(name => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so\n`).join('');
    const around = `${load}${AS_USER}ServerRoot ${folder}\nDefaultRuntimeDir ${folder}/run\nPidFile ${folder}/pid\n`
      + `ErrorLog ${folder}/errors\nServerName localhost\nListen 127.0.0.1:${ports.proxy} https\n`;
    const file = written(folder, 'apache.conf', around + example('apache.conf', folder, ports)
      .replace('*:443', `127.0.0.1:${ports.proxy}`)
      .replace('/etc/apache2/', `${folder}/`));
    return start('apache2', ['-DFOREGROUND', '-f', file], { stdio: 'inherit' });
  },
};

function example(name, folder, ports) {
  return readFileSync(join(root, 'deploy/forward-auth', name), 'utf8')
    .replaceAll('/etc/ssl/app.example.org', folder)
    .replace(/127\.0\.0\.1(:|", )3000/g, `127.0.0.1$1${ports.handstamp}`)
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${ports.application}`);
}

function written(folder, name, text) {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}
