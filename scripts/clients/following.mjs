// What every follower must do, whatever its language. All languages follow one server at the same time.
import { block, newIds } from '../bench/data.mjs';
import { expect } from '../trying.mjs';
import { part } from './provider.mjs';

/** The default bound of the followers, and what a busy machine may add to one question. */
const BOUND_MS = 1000;
const SLACK_MS = 300;

/** `services` answer `check TOKEN` with `accepted NAME`, `revoked`, `invalid …` or `unknown`, and `state` with JSON. */
export async function following(checks, provider, services) {
  const each = body => Promise.all(services.map(service => body(service).catch(error => {
    throw new Error(`${service.name}: ${error.message}`);
  })));
  const check = (name, body) => checks.check(name, body);
  const says = (token, answer) => each(async service => expect('the answer', (await service.ask(`check ${token}`)).split(' ')[0], answer));
  const { server } = provider;

  await each(async service => expect('at the start', await service.ask('ready'), 'ready'));
  const [ada, bob, eve] = await Promise.all(['ada', 'bob', 'eve'].map(name => provider.signIn(name)));

  await check('a good token is accepted, and its claims are known', () => each(async service => {
    expect('the answer', await service.ask(`check ${ada}`), 'accepted ada');
  }));
  await check('a token of a new key is accepted at once', async () => {
    // The next key is published before it signs. The one after that was in no set that a follower has fetched.
    const next = await provider.keyIds();
    server.run(['key', 'rotate', '--now']);
    server.run(['key', 'rotate', '--now']);
    // The server itself reads its keys again within a second.
    const token = await until('the new key', 10_000, () => provider.signIn('bob'), token => !next.includes(part(token, 0).kid));
    await says(token, 'accepted');
    await says(bob, 'accepted');
  });
  await check('other audiences, other issuers, expired tokens and tampered ones are refused', async () => {
    const [audience, issuer, brief] = await Promise.all([
      provider.tokenWith({ JWT_AUDIENCE: 'payroll' }),
      provider.tokenWith({ JWT_ISSUER: 'https://id.example.com' }),
      provider.tokenWith({ JWT_ACCESS_TOKEN_EXPIRES: '1s' }),
    ]);
    const [head, body, signature] = ada.split('.');
    const admin = Buffer.from(JSON.stringify({ ...part(ada, 1), roles: ['admin'] })).toString('base64url');
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url');
    const unknown = Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: 'nobody' })).toString('base64url');
    const refused = [audience, issuer, `${head}.${admin}.${signature}`, `${none}.${body}.`, `${unknown}.${body}.${signature}`, 'x', 'a.b.c', `${'x'.repeat(5000)}.a.b`];
    for (const token of refused) await says(token, 'invalid');
    await each(service => until('the token to expire', 5000, () => service.ask(`check ${brief}`), answer => answer.startsWith('invalid')));
  });
  await check('signed out is refused, and nobody else', async () => {
    const acknowledged = await provider.signOut(ada);
    const took = await each(async service => {
      await until('the refusal', BOUND_MS, () => service.ask(`check ${ada}`), answer => answer === 'revoked');
      return performance.now() - acknowledged;
    });
    await says(bob, 'accepted');
    return services.map(({ name }, index) => `${name} after ${took[index].toFixed(0)} ms`).join(', ');
  });
  await check('a process that is forked, as gunicorn does, follows by itself', () => each(async service => {
    if (service.forks) expect('the answer', await service.ask(`fork ${bob}`), 'accepted bob stopped 0 left');
  }));
  await check('a server that hangs is noticed within the bound, and one that goes on too', async () => {
    server.child.kill('SIGSTOP');
    try {
      await becomes('unknown');
    } finally {
      server.child.kill('SIGCONT');
    }
    await becomes('accepted');
  });
  await check('without a server nothing is accepted', async () => {
    await server.stop();
    await becomes('unknown');
    await each(async service => expect('stale', JSON.parse(await service.ask('state')).stale, true));
  });
  await check('what was signed out while the server was away is never accepted again, and the rest is', async () => {
    server.run(['session', 'end', '--user', 'eve']);
    await server.start();
    const answers = await each(service => until('an answer that knows', 5000, () => service.ask(`check ${eve}`), answer => answer !== 'unknown'));
    answers.forEach(answer => expect('for eve', answer, 'revoked'));
    await says(bob, 'accepted');
    await says(ada, 'revoked');
  });
  await check('a follower that has lost its place takes a snapshot, and forgets nothing', async () => {
    const late = await provider.signIn('eve');
    await says(late, 'accepted');
    const { entries } = JSON.parse(await services[0].ask('state'));
    await server.stop();
    // More than the feed can hold: the cursors are too old.
    const ended = newIds(70_000);
    block(server.folder, [...ended.slice(1), part(late, 1).sid]);
    await server.start();
    const answers = await each(service => until('an answer that knows', 10_000, () => service.ask(`check ${late}`), answer => answer !== 'unknown'));
    answers.forEach(answer => expect('for eve', answer, 'revoked'));
    await each(async service => expect('entries', JSON.parse(await service.ask('state')).entries, entries + 70_000));
    await says(ada, 'revoked');
    await says(bob, 'accepted');
  });
  await check('a wrong secret accepts nothing, and says so', () => each(async service => {
    const stranger = service.again([provider.issuer, 'billing', 'hs_cs_wrong']);
    const { error } = await until('the error', 5000, async () => JSON.parse(await stranger.ask('state')), ({ error }) => error !== null);
    if (!error.includes('401')) throw new Error(`the error is ${error}`);
    expect('the answer', await stranger.ask(`check ${bob}`), 'unknown');
    expect('at the end', await stranger.ask('stop'), 'stopped 0 left');
    await stranger.ended();
  }));
  await check('a follower that stops leaves nothing running, and accepts nothing', () => each(async service => {
    const began = performance.now();
    expect('at the end', await service.ask('stop'), 'stopped 0 left');
    const took = performance.now() - began;
    if (took > 500) throw new Error(`it took ${took.toFixed(0)} ms`);
    expect('afterwards', await service.ask(`check ${bob}`), 'unknown');
    await service.ended();
  }));

  async function becomes(answer) {
    const began = performance.now();
    await each(service => until(answer, BOUND_MS + SLACK_MS, () => service.ask(`check ${bob}`), said => said.startsWith(answer)));
    return performance.now() - began;
  }
}

/** Asks until the answer is right, at most so long. */
async function until(what, milliseconds, ask, isRight) {
  const deadline = performance.now() + milliseconds;
  for (;;) {
    const answer = await ask();
    if (isRight(answer)) return answer;
    if (performance.now() > deadline) throw new Error(`waited ${milliseconds} ms for ${what}; the last answer was ${answer}`);
    await new Promise(later => setTimeout(later, 2));
  }
}
