// A1 to A12 are the requirements that running refine against a provider showed;
// each test names the one it is for.
import { after, afterEach, beforeEach, test } from 'node:test';
import assert from 'node:assert/strict';
import { createAuthProvider, loadConfig, memoryStorage } from '../dist/index.js';
import { Server, fakeLocalStorage, fakeLocation } from './server.mjs';

let server;
let authd;
beforeEach(async () => {
  server = await new Server().listen();
  globalThis.localStorage = fakeLocalStorage();
  globalThis.location = fakeLocation('http://app.test/posts');
  authd = createAuthProvider({ baseUrl: server.url });
});
afterEach(() => server.close());
after(() => {
  delete globalThis.localStorage;
  delete globalThis.location;
});

const john = { email: 'john@mail.com', password: 'demo' };
const signIn = () => authd.login(john);
/** What another instance on a freshly loaded page would be. */
const reload = (options) => (authd = createAuthProvider({ baseUrl: server.url, ...options }));

test('A1: whatever fails, no method rejects and none answers undefined', async () => {
  for (const fault of ['drop', () => [500, { message: 'broken' }], () => [200, null], () => [503, 'text'], () => [401, {}]]) {
    for (const path of ['login', 'logout', 'register', 'forgot-password', 'update-password', 'refresh']) server.override[`POST /auth/${path}`] = fault;
    for (const path of ['check', 'identity', 'permissions', 'config']) server.override[`GET /auth/${path}`] = fault;
    reload();
    for (const [name, method] of Object.entries(authd)) {
      for (const params of [undefined, null, {}, 7, 'x', { email: 'x' }, new Error('x'), { status: 401 }]) {
        const answer = await method(params);
        assert.notEqual(answer, undefined, name);
      }
    }
  }
});

test('A2: check says where to sign in, without a query', async () => {
  assert.deepEqual(await authd.check(), { authenticated: false, redirectTo: '/login' });
  server.check = { redirectTo: '/enter?x=1#y' };
  reload();
  assert.deepEqual(await authd.check(), { authenticated: false, redirectTo: '/enter' });
  server.check = { redirectTo: 'https://elsewhere.test/' };
  reload({ loginPath: '/signin' });
  assert.deepEqual(await authd.check(), { authenticated: false, redirectTo: '/signin' });
});

test('A3: who is known to be signed out is told so without the network', async () => {
  await authd.check();
  const asked = server.log.length;
  assert.ok(asked > 0, 'a page that knows nothing asks once');
  for (let i = 0; i < 3; i++) assert.equal((await authd.check()).authenticated, false);
  assert.equal((await authd.login({ ...john, password: 'wrong' })).success, false);
  assert.equal((await authd.check()).authenticated, false);
  assert.equal(server.log.length, asked + 1, 'only the login went out');
});

test('a session that began elsewhere, on a hosted page, is found', async () => {
  server.alive = true;
  assert.equal((await authd.check()).authenticated, true);
  server.cookieGood = false; // its access token has ended, the refresh token has not
  reload();
  globalThis.localStorage.values.clear();
  assert.equal((await authd.check()).authenticated, true);
  assert.equal(server.count('POST /auth/refresh'), 1);
});

for (const cookieGood of [true, false]) {
  test(`a session that began elsewhere is found after one that was over, ${cookieGood ? 'by its access token' : 'by a refresh'}`, async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    await signIn();
    server.alive = false;
    assert.equal((await authd.onError({ status: 401 })).logout, true);
    server.alive = true;
    server.cookieGood = cookieGood;
    t.mock.timers.tick(1001);
    reload();
    assert.equal((await authd.check()).authenticated, true);
    server.override['GET /auth/check'] = 'drop';
    reload();
    assert.equal((await authd.check()).authenticated, true, 'it is remembered');
  });
}

