// Signing in at another site: the page is left, and another page of the same
// tab is where the browser comes back to.
import { after, afterEach, beforeEach, test } from 'node:test';
import assert from 'node:assert/strict';
import { createAuthProvider, createFetch, loginFailure } from '../dist/index.js';
import { Server, fakeLocalStorage, fakeLocation } from './server.mjs';

let server;
beforeEach(async () => {
  server = await new Server().listen();
  globalThis.localStorage = fakeLocalStorage();
  globalThis.sessionStorage = fakeLocalStorage();
  globalThis.location = fakeLocation('http://app.test/login?to=%2Fposts');
  globalThis.history = { state: { idx: 3 }, replaceState: (state, _, url) => Object.assign(globalThis.history, { state, url }) };
});
afterEach(() => server.close());
after(() => {
  for (const name of ['localStorage', 'sessionStorage', 'location', 'history']) delete globalThis[name];
});

const provider = (transport) => createAuthProvider({ baseUrl: server.url, transport });
const asked = (path) => server.log.filter((r) => r.line === `POST /auth/${path}`);

test('cookie: the page leaves, and the one that comes back asks whether somebody is signed in', async () => {
  const before = provider('cookie');
  assert.equal((await before.check()).authenticated, false);
  assert.deepEqual(await before.login({ providerName: 'google' }), { success: true });
  assert.deepEqual(location.left, ['https://op.test/authorize']);
  assert.equal(asked('login')[0].body.redirectPath, '/posts');
  assert.equal(asked('login')[0].body.codeChallenge, undefined);
  server.alive = true; // the callback has set the cookies
  globalThis.location = fakeLocation('http://app.test/posts');
  assert.equal((await provider('cookie').check()).authenticated, true);
});

test('cookie: who comes back with the back button is asked about, too', async () => {
  const stays = provider('cookie');
  await stays.check();
  await stays.login({ providerName: 'google' });
  server.alive = true;
  assert.equal((await stays.check()).authenticated, true);
});

test('bearer: the code in the address becomes tokens, once, and goes out of the address', async () => {
  await provider('bearer').login({ providerName: 'google' });
  assert.match(server.challenge, /^[A-Za-z0-9_-]{43}$/);
  globalThis.location = fakeLocation('http://app.test/posts?authd_code=c1&page=2#top');
  const back = provider('bearer');
  const [check, identity] = await Promise.all([back.check(), back.getIdentity()]);
  assert.equal(check.authenticated, true);
  assert.equal(identity.name, 'John');
  assert.equal(asked('exchange').length, 1);
  assert.equal(history.url, '/posts?page=2#top');
  assert.deepEqual(history.state, { idx: 3 });
  assert.equal(sessionStorage.values.size, 0);
});

test('bearer: a request of createFetch has the token of the page that came back', async () => {
  await provider('bearer').login({ providerName: 'google' });
  globalThis.location = fakeLocation('http://app.test/posts?authd_code=c1');
  const authFetch = createFetch({ baseUrl: server.url, transport: 'bearer' });
  assert.equal((await authFetch(`${server.url}/api/things`)).status, 200);
});

test('bearer: a code that this tab has not asked for is not shown to anybody', async () => {
  globalThis.location = fakeLocation('http://app.test/posts?authd_code=c1');
  assert.equal((await provider('bearer').check()).authenticated, false);
  assert.equal(asked('exchange').length, 0);
  assert.equal(history.url, '/posts');
});

test('bearer: a login that fails leaves the session that was there', async () => {
  await provider('bearer').login({ email: 'john@mail.com', password: 'demo' });
  server.override['POST /auth/login'] = () => [503, { success: false, message: 'down' }];
  const answer = await provider('bearer').login({ providerName: 'google' });
  assert.equal(answer.success, false);
  assert.equal((await provider('bearer').check()).authenticated, true);
});

test('the login page can tell why a login at another site failed', () => {
  assert.equal(loginFailure(), undefined);
  for (const [query, want] of [
    ['error=forbidden&reason=access_denied', { name: 'Login failed', message: 'Signing in was cancelled, or is not allowed.', code: 'forbidden' }],
    ['error=new_code', { name: 'Login failed', message: 'Signing in did not work. Please try again.', code: 'new_code' }],
    ['error=Call%20555', undefined],
  ]) {
    globalThis.location = fakeLocation(`http://app.test/login?${query}`);
    assert.deepEqual(loginFailure(), want);
  }
});
