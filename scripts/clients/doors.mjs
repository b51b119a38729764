// Every framework that the followers know: a service of a few lines, asked as a client asks it.
import { expect, get, said, start, stop } from '../trying.mjs';

export async function doors(checks, provider, kinds) {
  const all = await Promise.all(kinds.flatMap(({ doors }) => doors).map(async ({ name, command, words, cwd, env, says: [stream, pattern] }) => {
    const child = start(command, words, {
      cwd, env: { ...env, ISSUER: provider.issuer, SECRET: provider.secret, PORT: '0' }, stdio: ['ignore', 'pipe', 'pipe'],
    });
    child[stream === 'stdout' ? 'stderr' : 'stdout'].resume();
    const place = await said(child, child[stream], pattern);
    const origin = place.startsWith('http') ? place : `http://127.0.0.1:${place}`;
    return { name, child, address: `${origin}/hello` };
  }));
  const ask = (door, token) => get(door.address, { headers: token ? { authorization: `Bearer ${token}` } : {} });
  const each = body => Promise.all(all.map(door => body(door).catch(error => {
    throw new Error(`${door.name}: ${error.message}`);
  })));
  const [ada, bob] = [await provider.signIn('ada'), await provider.signIn('bob')];
  const names = all.map(({ name }) => name).join(', ');

  await checks.check(`a signed-in user is greeted by ${names}`, () => each(async door => {
    const answer = await becomes(door, bob, 200, 15_000);
    const greeting = await answer.text();
    if (!greeting.includes('Hello, bob!')) throw new Error(`the greeting is ${greeting}`);
  }));
  await checks.check('without a token the answer is 401 with a challenge', () => each(async door => {
    const answer = await ask(door);
    expect('the status without a token', answer.status, 401);
    // Flask-JWT-Extended sends no challenge of its own.
    if (door.name !== 'Flask-JWT-Extended') expect('the challenge', answer.headers.get('www-authenticate'), 'Bearer');
    // Flask-JWT-Extended calls a malformed token unprocessable.
    expect('the status for a bad token', (await ask(door, 'x')).status, door.name === 'Flask-JWT-Extended' ? 422 : 401);
  }));
  await checks.check('after the sign-out the answer is 401, for that user alone', async () => {
    await each(door => becomes(door, ada, 200));
    await provider.signOut(ada);
    await each(door => becomes(door, ada, 401));
    await each(async door => expect('for bob', (await ask(door, bob)).status, 200));
  });
  await checks.check('without a server the answer is 503, and afterwards 200 again', async () => {
    await provider.server.stop();
    await each(async door => {
      const answer = await becomes(door, bob, 503);
      const text = await answer.text();
      if (!text.includes('"unavailable"')) throw new Error(`the answer is ${text}`);
      expect('Retry-After', answer.headers.get('retry-after'), '1');
    });
    await provider.server.start();
    await each(door => becomes(door, bob, 200));
  });
  await Promise.all(all.map(({ child }) => stop(child)));

  /** Asks until the answer has this status. Several times the bound of 1 second, because many processes start and run here. */
  async function becomes(door, token, status, milliseconds = 3000) {
    const deadline = performance.now() + milliseconds;
    for (;;) {
      const answer = await ask(door, token);
      if (answer.status === status) return answer;
      if (performance.now() > deadline) throw new Error(`still ${answer.status}: ${await answer.text()}`);
      await answer.body.cancel();
      await new Promise(later => setTimeout(later, 10));
    }
  }
}