test('A4: an outage keeps what was known', async () => {
  await signIn();
  for (const fault of ['drop', () => [503, {}], () => [429, {}]]) {
    server.override = { 'GET /auth/check': fault, 'GET /auth/identity': fault };
    assert.deepEqual(await authd.check(), { authenticated: true });
    reload();
    assert.deepEqual(await authd.check(), { authenticated: true });
  }
  server.override = { 'POST /auth/refresh': 'drop' };
  server.cookieGood = false;
  reload();
  assert.deepEqual(await authd.check(), { authenticated: true }, 'the access token has ended and nobody can be asked for another');
});

test('A5: calls at once share one request', async () => {
  await signIn();
  await Promise.all(Array.from({ length: 10 }, () => [authd.check(), authd.getIdentity(), authd.getPermissions()]).flat());
  for (const path of ['check', 'identity', 'permissions']) assert.equal(server.count(`GET /auth/${path}`), 1, path);
});

test('A6: what leads to another origin leaves the app', async () => {
  server.override['POST /auth/login'] = () => [200, { success: true, redirectTo: 'https://id.example.com/authorize?x=1' }];
  globalThis.location = fakeLocation('http://app.test/login?to=%2Fposts%3Fpage%3D2');
  assert.deepEqual(await authd.login({ providerName: 'google' }), { success: true });
  assert.deepEqual(globalThis.location.left, ['https://id.example.com/authorize?x=1']);
  assert.equal(server.log.at(-1).body.redirectPath, '/posts?page=2', 'it comes back to the page it began at');
  for (const target of ['javascript:alert(1)', '//evil.test', '/\\evil.test', '/\tx', '\\/evil.test', ' /x', 'data:text/html,x', 7]) {
    server.override['POST /auth/login'] = () => [200, { success: true, redirectTo: target }];
    assert.deepEqual(await authd.login(john), { success: true }, String(target));
  }
  assert.equal(globalThis.location.left.length, 1);
  globalThis.location = fakeLocation('http://app.test/login?to=//evil.test');
  await authd.login({ providerName: 'google' });
  assert.equal(server.log.at(-1).body.redirectPath, undefined);
});

test('A7: parameters are picked, never forwarded whole', async () => {
  const context = { client: { big: 1 }, meta: {}, queryKey: ['x'], signal: new AbortController().signal, pageParam: 1 };
  await authd.login({ ...john, ...context, to: '/x', currentPage: 1, current: 1, pageSize: 2, gsmNumber: '123', call() {}, when: new Date() });
  assert.deepEqual(server.log.at(-1).body, { ...john, gsmNumber: '123' });
  await authd.updatePassword({ password: 'a', confirmPassword: 'a', token: 't', to: '/x', redirectPath: 'https://evil.test', email: 'x' });
  assert.deepEqual(server.log.at(-1).body, { password: 'a', confirmPassword: 'a', token: 't' });
  await authd.updatePassword({ oldPassword: 'o', password: 'a', email: 'x' });
  assert.deepEqual(server.log.at(-1).body, { oldPassword: 'o', password: 'a' }, 'a link must not name the account of somebody who is signed in');
  const before = server.log.length;
  await Promise.all([authd.getIdentity(context), authd.getPermissions(context)]);
  assert.ok(server.log.slice(before).every((entry) => entry.body === undefined));
});

test('a password that is due is changed by name and old password', async () => {
  server.override['POST /auth/login'] = () => [403, { success: false, error: { name: 'n', message: 'm', code: 'action_required', action: 'new_password' } }];
  const refused = await authd.login(john);
  assert.deepEqual(refused.error, { name: 'n', message: 'm', statusCode: 403, code: 'action_required', action: 'new_password' });
  await authd.check(); // nobody is signed in, and this page knows
  await authd.updatePassword({ ...john, oldPassword: 'demo', password: 'next', to: '/x' });
  assert.deepEqual(server.log.at(-1).body, { email: john.email, oldPassword: 'demo', password: 'next' });
  assert.equal(server.log.at(-1).line, 'POST /auth/update-password');
});

