#!/usr/bin/env bash
# Chromium 156 (Debian 12, 156.0.8078.108): while a request for a passkey with `mediation: "conditional"` is pending, every other
# request for a new passkey is refused; with a virtual authenticator it stays pending until its timeout.
#
# Behaviour: `getClientCapabilities()` reports `conditionalCreate: true`. With a virtual authenticator, `create()` with this
# mediation (WebAuthn level 3: a passkey that the browser makes without a dialog, right after it filled in a password) is neither
# fulfilled nor refused before its `timeout`, although no password was filled in. A `create()` with a dialog, as behind a button
# "Add a passkey", fails meanwhile with `OperationError: A request is already pending.`, which is not one of the errors that pages
# explain to users. After the first request is withdrawn by its AbortSignal, the second succeeds.
#
# Output seen:
#   reported: true
#   quiet, after 2 s: pending
#   with a dialog: OperationError: A request is already pending.
#   with a dialog, after the withdrawal: made
#
# Who meets it: tests of sites that let the browser make a passkey after a sign-in, and users of a browser that takes its time.
# Keep the AbortController, and withdraw the quiet request before asking for anything else (src/app/client/passkeys.rs).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm install --silent --no-audit --no-fund --ignore-scripts playwright-core@1.65.1
cat >ask.mjs <<'JAVASCRIPT'
import http from 'node:http';
import { chromium } from 'playwright-core';

const server = http.createServer((_, answer) => answer.setHeader('content-type', 'text/html').end('<title>a page</title>'));
await new Promise(listens => server.listen(0, 'localhost', listens));
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium' });
try {
  const page = await browser.newPage();
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  await page.goto(`http://localhost:${server.address().port}/`);
  const lines = await page.evaluate(async () => {
    const withdraw = new AbortController();
    const create = more => navigator.credentials.create({
      publicKey: {
        rp: { id: 'localhost', name: 'A site' },
        user: { id: crypto.getRandomValues(new Uint8Array(16)), name: 'ada', displayName: 'ada' },
        challenge: crypto.getRandomValues(new Uint8Array(32)),
        pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
        authenticatorSelection: { residentKey: 'required' },
        timeout: 20_000,
      },
      ...more,
    }).then(() => 'made', error => `${error.name}: ${error.message}`);
    const { conditionalCreate } = await PublicKeyCredential.getClientCapabilities();
    const quiet = create({ mediation: 'conditional', signal: withdraw.signal });
    const waited = await Promise.race([quiet, new Promise(later => setTimeout(() => later('pending'), 2_000))]);
    const aloud = await create({});
    withdraw.abort();
    await quiet;
    return [
      `reported: ${conditionalCreate}`,
      `quiet, after 2 s: ${waited}`,
      `with a dialog: ${aloud}`,
      `with a dialog, after the withdrawal: ${await create({})}`,
    ];
  });
  console.log(lines.join('\n'));
} finally {
  await browser.close();
  server.close();
}
JAVASCRIPT
chromium --version
node ask.mjs | tee seen
diff - seen <<'SEEN'
reported: true
quiet, after 2 s: pending
with a dialog: OperationError: A request is already pending.
with a dialog, after the withdrawal: made
SEEN
