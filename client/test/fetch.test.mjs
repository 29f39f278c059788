import { after, afterEach, beforeEach, test } from 'node:test';
import assert from 'node:assert/strict';
import { attachAxios, createAuthProvider, createFetch } from '../dist/index.js';
import { Server, fakeLocalStorage, fakeLocation } from './server.mjs';

let server;
beforeEach(async () => {
  server = await new Server().listen();
  globalThis.localStorage = fakeLocalStorage();
  globalThis.location = fakeLocation('http://app.test/');
});
afterEach(() => server.close());
after(() => {
  delete globalThis.localStorage;
  delete globalThis.location;
});

const signIn = (options) => createAuthProvider({ baseUrl: server.url, ...options }).login({ email: 'john@mail.com', password: 'demo' });
const things = () => `${server.url}/api/things`;

for (const transport of ['cookie', 'bearer']) {
  test(`${transport}: ten parallel 401s are one refresh, and each request is repeated once`, async () => {
    await signIn({ transport });
    server.cookieGood = false;
    server.generation = 5;
    const send = createFetch({ baseUrl: server.url, transport });
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(things())));
    assert.deepEqual(answers.map((a) => a.status), Array(10).fill(200));
    assert.equal(server.count('POST /auth/refresh'), 1);
    assert.ok(server.count('GET /api/things') <= 20, 'each request is repeated once at most');
  });

  test(`${transport}: a session that is over is refused once, without a loop`, async () => {
    await signIn({ transport });
    server.alive = false;
    const send = createFetch({ baseUrl: server.url, transport });
    const answers = await Promise.all(Array.from({ length: 5 }, () => send(things())));
    assert.deepEqual(answers.map((a) => a.status), Array(5).fill(401));
    assert.equal(server.count('POST /auth/refresh'), 1);
    assert.equal((await send(things())).status, 401);
    assert.equal(server.count('POST /auth/refresh'), 1);
  });

  for (const first of ['fetch', 'provider']) {
    test(`${transport}: a fetch and a provider try a dead session once between them, the ${first} first`, async () => {
      const options = { baseUrl: server.url, transport };
      const authd = createAuthProvider(options);
      const send = createFetch(options);
      const asks = { fetch: async () => (await send(things())).status, provider: async () => (await authd.onError({ status: 401 })).logout };
      await authd.login({ email: 'john@mail.com', password: 'demo' });
      await authd.check();
      server.alive = false;
      const order = first === 'fetch' ? ['fetch', 'provider'] : ['provider', 'fetch'];
      for (const who of order) assert.equal(await asks[who](), who === 'fetch' ? 401 : true);
      assert.equal(server.count('POST /auth/refresh'), 1);
      assert.equal((await authd.check()).authenticated, false);
      assert.doesNotMatch(JSON.stringify([...globalThis.localStorage.values]), /access-|refresh-/);

      await authd.login({ email: 'john@mail.com', password: 'demo' });
      await new Promise((done) => setTimeout(done, 5)); // requests go out after the login
      server.cookieGood = false;
      server.generation = 5;
      assert.equal(await asks.fetch(), 200, 'the next session is refreshed');
    });
  }

  test(`${transport}: a 401 that a refresh does not mend is handed on`, async () => {
    await signIn({ transport });
    server.override['GET /api/things'] = () => [401, { message: 'never' }];
    const answer = await createFetch({ baseUrl: server.url, transport })(things());
    assert.deepEqual(await answer.json(), { message: 'never' });
    assert.equal(server.count('GET /api/things'), 2);
    assert.equal(server.count('POST /auth/refresh'), 1);
  });
}

