// Whatever stands where authd should, and whatever the browser refuses: every
// method answers, in the shape that refine reads.
import { after, afterEach, beforeEach, test } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { createAuthProvider, createLegacyAuthProvider } from '../dist/index.js';
import { Server, fakeLocalStorage, fakeLocation } from './server.mjs';

const names = ['localStorage', 'sessionStorage', 'location', 'history'];
const john = { email: 'john@mail.com', password: 'demo' };
const { error: shout } = console;
let told;

beforeEach(() => {
  told = [];
  console.error = (error) => told.push(error);
  globalThis.localStorage = fakeLocalStorage();
  globalThis.sessionStorage = fakeLocalStorage();
  globalThis.location = fakeLocation('http://app.test/posts');
  globalThis.history = { state: null, replaceState() {} };
});
afterEach(() => (console.error = shout));
after(() => names.forEach((name) => delete globalThis[name]));

const isText = (value) => typeof value === 'string' && value !== '';
const isPath = (value) => value === undefined || (typeof value === 'string' && value.startsWith('/') && !value.startsWith('//'));

/** What refine reads of an action's answer. */
function soundAction(answer, what) {
  assert.equal(typeof answer.success, 'boolean', what);
  assert.ok(isPath(answer.redirectTo), what);
  if (!answer.success) assert.ok(isText(answer.error.name) && isText(answer.error.message), `${what}: ${JSON.stringify(answer)}`);
}

const sound = {
  login: soundAction,
  register: soundAction,
  forgotPassword: soundAction,
  updatePassword: soundAction,
  logout(answer, what) {
    soundAction(answer, what);
    assert.equal(answer.success, true, what);
  },
  check(answer, what) {
    assert.equal(typeof answer.authenticated, 'boolean', what);
    if (!answer.authenticated) assert.ok(isText(answer.redirectTo) && isPath(answer.redirectTo) && !answer.redirectTo.includes('?'), what);
  },
  onError(answer, what) {
    assert.equal(typeof answer, 'object', what);
    assert.ok(isPath(answer.redirectTo), what);
  },
  getPermissions: (answer, what) => assert.notEqual(answer, undefined, what),
  getIdentity: (answer, what) => assert.notEqual(answer, undefined, what),
};

const someParams = [undefined, john, { providerName: 'google' }, { status: 401 }, { password: 'x', token: 't' }];

/** Calls every method with everything; a rejection fails the test. */
async function callAll(options, what, params = someParams) {
  const authd = createAuthProvider(options);
  for (const [name, check] of Object.entries(sound)) {
    for (const [i, given] of params.entries()) check(await authd[name](given), `${what}: ${name} with parameters ${i}`);
  }
  if (params === someParams) assert.deepEqual(told, [], `${what}: the last resort was needed`);
}

const html = '<!doctype html><title>502</title><h1>Bad gateway</h1>';
const answers = {
  'nothing: the connection ends': (req) => req.socket.destroy(),
  'an empty body': (_, res) => res.writeHead(200).end(),
  'no content': (_, res) => res.writeHead(204).end(),
  'not modified': (_, res) => res.writeHead(304).end(),
  'a page, as of an app that answers everything': (_, res) => res.writeHead(200, { 'content-type': 'text/html' }).end(html),
  'a page of a proxy': (_, res) => res.writeHead(502, { 'content-type': 'text/html' }).end(html),
  'a page that wants a login': (_, res) => res.writeHead(401, { 'content-type': 'text/html' }).end(html),
  'a redirect to a page': (req, res) => (req.url === '/page' ? res.end(html) : res.writeHead(302, { location: '/page' }).end()),
  'a redirect without an end': (req, res) => res.writeHead(307, { location: req.url }).end(),
  'half of the JSON': (_, res) => res.writeHead(200, { 'content-type': 'application/json' }).end('{"success": true, "expiresIn": 600, "acc'),
  'less than it announced': (req, res) => (res.writeHead(200, { 'content-length': 1000 }).write('{"success": true}'), setTimeout(() => req.socket.destroy(), 5)),
  'JSON that is too deep': (_, res) => res.end('['.repeat(200_000)),
  'bytes': (_, res) => res.end(Buffer.from([0xff, 0xfe, 0x00, 0x7b])),
  'a failure without a body': (_, res) => res.writeHead(500).end(),
  'a failure that tells little': (_, res) => res.writeHead(500).end('{}'),
  'an error that is a text': (_, res) => res.writeHead(400).end('{"error": "nope"}'),
  'an error with the wrong types': (_, res) => res.writeHead(400).end('{"error": {"name": {}, "message": [], "code": 7}, "message": {}, "redirectTo": {}}'),
  'the JSON of something else': (_, res) => res.end('{"ok": true}'),
  'a redirect that is no address': (_, res) => res.end('{"success": true, "authenticated": false, "redirectTo": "https://["}'),
  'rules that are none': (_, res) => res.end('{"providers": [], "methods": [], "onError": [null, 7, {"status": 401}, {"status": "401", "redirectTo": 7, "logout": true}]}'),
};

