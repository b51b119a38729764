// The crate: packed as for its registry, unpacked, and built with programs that use it.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../trying.mjs';
import { example } from './python.mjs';

const source = join(root, 'clients/rust');
/** Not that of the server: what is compiled here has other features. */
const target = join(root, 'target/clients');
const WORKSPACE = `[workspace]
members = ["handstamp-follower", "programs"]
resolver = "3"

[profile.dev]
debug = false
`;
const PROGRAMS = `[package]
name = "programs"
edition = "2024"

[dependencies]
axum = { version = "0.8", default-features = false, features = ["http1", "tokio"] }
base64 = "0.22"
handstamp-follower = { path = "../handstamp-follower" }
jsonwebtoken = { version = "11", default-features = false }
serde_json = "1"
tokio = { version = "1", features = ["io-std", "io-util", "macros", "net", "rt-multi-thread", "time"] }
`;
const NAME = 'handstamp-follower-0.1.0';

/** `profile`: `dev` compiles in less time. */
export function installRust(profile) {
  const env = { ...process.env, CARGO_TARGET_DIR: target };
  const cargo = (words, cwd) => execFileSync('cargo', words, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
  // The build of the unpacked crate follows: cargo need not do it here.
  cargo(['package', '--quiet', '--locked', '--allow-dirty', '--no-verify'], source);
  // In one place, so that a second run compiles what has changed.
  const workspace = join(target, 'installed');
  rmSync(workspace, { recursive: true, force: true });
  const [unpacked, programs] = ['handstamp-follower', 'programs'].map(name => join(workspace, name));
  [unpacked, join(programs, 'src/bin')].forEach(folder => mkdirSync(folder, { recursive: true }));
  // With new times (-m): cargo sees by them that something has changed.
  execFileSync('tar', ['-xzmf', join(target, 'package', `${NAME}.crate`), '--strip-components=1', '-C', unpacked]);
  writeFileSync(join(workspace, 'Cargo.toml'), WORKSPACE);
  copyFileSync(join(source, 'Cargo.lock'), join(workspace, 'Cargo.lock'));
  writeFileSync(join(programs, 'Cargo.toml'), PROGRAMS);
  writeFileSync(join(programs, 'src/bin/app.rs'), example(join(source, 'README.md')));
  copyFileSync(join(root, 'scripts/clients/answer.rs'), join(programs, 'src/bin/answer.rs'));
  const words = ['--quiet', '--offline', '--workspace', '--profile', profile];
  cargo(['build', ...words, '--bins'], workspace);
  const built = file => ({ command: join(target, profile === 'dev' ? 'debug' : profile, file), words: [], env: process.env });
  return {
    name: 'Rust',
    answer: built('answer'),
    tests: { command: 'cargo', words: ['test', ...words, '--lib', '--', '--nocapture', '--test-threads=1'], cwd: workspace, env },
    doors: [{ name: 'axum, from the README', ...built('app'), says: ['stdout', /^(http:\S+)/] }],
  };
}
