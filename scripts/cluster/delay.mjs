// How long another instance lets a token in after its sign-out was acknowledged: both others are asked every millisecond, on
// connections from before the sign-out, until they refuse.
import { Caller } from './caller.mjs';
import { signIn } from './instances.mjs';

/** Between two questions. Without a pause, the questions take the processor from PostgreSQL, and measure that. */
const PAUSE = 1;
/** An instance that lets a token in for so long would do it for ever. */
const PATIENCE = 5000;

/**
 * Signs out so many sessions, one after the other, each on the next instance. Returns the delays in milliseconds, two for each
 * sign-out, and what was wrong.
 */
export async function delays(instances, count) {
  const sessions = await signIn(instances, count);
  const { all } = instances;
  const callers = all.map(({ port }) => ({ asks: new Caller(port), signsOut: new Caller(port) }));
  const [found, wrong] = [[], []];
  for (const [index, session] of sessions.entries()) {
    const from = callers[index % all.length];
    const others = callers.filter(one => one !== from);
    await from.signsOut.ready();
    const letIn = await Promise.all(others.map(({ asks }) => asks.protected(session)));
    if (letIn.some(answer => answer !== '200')) wrong.push({ before: letIn });

    const asking = { until: Infinity };
    const refusals = others.map(({ asks }) => refusal(asks, session, asking));
    const { status, ended } = await from.signsOut.send('DELETE', '/logout', session.access);
    asking.until = ended + PATIENCE;
    const own = await from.signsOut.protected(session);
    if (status !== 200 || own !== 'token_revoked') wrong.push({ signOut: status, own });
    for (const { at, answer } of await Promise.all(refusals)) {
      if (answer === 'token_revoked') found.push(Math.max(0, at - ended));
      else wrong.push({ after: answer });
    }
  }
  callers.forEach(({ asks, signsOut }) => [asks, signsOut].forEach(caller => caller.close()));
  return { delays: found.sort((a, b) => a - b), wrong };
}

/** Asks until the answer is not 200. Returns when that answer came. */
async function refusal(caller, { access }, asking) {
  for (;;) {
    const { status, body, begun, ended } = await caller.send('GET', '/protected', access);
    if (status !== 200 || begun > asking.until) return { at: ended, answer: status === 401 ? JSON.parse(body).code : String(status) };
    await new Promise(over => setTimeout(over, PAUSE));
  }
}

/** The value that this share of the sorted values does not exceed. */
export function percentile(sorted, share) {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
}