test('what answers is not authd', async (t) => {
  for (const [what, answer] of Object.entries(answers)) {
    await t.test(what, async () => {
      const server = createServer((req, res) => void req.resume().on('end', () => answer(req, res))).listen(0, '127.0.0.1');
      await once(server, 'listening');
      try {
        for (const transport of ['cookie', 'bearer']) await callAll({ baseUrl: `http://127.0.0.1:${server.address().port}`, transport }, transport);
      } finally {
        server.closeAllConnections();
        server.close();
      }
    });
  }
});

test('an answer that never ends is given up', async () => {
  const endless = createServer((req, res) => void (req.url.includes('login') ? res.writeHead(200).write('{') : undefined)).listen(0, '127.0.0.1');
  await once(endless, 'listening');
  try {
    const authd = createAuthProvider({ baseUrl: `http://127.0.0.1:${endless.address().port}`, timeout: 50 });
    assert.equal((await authd.login(john)).error.name, 'Network error');
    assert.equal((await authd.check()).authenticated, false);
    assert.deepEqual(await authd.logout(), { success: true, redirectTo: '/login' });
  } finally {
    endless.closeAllConnections();
    endless.close();
  }
});

test('a very large answer is an answer', async () => {
  const large = `{"message": "${'x'.repeat(20_000_000)}"}`;
  await callAll({ fetch: async () => new Response(large, { status: 503 }) }, 'large', [john]);
});

