// Sends mail of the real binary to a real mail server, aiosmtpd: by STARTTLS and by TLS, with a password, and with bad answers.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Checks } from './checks.mjs';
import { Server, expect, get, root, start, stop, within } from './trying.mjs';

const [python] = process.argv.slice(2);
const binary = join(root, 'target/release/handstamp');
const folder = mkdtempSync(join(tmpdir(), 'handstamp-mail-'));
/** The password of mail_server.py, as an address writes it. */
const LOGIN = `handstamp:${encodeURIComponent('a password with: @special/ characters')}`;
const checks = new Checks('mail', 5);
const check = (name, body) => checks.check(name, body);

process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
try {
  await byStartTls();
  await byTls();
  await withoutTrust();
} catch (error) {
  checks.failed(error.stack);
}
checks.finish();

async function byStartTls() {
  const mails = await mailServer('starttls');
  const server = await serve(mails, `smtp://${LOGIN}@127.0.0.1:${mails.port}?tls=required`);
  await check('aiosmtpd gets a mail over STARTTLS with a password, and Python reads its text, its HTML and its link', async () => {
    await ask(server, 'ada@example.org');
    const { mail_from, headers, text, html } = await mails.heard(said => said.what === 'mail');
    expect('the password', (await mails.heard(said => said.what === 'auth')).right, true);
    expect('encrypted', (await mails.heard(said => said.what === 'rcpt')).tls, true);
    expect('the sender', mail_from, 'id@example.org');
    expect('the subject', headers.Subject, 'Confirm your email address');
    const [link] = /^http\S+\?token=[\w-]{22}$/m.exec(text) ?? [''];
    if (!html.includes(`<a href="${link}">`)) throw new Error(`the HTML does not have the link of the text: ${link}`);
    const token = link.split('=')[1];
    const confirmed = await get(`${server.origin}/email/confirm`, { method: 'POST', body: new URLSearchParams({ token }) });
    expect('confirming', confirmed.status, 200);
    const told = await mails.heard(said => said.headers?.Subject === 'Your email address was confirmed');
    expect('the user is told at', told.to[0], 'ada@example.org');
  });
  await check('a mail that is refused for now, or cut off, is sent again; one that is refused for ever is not', async () => {
    for (const name of ['never', 'busy', 'hangup', 'fine']) {
      server.addUser(`user-${name}`);
      await ask(server, `${name}@example.net`, `user-${name}`);
    }
    for (const name of ['fine', 'busy', 'hangup']) {
      const mail = await mails.heard(said => said.what === 'mail' && said.to[0] === `${name}@example.net`);
      expect(name, mail.headers.Subject, 'Confirm your email address');
    }
    // The others came after it, and needed a second try.
    const tries = name => mails.all.filter(said => said.what === 'rcpt' && said.to === `${name}@example.net`).length;
    expect('tries', [tries('never'), tries('busy'), tries('fine')].join(), '1,2,1');
    const ids = mails.all.filter(said => said.what === 'mail').map(said => said.headers['Message-ID']);
    expect('mails with the id of another', ids.length - new Set(ids).size, 0);
  });
  await server.stop();
  await mails.stop();
}

async function byTls() {
  const mails = await mailServer('tls');
  const server = await serve(mails, `smtps://${LOGIN}@127.0.0.1:${mails.port}`);
  await check('aiosmtpd gets a mail over TLS', async () => {
    await ask(server, 'ada@example.org');
    expect('to', (await mails.heard(said => said.what === 'mail')).to[0], 'ada@example.org');
  });
  await server.stop();
  await mails.stop();
}

/** Nothing of the mail, and no password, reaches a server that cannot show who it is. */
async function withoutTrust() {
  for (const [what, mode, url, trusted] of [
    ['whose certificate nobody has signed (STARTTLS)', 'starttls', port => `smtp://${LOGIN}@127.0.0.1:${port}?tls=required`, false],
    ['whose certificate nobody has signed (TLS)', 'tls', port => `smtps://${LOGIN}@127.0.0.1:${port}`, false],
    ['that has no STARTTLS, although it is required', 'plain', port => `smtp://${LOGIN}@127.0.0.1:${port}?tls=required`, true],
  ]) {
    const mails = await mailServer(mode);
    const server = await serve(mails, url(mails.port), trusted);
    await check(`nothing is sent to a mail server ${what}`, async () => {
      await ask(server, 'ada@example.org');
      await server.logged(/A mail was not sent/);
      expect('heard', mails.all.map(said => said.what).join(), 'listens');
    });
    await server.stop();
    await mails.stop();
  }
}

async function mailServer(mode) {
  const own = join(folder, `${mode}-${Math.random()}`);
  mkdirSync(own);
  const child = start(python, [join(root, 'scripts/verifiers/mail_server.py'), mode, own], { stdio: ['ignore', 'pipe', 'ignore'] });
  const all = [];
  const waiting = new Set();
  createInterface({ input: child.stdout }).on('line', line => {
    all.push(JSON.parse(line));
    for (const look of waiting) look();
  });
  const heard = (isIt, what = String(isIt)) => within(new Promise(found => {
    const look = () => {
      const said = all.find(isIt);
      if (said) waiting.delete(look), found(said);
    };
    waiting.add(look);
    look();
  }), `the mail server to hear: ${what}`);
  const { port } = await heard(said => said.what === 'listens');
  return { all, heard, port, certificate: join(own, 'ca.pem'), stop: () => stop(child) };
}

async function serve(mails, url, trusted = true) {
  const own = join(folder, `server-${Math.random()}`);
  mkdirSync(own);
  const settings = { SMTP_URL: url, MAIL_FROM: 'Handstamp <id@example.org>', RUST_LOG: 'info' };
  const server = new Server(binary, own, trusted ? { ...settings, SSL_CERT_FILE: mails.certificate } : settings);
  server.addUser();
  await server.start([], join(own, 'log'));
  server.logged = pattern => logged(join(own, 'log'), pattern);
  return server;
}

/** Waits for a line in the log. */
async function logged(log, pattern) {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline;) {
    if (pattern.test(readFileSync(log, 'utf8'))) return;
    await new Promise(look => setTimeout(look, 50));
  }
  throw new Error(`the log does not say ${pattern}: ${readFileSync(log, 'utf8')}`);
}

/** A signed-in user asks for an address. */
async function ask(server, email, username = 'ada') {
  const credentials = new URLSearchParams({ username, password: 'correct horse battery staple' });
  const { access_token } = await (await get(`${server.origin}/login`, { method: 'POST', body: credentials })).json();
  const headers = { authorization: `Bearer ${access_token}` };
  const asked = await get(`${server.origin}/email`, { method: 'POST', body: new URLSearchParams({ email }), headers });
  expect('asking for an address', asked.status, 202);
}