test('A8: logout works offline, once for many, and minds where to go', async () => {
  await signIn();
  assert.deepEqual(await authd.logout(), { success: true, redirectTo: '/bye' });
  assert.deepEqual(await authd.logout({ redirectPath: '/x' }), { success: true, redirectTo: '/x' });
  assert.deepEqual(await authd.logout({ redirectPath: undefined }), { success: true, redirectTo: '/bye' });
  assert.deepEqual(await authd.logout({ redirectPath: false }), { success: true });
  await signIn();
  const before = server.count('POST /auth/logout');
  await Promise.all(Array.from({ length: 10 }, () => authd.logout({ redirectPath: undefined })));
  assert.equal(server.count('POST /auth/logout'), before + 1);

  await signIn();
  server.override = { 'POST /auth/logout': 'drop' };
  assert.deepEqual(await authd.logout(), { success: true, redirectTo: '/login' });
  reload();
  assert.equal((await authd.check()).authenticated, false, 'signed out, though authd does not know it yet');
  assert.equal(server.alive, true);
  server.override = {};
  reload();
  assert.equal((await authd.check()).authenticated, false);
  assert.equal(server.alive, false, 'authd was told as soon as it could be reached');
});

test('A8: a provider that signs out too is followed', async () => {
  await signIn();
  server.override['POST /auth/logout'] = () => [200, { success: true, redirectTo: 'https://id.example.com/end' }];
  assert.deepEqual(await authd.logout(), { success: true });
  assert.deepEqual(globalThis.location.left, ['https://id.example.com/end']);
});

test('A9: onError acts by the table of the server', async () => {
  await signIn();
  for (const error of [{ statusCode: 401 }, { status: '401' }, { response: { status: 401 } }, { statusCode: undefined, status: 401 }]) {
    assert.deepEqual(await authd.onError(error), {}, 'a session that can be refreshed stays');
  }
  for (const error of [{ message: 'Network Error' }, { status: 500 }, {}, undefined, 'x', { status: 0 }, { status: true }]) {
    assert.deepEqual(await authd.onError(error), {});
  }
  assert.deepEqual(await authd.onError({ status: 403 }), { redirectTo: '/forbidden' });
  globalThis.location = fakeLocation('http://app.test/forbidden');
  assert.deepEqual(await authd.onError({ status: 403 }), {}, 'nobody is sent to where they are');
});

test('A9: ten failures of a dead session are one refresh, and one says log out', async () => {
  await signIn();
  server.alive = false;
  const before = server.count('POST /auth/refresh');
  const answers = await Promise.all(Array.from({ length: 10 }, () => authd.onError({ statusCode: 401 })));
  assert.deepEqual(answers.filter((answer) => answer.logout), [{ logout: true, redirectTo: '/login' }]);
  assert.equal(server.count('POST /auth/refresh'), before + 1);
  await new Promise((done) => setTimeout(done, 1001));
  assert.deepEqual(await authd.onError({ statusCode: 401 }), { logout: true, redirectTo: '/login' }, 'a later failure says it again');
  assert.equal(server.count('POST /auth/refresh'), before + 1, 'a session that is known to be over is not refreshed');
});

test('A9: an outage logs nobody out, and neither does a missing table', async () => {
  await signIn();
  for (const fault of ['drop', () => [503, {}], () => [429, {}]]) {
    server.override = { 'POST /auth/refresh': fault };
    assert.deepEqual(await authd.onError({ statusCode: 401 }), {});
  }
  server.override = { 'GET /auth/config': 'drop' };
  reload();
  assert.deepEqual(await authd.onError({ statusCode: 403 }), {});
  server.alive = false;
  assert.deepEqual(await authd.onError({ statusCode: 401 }), { logout: true });
});

