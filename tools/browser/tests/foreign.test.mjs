// A page of an origin that is not on the list can neither read nor change
// anything, whether the browser calls it the same site (another port of
// localhost, which gets the cookies) or another one.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { launch, startApp, startDaemon, withPage, yaml } from '../lib/index.mjs';

const jo = { email: 'jo@example.com', password: 'correct horse battery' };

// The ways in which a page can send something elsewhere.
const attacks = {
  'fetch with credentials': (url, method) =>
    fetch(url, { method, credentials: 'include' }).then((r) => r.text(), String),
  'fetch of JSON': (url, method) =>
    fetch(url, { method, credentials: 'include', headers: { 'Content-Type': 'application/json' }, body: method === 'GET' ? undefined : '{"password": "stolen stolen", "confirmPassword": "stolen stolen"}' }).then((r) => r.text(), String),
  'fetch with authd\'s own header': (url, method) =>
    fetch(url, { method, credentials: 'include', headers: { 'Authd-Transport': 'bearer' } }).then((r) => r.text(), String),
  'a request that looks simple': (url, method) =>
    fetch(url, { method: method === 'GET' ? 'GET' : 'POST', mode: 'no-cors', credentials: 'include', headers: { 'Content-Type': 'text/plain' }, body: method === 'GET' ? undefined : '{"password": "stolen stolen"}' }).then((r) => `${r.type}:${r.status}`, String),
  'an image': (url) =>
    new Promise((done) => {
      const image = new Image();
      image.onload = () => done('loaded');
      image.onerror = () => done('error');
      image.src = url;
    }),
  'a beacon': async (url) => {
    navigator.sendBeacon(url, new URLSearchParams({ password: 'stolen stolen', confirmPassword: 'stolen stolen' }));
    await new Promise((done) => setTimeout(done, 100));
    return 'sent';
  },
};

const targets = [
  ['GET', '/auth/check'], ['GET', '/auth/identity'], ['GET', '/auth/permissions'], ['GET', '/auth/sessions'],
  ['POST', '/auth/logout'], ['POST', '/auth/refresh'], ['POST', '/refresh'], ['POST', '/auth/token/refresh'],
  ['POST', '/auth/on-error'], ['POST', '/auth/update-password'], ['POST', '/auth/login'], ['POST', '/auth/register'],
  ['DELETE', '/auth/sessions'], ['POST', '/logout'], ['POST', '/sessions'], ['POST', '/update-password'], ['GET', '/login'],
];

// The forms of the hosted pages, which take what a browser sends by itself.
const hosted = ['/login', '/logout', '/register', '/forgot-password', '/update-password', '/sessions'];

describe('a foreign origin', () => {
  let house, evil, daemon, browser;

  before(async () => {
    house = await startApp({ pages: { '/home': '<h1>home</h1>' } });
    evil = await startApp({ pages: { '/': '<h1>evil</h1>' } });
    daemon = await startDaemon(yaml(house.origin, { allowed: ['https://app.example.com'] }));
    house.proxy = Object.fromEntries(['/auth', '/refresh', ...hosted].map((path) => [path, daemon.url]));
    await daemon.cli(['user', 'add', jo.email], `${jo.password}\n`);
    browser = await launch();
  });

  after(async () => {
    await browser?.close();
    await house?.close();
    await evil?.close();
    await daemon?.close();
  });

  const signIn = (page) =>
    page.evaluate(async (user) => {
      const answer = await fetch('/auth/login', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Authd-Transport': 'cookie' },
        body: JSON.stringify(user),
      });
      return answer.status;
    }, jo);

  const identity = (page) => page.evaluate(() => fetch('/auth/identity').then((r) => r.json()));
  const jar = async (page) => (await page.context().cookies(house.origin)).map((c) => `${c.name}=${c.value}`).sort();

  // What belongs to nobody but jo, in whatever form an attacker may have it.
  const secret = /jo@example|authenticated|"id"|member|eyJ/;

  for (const [site, origin] of [
    ['another port of localhost', () => evil.origin],
    ['the IP address', () => evil.as('127.0.0.1')],
    ['another site', () => evil.as('evil.example.test')],
  ]) {
    it(`${site} can neither read nor change anything`, (t) =>
      withPage(browser, t, async (page) => {
        await page.goto(`${house.origin}/home`);
        assert.equal(await signIn(page), 200);
        const cookies = await jar(page);
        assert.equal(cookies.length, 2);
        const sessions = await daemon.cli(['session', 'list', jo.email]);

        await page.goto(origin());
        house.forget();
        for (const [how, attack] of Object.entries(attacks)) {
          for (const [method, path] of targets) {
            const got = await page.evaluate(`(${attack})(${JSON.stringify(house.origin + path)}, ${JSON.stringify(method)})`);
            assert.doesNotMatch(String(got), secret, `${how} read ${method} ${path}`);
          }
        }
        assert.ok(house.count('/auth/logout') > 3, 'the attacks never arrived');

        for (const path of ['/auth/logout', '/auth/refresh', '/auth/update-password', '/auth/login', ...hosted]) {
          await page.goto(origin());
          await page.evaluate((action) => {
            const form = Object.assign(document.createElement('form'), { method: 'post', action });
            form.innerHTML = '<input name="password" value="stolen stolen"><input name="email" value="john@mail.com">';
            document.body.append(form);
            form.submit();
          }, house.origin + path);
          await page.waitForURL(house.origin + path);
          assert.equal(house.requests(path, 'POST').at(-1).status, 403, path);
        }

        await page.goto(origin());
        await page.setContent(`<iframe src="${house.origin}/home"></iframe>`); // which does not mind
        assert.match(await page.frames()[1].content(), /<h1>home/);
        for (const path of ['/login', '/register']) {
          await page.setContent(`<iframe src="${house.origin}${path}"></iframe>`);
          for (const frame of page.frames().slice(1)) assert.doesNotMatch(await frame.content(), /<form/, `${path} is in a frame`);
          const [framed] = house.requests(path, 'GET').slice(-1);
          assert.equal(framed.headers['sec-fetch-dest'], 'iframe');
        }

        assert.deepEqual(await jar(page), cookies, 'the cookies changed');
        await page.goto(`${house.origin}/home`);
        assert.equal((await identity(page)).email, jo.email);
        assert.equal(ids(await daemon.cli(['session', 'list', jo.email])), ids(sessions));
        assert.equal(await signIn(page), 200, 'the password changed');
      }));
  }

  it('is what the attacks fail by: from a page of the house they work', (t) =>
    withPage(browser, t, async (page) => {
      await page.goto(`${house.origin}/home`);
      assert.equal(await signIn(page), 200);
      const read = await page.evaluate(`(${attacks['fetch with credentials']})(${JSON.stringify(`${house.origin}/auth/identity`)}, 'GET')`);
      assert.match(read, secret);
      const before = await jar(page);
      await page.evaluate(`(${attacks['fetch with credentials']})(${JSON.stringify(`${house.origin}/auth/refresh`)}, 'POST')`);
      assert.notDeepEqual(await jar(page), before);
      await page.evaluate((action) => {
        const form = Object.assign(document.createElement('form'), { method: 'post', action });
        document.body.append(form);
        form.submit();
      }, `${house.origin}/auth/logout`);
      await page.waitForURL(`${house.origin}/auth/logout`);
      assert.deepEqual(await jar(page), []);
    }));
});

/** The ids of a list of sessions: the other columns tell when. */
const ids = (list) => list.trim().split('\n').slice(1).map((line) => line.split(/\s+/)[0]).sort().join(' ');
