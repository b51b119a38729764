// Debian's proxies, each with its example of deploy/forward-auth/. Only host names, ports, paths and what a process needs to
// run beside others are changed.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startNginx, withWorkers } from '../nginx.mjs';
import { root, start } from '../trying.mjs';

const APACHE_MODULES = ['mpm_event', 'authz_core', 'ssl', 'http2', 'lua', 'proxy', 'proxy_http'];

/**
 * Each starts a proxy: `folder` is its own and has a certificate, `port` is for TLS. `broken`: its script fails at each request.
 * `audience`: the application gets a token for it.
 */
export const WITH_SCRIPT = ['HAProxy', 'Apache'];

export const PROXIES = {
  nginx(place) {
    const example = replaced('nginx.conf', place, [['listen 443 ', `listen 127.0.0.1:${place.port} `], ...naming(place, 'nginx.conf')]);
    return startNginx(place.folder, example, join(place.folder, 'log'));
  },

  Caddy(place) {
    const options = `{\n\tadmin off\n\tauto_https disable_redirects\n\thttps_port ${place.port}\n\tdefault_bind 127.0.0.1\n}\n`;
    // A name that is not in GATE_ORIGINS. Caddy gives a stranger's name to no site, but an operator can forget the setting.
    const site = `app.example.org, unlisted.example.org {\n\ttls ${place.folder}/fullchain.pem ${place.folder}/privkey.pem`;
    const file = join(place.folder, 'Caddyfile');
    writeFileSync(file, options + replaced('Caddyfile', place, [['app.example.org {', site], ...naming(place, 'Caddyfile')]));
    const env = { ...process.env, HOME: place.folder, XDG_DATA_HOME: place.folder, XDG_CONFIG_HOME: place.folder };
    return start('caddy', ['run', '--config', file, '--adapter', 'caddyfile'], quietly(place, { env }));
  },

  HAProxy(place) {
    const script = join(place.folder, 'haproxy.lua');
    writeFileSync(script, replaced('haproxy.lua', place, [...failing(place), ...naming(place, 'haproxy.lua')]));
    const pem = ['fullchain.pem', 'privkey.pem'].map(file => readFileSync(join(place.folder, file), 'utf8')).join('');
    writeFileSync(join(place.folder, 'both.pem'), pem);
    const changes = [['bind :443 ', `bind 127.0.0.1:${place.port} `], ['/etc/haproxy/haproxy.lua', script]];
    const file = join(place.folder, 'haproxy.cfg');
    writeFileSync(file, replaced('haproxy.cfg', place, changes));
    return start('haproxy', ['-db', '-f', file], quietly(place));
  },

  Apache(place) {
    const script = join(place.folder, 'apache.lua');
    writeFileSync(script, replaced('apache.lua', place, [...failing(place), ...naming(place, 'apache.lua')]));
    const user = process.getuid() === 0 ? 'User www-data\nGroup www-data\n' : '';
    const modules = APACHE_MODULES.map(name => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so\n`).join('');
    const around = `${modules}${user}ServerName localhost\nServerRoot ${place.folder}\nPidFile ${place.folder}/pid\n`
      + `DefaultRuntimeDir ${place.folder}\nErrorLog ${place.folder}/log\nListen 127.0.0.1:${place.port}\n`;
    const changes = [['*:443>', `127.0.0.1:${place.port}>`], ['/etc/apache2/sites-available/apache.lua', script]];
    const file = join(place.folder, 'apache.conf');
    writeFileSync(file, around + replaced('apache.conf', place, changes));
    return withWorkers(start('apache2', ['-D', 'FOREGROUND', '-f', file], quietly(place)));
  },
};

/** A self-made certificate for the names of the examples, in a folder for each proxy. */
export function withCertificate(folder) {
  mkdirSync(folder);
  const names = ['app', 'unlisted'].map(name => `DNS:${name}.example.org`).join();
  const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=app.example.org'];
  const files = ['-addext', `subjectAltName=${names}`, '-keyout', join(folder, 'privkey.pem'), '-out', join(folder, 'fullchain.pem')];
  execFileSync('openssl', [...words, ...files], { stdio: 'ignore' });
}

function failing({ broken }) {
  return broken ? [['local proto =', 'error("broken on purpose") local proto =']] : [];
}

/** What docs/forward-auth.md says for an application that gets a token of its own. */
function naming({ audience }, file) {
  const answer = 'auth_request_set $token $upstream_http_authorization;';
  const changes = {
    'nginx.conf': [
      ['?redirect=no', `?redirect=no&audience=${audience}`],
      ['error_page 401', `${answer} error_page 401`],
      ['proxy_set_header Authorization "";', 'proxy_set_header Authorization $token;'],
    ],
    Caddyfile: [
      ['uri /forward-auth?', `uri /forward-auth?audience=${audience}`],
      ['copy_headers Remote-User', 'copy_headers Authorization Remote-User'],
      ['request_header -Authorization', ''],
    ],
    'haproxy.lua': [
      ['/forward-auth"', `/forward-auth?audience=${audience}"`],
      ['req_del_header("authorization")', 'req_set_header("authorization", said("authorization"))'],
    ],
    'apache.lua': [
      ['/forward-auth"', `/forward-auth?audience=${audience}"`],
      ['r.headers_in["Authorization"] = nil', 'r.headers_in["Authorization"] = said["authorization"]'],
    ],
  };
  return audience ? changes[file] : [];
}

/** The example with the ports of this try. Fails if the example no longer contains what is to be replaced. */
function replaced(file, { folder, gate, application }, changes) {
  let text = readFileSync(join(root, 'deploy/forward-auth', file), 'utf8');
  const everywhere = [['127.0.0.1:3000', `127.0.0.1:${gate}`], ['127.0.0.1:8080', `127.0.0.1:${application}`], ['/etc/ssl/app.example.org', folder]];
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`deploy/forward-auth/${file} does not contain ${from}`);
    text = text.replaceAll(from, to);
  }
  return everywhere.reduce((text, [from, to]) => text.replaceAll(from, to), text);
}

/** What the proxy prints is of interest only if it fails; doors.mjs shows the end of it then. */
function quietly({ log }, options = {}) {
  return { stdio: ['ignore', log, log], ...options };
}