/** Numbers that look random and are the same each time (mulberry32). */
function dice(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

test('any JSON with any status', async () => {
  const roll = dice(20261128);
  const pick = (list) => list[Math.floor(roll() * list.length)];
  const keys = ['success', 'authenticated', 'redirectTo', 'error', 'name', 'message', 'code', 'errors', 'expiresIn', 'accessToken', 'refreshToken', 'status', 'logout', 'refresh', 'onError', 'providers', 'methods'];
  const leaves = [null, true, false, 0, -1, 1e308, '', 'x', '/x', '//evil.test', 'https://x.test', 'https://[', '401', '0-999', '/a?b#c', '\u0000'];
  const value = (depth) => {
    if (depth > 3 || roll() < 0.4) return pick(leaves);
    if (roll() < 0.3) return Array.from({ length: 3 }, () => value(depth + 1));
    return Object.fromEntries(keys.filter(() => roll() < 0.5).map((key) => [key, value(depth + 1)]));
  };
  for (let i = 0; i < 300; i++) {
    const log = [];
    const fetch = async () => {
      const [status, body] = [pick([200, 200, 200, 201, 400, 401, 403, 404, 409, 429, 500, 503]), JSON.stringify(value(0))];
      log.push(`${status} ${body}`);
      return new Response(body, { status });
    };
    globalThis.localStorage.setItem('authd:https://authd.test', JSON.stringify(value(0)));
    const transport = pick(['cookie', 'bearer']);
    await callAll({ baseUrl: 'https://authd.test', transport, fetch }, '').catch((error) => {
      throw new Error(`round ${i}, ${transport}, after ${log.slice(-4).join('\n')}`, { cause: error });
    });
  }
});

test('parameters that bite', async () => {
  const server = await new Server().listen();
  try {
    const ring = { email: 'x' };
    ring.ring = ring;
    const getter = { get email() { throw new Error('mine'); }, get status() { throw new Error('mine'); }, get redirectPath() { throw new Error('mine'); } };
    const symbols = { status: Symbol('x'), statusCode: Object.create(null), email: Symbol('y') };
    const params = [null, 7, 'x', () => {}, ring, getter, symbols, { status: 1n, email: 1n }, Object.create(null), new Proxy({}, { ownKeys() { throw new Error('mine'); } })];
    await callAll({ baseUrl: server.url }, 'parameters', params);
    assert.ok(told.some((error) => error.message === 'mine'), 'the developer is told');
  } finally {
    await server.close();
  }
});

const refuse = () => {
  throw new DOMException('blocked', 'SecurityError');
};
const later = async () => refuse();

test('a browser that refuses', async (t) => {
  const server = await new Server().listen();
  const define = (name, descriptor) => Object.defineProperty(globalThis, name, { configurable: true, ...descriptor });
  const cases = {
    'no storage may be touched': () => ['localStorage', 'sessionStorage'].forEach((name) => define(name, { get: refuse })),
    'every storage is full': () => ['localStorage', 'sessionStorage'].forEach((name) => define(name, { value: { getItem: () => null, setItem: refuse, removeItem() {} } })),
    'nothing can be read back': () => define('localStorage', { value: { getItem: refuse, setItem() {}, removeItem: refuse } }),
    'there is no crypto, as on plain http': () => define('crypto', { value: undefined }),
    'locks are refused': () => define('navigator', { value: { locks: { request: later } } }),
    'it goes nowhere': () => define('location', { value: { ...fakeLocation('http://app.test/?authd_code=x'), assign: refuse } }),
    'history is not to be changed': () => {
      define('history', { value: { replaceState: refuse } });
      define('location', { value: fakeLocation('http://app.test/?authd_code=x') });
    },
  };
  try {
    for (const [what, arrange] of Object.entries(cases)) {
      await t.test(what, async () => {
        const before = [...names, 'crypto', 'navigator'].map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]);
        arrange();
        try {
          for (const transport of ['cookie', 'bearer']) await callAll({ baseUrl: server.url, transport }, `${what}, ${transport}`);
        } finally {
          for (const [name, descriptor] of before) descriptor ? Object.defineProperty(globalThis, name, descriptor) : delete globalThis[name];
        }
      });
    }
  } finally {
    await server.close();
  }
});

test('a storage of the app that fails', async () => {
  const server = await new Server().listen();
  try {
    for (const storage of [
      { get: refuse, set: refuse, remove: refuse },
      { get: later, set: later, remove: later },
      { get: () => '{"at": "', set() {}, remove() {} },
      { get: () => 7, set() {}, remove() {} },
    ]) {
      await callAll({ baseUrl: server.url, transport: 'bearer', storage }, 'storage');
    }
    const authd = createAuthProvider({ baseUrl: server.url, transport: 'bearer', storage: { get: () => null, set: later, remove: later } });
    await authd.login(john);
    assert.equal((await authd.check()).authenticated, true, 'what cannot be stored lives as long as the page');
  } finally {
    await server.close();
  }
});

test('refine v3: it rejects with a title and a text, or nothing, or a path', async () => {
  for (const [what, answer] of Object.entries(answers)) {
    const server = createServer((req, res) => void req.resume().on('end', () => answer(req, res))).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const authd = createLegacyAuthProvider({ baseUrl: `http://127.0.0.1:${server.address().port}` });
    for (const name of ['login', 'register', 'forgotPassword', 'updatePassword']) {
      await authd[name](john).catch((error) => assert.ok(isText(error.name) && isText(error.message), `${what}: ${name}`));
    }
    for (const name of ['checkAuth', 'checkError']) {
      await authd[name]({ status: 401 }).catch((reason) => assert.ok(isPath(reason), `${what}: ${name}`));
    }
    assert.ok(isPath(await authd.logout()), what);
    for (const name of ['getPermissions', 'getUserIdentity']) assert.notEqual(await authd[name](), undefined, what);
    server.closeAllConnections();
    server.close();
  }
});
