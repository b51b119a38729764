// C3: the instances are restarted one by one behind nginx, while clients go on.
import { tokens } from '../torture/clients.mjs';
import { PASSWORD, stop, within } from '../trying.mjs';
import { freePorts } from '../ports.mjs';
import { Caller } from './caller.mjs';
import { USERS } from './instances.mjs';
import { startProxy } from './proxy.mjs';

const CLIENTS = 12;
const ROUNDS = 3;
/** Longer than `fail_timeout`, for which nginx does not ask an instance that was away. */
const NEXT = 1500;
const pause = time => new Promise(over => setTimeout(over, time));

/** `make`: makes the instances for the address of the proxy. Returns the rows for the report. */
export async function roll(make, folder) {
  const [port] = await freePorts(1);
  const instances = await make(`http://127.0.0.1:${port}`).start();
  const nginx = await startProxy(folder, port, instances.all.map(instance => instance.port));
  const seen = { answers: 0, failed: [], codes: [], going: true };
  const clients = Array.from({ length: CLIENTS }, (_, number) => goOn(new Caller(port), USERS[number], seen));
  await pause(1000);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const instance of instances.all) {
      instance.child.kill('SIGTERM');
      seen.codes.push(await within(instance.child.ended, 'an instance to stop'));
      await instances.begin(instance);
      await pause(NEXT);
    }
  }
  seen.going = false;
  await Promise.all(clients);
  await stop(nginx);
  await instances.stop();
  const { answers, failed, codes } = seen;
  return [
    ['C3 instances restarted behind nginx, one after the other', codes.length],
    ['      exit codes other than 0', codes.filter(code => code !== 0).length, codes.every(code => code === 0), codes],
    [`      failed requests, of ${answers}`, failed.length, failed.length === 0 && answers > 0, failed],
  ];
}

/** One user after the other: signs in, is greeted and refreshes, and signs out. */
async function goOn(caller, username, seen) {
  const ask = async (...request) => {
    const { status, body, begun, ended } = await caller.send(...request);
    seen.answers += 1;
    if (status !== 200) seen.failed.push({ request: request.slice(0, 2).join(' '), status, body: body?.slice(0, 200), at: begun, took: ended - begun });
    return status === 200 ? body : null;
  };
  while (seen.going) {
    const signedIn = await ask('POST', '/login', null, { username, password: PASSWORD });
    if (!signedIn) continue;
    let session = tokens(signedIn);
    for (let turn = 0; turn < 100 && seen.going; turn += 1) {
      await ask('GET', '/protected', session.access);
      await ask('GET', '/sessions', session.access);
      const refreshed = await ask('POST', '/refresh', session.refresh);
      if (refreshed) session = tokens(refreshed);
      await pause(5);
    }
    await ask('DELETE', '/logout', session.access);
  }
  caller.close();
}