test('the body is sent again', async () => {
  await signIn({ transport: 'bearer' });
  server.generation = 5;
  const send = createFetch({ baseUrl: server.url, transport: 'bearer' });
  const answer = await send(new Request(things(), { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json' } }));
  assert.deepEqual(await answer.json(), { things: { a: 1 } });
  assert.equal(server.count('POST /api/things'), 2);
});

test('a token goes to the page\'s own origin, to authd\'s and to those on the list, and nowhere else', async () => {
  await signIn({ transport: 'bearer' });
  const seen = [];
  const fake = async (input) => {
    const request = new Request(input);
    seen.push([request.url, request.headers.get('authorization')]);
    return new Response('{}');
  };
  const send = createFetch({ baseUrl: server.url, transport: 'bearer', apiOrigins: ['https://api.test'], fetch: fake });
  for (const url of ['http://app.test/x', `${server.url}/x`, 'https://api.test/x', 'https://api.test:444/x', 'https://evil.test/x', 'http://api.test/x', 'https://api.test.evil.test/']) await send(url);
  const with_ = seen.filter(([, token]) => token).map(([url]) => url);
  assert.deepEqual(with_, ['http://app.test/x', `${server.url}/x`, 'https://api.test/x']);
  seen.length = 0;
  await send('http://app.test/x', { headers: { Authorization: 'Basic eDp5' } });
  assert.equal(seen[0][1], 'Basic eDp5', 'the app\'s own header stays');
});

test('separate instances, as in two tabs, refresh once between them', async () => {
  let held = Promise.resolve();
  let busy = 0;
  const locks = {
    request(_name, { ifAvailable }, run) {
      if (ifAvailable && busy) return run(null);
      busy++;
      return (held = held.then(() => run({})).finally(() => busy--));
    },
  };
  Object.defineProperty(globalThis, 'navigator', { value: { locks }, configurable: true });
  try {
    await signIn();
    await new Promise((done) => setTimeout(done, 5)); // requests go out after the login
    server.cookieGood = false;
    const tabs = Array.from({ length: 4 }, () => createFetch({ baseUrl: server.url }));
    const answers = await Promise.all(tabs.flatMap((send) => [send(things()), send(things())]));
    assert.ok(answers.every((a) => a.status === 200));
    assert.equal(server.count('POST /auth/refresh'), 1);
  } finally {
    delete globalThis.navigator;
  }
});

test('a tab that sleeps with the lock does not stop the others', async (t) => {
  const never = new Promise(() => {});
  const locks = {
    request: (_name, { signal, ifAvailable }, run) => ifAvailable ? run(null) : Promise.race([never, new Promise((_, fail) => signal.addEventListener('abort', () => fail(signal.reason)))]),
  };
  Object.defineProperty(globalThis, 'navigator', { value: { locks }, configurable: true });
  t.mock.timers.enable({ apis: ['setTimeout'] });
  try {
    await signIn();
    server.cookieGood = false;
    const answer = createFetch({ baseUrl: server.url })(things());
    while (server.count('GET /api/things') === 0) await new Promise(setImmediate);
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
    t.mock.timers.tick(10_000);
    assert.equal((await answer).status, 200);
  } finally {
    delete globalThis.navigator;
  }
});

/** As much of axios as the adapter uses. Like axios it copies names it does not know. */
function fakeAxios() {
  const chain = { request: [], response: [] };
  const manager = (list) => ({ use: (done, failed) => list.push({ done, failed }) - 1, eject: (id) => void (list[id] = null) });
  const instance = {
    interceptors: { request: manager(chain.request), response: manager(chain.response) },
    getUri: (config) => new URL(config.url, config.baseURL ?? 'http://app.test').href,
    async request(given) {
      let config = { headers: {}, ...given };
      for (const i of chain.request) if (i) config = await i.done(config);
      const response = await fetch(instance.getUri(config), { headers: config.headers });
      let result = response.ok ? Promise.resolve({ status: response.status, data: await response.json(), config })
        : Promise.reject(Object.assign(new Error(`status ${response.status}`), { config, response: { status: response.status } }));
      for (const i of chain.response) if (i) result = result.then(i.done ?? undefined, i.failed);
      return result;
    },
  };
  return instance;
}

test('axios: parallel 401s are one refresh, a dead session is no loop, and it can be detached', async () => {
  await signIn({ transport: 'bearer' });
  server.generation = 5;
  const axios = fakeAxios();
  const detach = attachAxios(axios, { baseUrl: server.url, transport: 'bearer' });
  const answers = await Promise.all(Array.from({ length: 10 }, () => axios.request({ url: things() })));
  assert.ok(answers.every((a) => a.status === 200));
  assert.equal(server.count('POST /auth/refresh'), 1);

  server.override['GET /api/things'] = () => [401, {}];
  await assert.rejects(axios.request({ url: things() }), /401/);
  assert.equal(server.count('GET /api/things'), 22, 'once, and once more after a refresh');
  server.override = {};
  server.alive = false;
  await assert.rejects(axios.request({ url: things() }), /401/);
  detach();
  await assert.rejects(axios.request({ url: things() }), /401/);
  assert.equal(server.log.at(-1).headers.authorization, undefined);
});