test('A10: identity and permissions are null when signed out', async () => {
  for (const method of ['getIdentity', 'getPermissions']) assert.equal(await authd[method](), null);
  const asked = server.log.length;
  for (const method of ['getIdentity', 'getPermissions']) assert.equal(await authd[method](), null);
  assert.equal(server.log.length, asked);
  await signIn();
  assert.equal((await authd.getIdentity()).name, 'John');
  assert.deepEqual(await authd.getPermissions(), ['admin']);
});

test('A11: with login resolved, check is good at once', async () => {
  for (const transport of ['cookie', 'bearer']) {
    reload({ transport });
    assert.equal((await authd.check()).authenticated, false);
    const answer = await signIn();
    assert.equal(answer.success, true);
    assert.ok(!JSON.stringify(answer).includes('access-'), 'tokens are not handed to the app');
    assert.equal((await authd.check()).authenticated, true);
    await authd.logout();
  }
});

test('A12: methods that the server does not have are left out', async () => {
  reload({ config: await loadConfig({ baseUrl: server.url }) });
  assert.deepEqual(Object.keys(authd).sort(), ['check', 'getIdentity', 'getPermissions', 'login', 'logout', 'onError']);
});

test('a failure shows the server\'s title and text', async () => {
  const { success, error, redirectTo } = await authd.login({ ...john, password: 'wrong' });
  assert.deepEqual({ success, error, redirectTo }, {
    success: false, redirectTo: '/failed', error: { name: 'Refused', message: 'No.', statusCode: 400, code: 'invalid_credentials' },
  });
  server.override['POST /auth/login'] = 'drop';
  assert.equal((await authd.login(john)).error.name, 'Network error');
});

test('the login page\'s own redirect is the app\'s to follow', async () => {
  globalThis.location = fakeLocation('http://app.test/login?to=/posts');
  await signIn();
  assert.equal(server.log.at(-1).body.redirectPath, undefined, 'refine follows to itself');
});

test('cookie transport: no token is ever stored, and none is sent', async () => {
  await signIn();
  await authd.check();
  assert.ok(!/access-|refresh-/.test([...globalThis.localStorage.values.values()].join()));
  assert.ok(server.log.every((entry) => entry.headers.authorization === undefined && entry.headers['authd-transport'] === 'cookie'));
});

test('bearer transport: the pair is kept where the app says, and replaced as one', async () => {
  const kept = new Map();
  const slow = memoryStorage();
  const storage = {
    get: async (k) => slow.get(k), remove: async (k) => slow.remove(k),
    set: async (k, v) => { kept.set(k, v); await slow.set(k, v); },
  };
  reload({ transport: 'bearer', storage });
  await signIn();
  assert.equal(kept.size, 1);
  server.generation = 7; // the access token that the client holds is no longer good
  assert.equal((await authd.getIdentity()).name, 'John');
  assert.equal(server.log.find((entry) => entry.line === 'POST /auth/refresh').body.refreshToken, 'refresh-0');
  assert.equal(server.log.at(-1).headers.authorization, 'Bearer access-8');
  assert.equal(globalThis.localStorage.values.size, 0);
});

test('a storage that refuses everything still allows a session', async () => {
  globalThis.localStorage = { getItem() { throw new Error('blocked'); }, setItem() { throw new Error('blocked'); }, removeItem() { throw new Error('blocked'); } };
  reload();
  await signIn();
  assert.equal((await authd.check()).authenticated, true);
  globalThis.localStorage = undefined;
  assert.equal((await authd.check()).authenticated, true, 'what was set lives as long as the page');
});

test('two tabs: what one does, the other sees', async () => {
  const other = createAuthProvider({ baseUrl: server.url });
  assert.equal((await other.check()).authenticated, false);
  await signIn();
  assert.equal((await other.check()).authenticated, true);
  await authd.logout();
  assert.equal((await other.check()).authenticated, false);
});

test('it runs where there is no page at all', async () => {
  delete globalThis.localStorage;
  delete globalThis.location;
  reload();
  await signIn();
  assert.equal((await authd.check()).authenticated, true);
});
