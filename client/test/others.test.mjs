// refine v3 and react-admin, whose providers answer by resolving and rejecting.
import { after, afterEach, beforeEach, test } from 'node:test';
import assert from 'node:assert/strict';
import { createLegacyAuthProvider, createReactAdminProvider, loadConfig } from '../dist/index.js';
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

const john = { email: 'john@mail.com', password: 'demo' };
const rejection = (promise) => promise.then((value) => assert.fail(`resolved ${value}`), (reason) => reason);

test('refine v3: each answer has the one form that v3 understands', async () => {
  const authd = createLegacyAuthProvider({ baseUrl: server.url });
  assert.equal(await rejection(authd.checkAuth({ type: 'routeProvider' })), undefined, 'a missing session rejects with nothing');
  const wrong = await rejection(authd.login({ ...john, password: 'wrong' }));
  assert.deepEqual([wrong.name, wrong.message], ['Refused', 'No.'], 'failures reject, and never resolve an object');
  assert.equal(await authd.login(john), '/');
  assert.equal(await authd.checkAuth(), undefined);
  assert.equal((await authd.getUserIdentity({ queryKey: [] })).name, 'John');
  assert.deepEqual(await authd.getPermissions({}), ['admin']);
  assert.equal(await authd.checkError({ statusCode: 401 }), undefined, 'a session that can be refreshed stays');
  assert.equal(await authd.checkError({ statusCode: 500 }), undefined);
  assert.equal(await authd.checkError(new Error('Network Error')), undefined);
  assert.equal(await authd.register(john), undefined, 'without a target v3 takes its default');
  assert.equal(await authd.forgotPassword(john), undefined);
  assert.equal(await authd.updatePassword({ password: 'x', token: 't' }), undefined);
  assert.equal(await authd.logout(), '/bye');
  assert.equal(await authd.getUserIdentity(), null);
});

test('refine v3: a dead session rejects with a path, never with an object or an Error', async () => {
  const authd = createLegacyAuthProvider({ baseUrl: server.url });
  await authd.login(john);
  server.alive = false;
  assert.equal(await rejection(authd.checkError({ statusCode: 401 })), '/login');
  server.onError = [{ status: '401', refresh: true, logout: true }];
  assert.equal(await rejection(createLegacyAuthProvider({ baseUrl: server.url }).checkError({ statusCode: 401 })), undefined);
});

test('refine v3: methods that the server does not have are left out', async () => {
  const authd = createLegacyAuthProvider({ baseUrl: server.url, config: await loadConfig(server.url) });
  assert.ok(!('register' in authd) && !('updatePassword' in authd) && 'checkError' in authd);
});

test('react-admin', async () => {
  const authd = createReactAdminProvider({ baseUrl: server.url });
  const out = await rejection(authd.checkAuth());
  assert.deepEqual([out.redirectTo, out.message], ['/login', false]);
  assert.equal((await rejection(authd.login({ username: 'john', password: 'wrong' }))).message, 'No.');
  assert.deepEqual(await authd.login({ username: 'john', password: 'demo' }), { redirectTo: '/' });
  assert.deepEqual(server.log.find((entry) => entry.body?.password === 'demo').body, { username: 'john', password: 'demo' });
  await authd.checkAuth();
  assert.equal((await authd.getIdentity({ signal: undefined })).fullName, 'John');
  assert.deepEqual(await authd.getPermissions(), ['admin']);
  await authd.checkError({ status: 401 });
  await authd.checkError({ status: 500 });
  const forbidden = await rejection(authd.checkError({ status: 403 }));
  assert.deepEqual([forbidden.redirectTo, forbidden.logoutUser], ['/forbidden', false]);
  assert.equal(await authd.logout(), '/bye');
  await authd.login({ username: 'john', password: 'demo' });
  server.alive = false;
  await new Promise((done) => setTimeout(done, 1001)); // the refresh above is not that of this error
  assert.equal((await rejection(authd.checkError({ status: 401 }))).redirectTo, '/login');
  await rejection(authd.getIdentity());
});
