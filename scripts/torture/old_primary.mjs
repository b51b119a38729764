// F5: the standby is promoted, and the old primary lives on: the network between them was cut. One server still talks to the
// old one. It must notice, because it does not hear of the sign-outs on the new one.
import { within } from '../trying.mjs';
import { PatientClient } from './patient_client.mjs';

/**
 * Milliseconds: a heartbeat is written every second, and is late after DATABASE_TIMEOUT. After REVOCATION_BOUND more, the server
 * answers 503. The rest is for a busy machine.
 */
export const NOTICED = 1000 + 2000 + 1000 + 500;

/** Resolves to the time during which a token was let in after its sign-out elsewhere, in milliseconds. */
export async function promoteBesideThePrimary(database, [staying, moving]) {
  const outage = { lasts: true };
  const [client, elsewhere] = [staying, moving].map(server => new PatientClient(server, outage, { address: '127.0.2.201' }));
  const session = await client.signIn();
  const { primary, standby } = database;
  await standby.demand('');
  await standby.promote();
  // Connections to the old one stay.
  database.address.target = standby.socket;
  await moving.kill();
  await moving.start();
  await within(elsewhere.insist('DELETE', '/logout', session.access), 'the sign-out to be acknowledged');
  const begun = performance.now();
  let letIn = 0;
  const refused = async () => {
    for (;;) {
      const answer = await client.protected(session);
      if (answer === 'token_revoked') return performance.now() - begun;
      if (answer === '200') letIn = performance.now() - begun;
    }
  };
  const after = await within(refused(), 'the server to talk to the new primary');
  await primary.kill();
  [client, elsewhere].forEach(one => one.close());
  return { letIn, after };
}
