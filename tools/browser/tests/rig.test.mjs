// The rig itself: a fault that does nothing would let every other test pass.
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { artifacts, launch, startApp, startDaemon, until, withPage } from '../lib/index.mjs';

const yaml = `
strategies:
  demo: {type: mock}
methods:
  login: {use: demo}
`;

describe('the rig', () => {
  let daemon, app, browser;

  before(async () => {
    daemon = await startDaemon(yaml);
    app = await startApp({ pages: { '/': '<h1>hello</h1>' }, proxy: { '/auth': daemon.url } });
    browser = await launch();
  });

  after(async () => {
    await browser?.close();
    await app?.close();
    await daemon?.close();
  });

  const login = () =>
    fetch(`${app.origin}/auth/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ email: 'john@mail.com', password: 'demo' }),
    });

  it('signs in through the proxy, in the browser', (t) =>
    withPage(browser, t, async (page) => {
      await page.goto(app.origin);
      const before = app.count('/auth/login');
      const status = await page.evaluate(async () => {
        const body = JSON.stringify({ email: 'john@mail.com', password: 'demo' });
        await fetch('/auth/login', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
        return (await fetch('/auth/check')).status;
      });
      assert.equal(status, 200);
      assert.equal(app.count('/auth/login'), before + 1);
    }));

  it('loses an answer after the daemon has done its work', async () => {
    const before = daemon.audited('login').length;
    const fault = app.fault({ path: '/auth/login', kind: 'lost', times: 1 });
    await assert.rejects(login());
    assert.equal(fault.hits, 1);
    await until('the login in the log', () => daemon.audited('login').length === before + 1);
    assert.equal((await login()).status, 200);
  });

  it('refuses, delays and answers on demand', async () => {
    app.fault({ path: '/auth/login', kind: 'refused', times: 1 });
    await assert.rejects(login());
    app.fault({ path: '/auth/login', kind: 'status', status: 403, times: 1 });
    assert.equal((await login()).status, 403);
    app.fault({ path: '/auth/login', kind: 'late', delay: 300, times: 1 });
    const start = Date.now();
    assert.equal((await login()).status, 200);
    assert.ok(Date.now() - start >= 300);
  });

  it('fails a test whose page throws', async (t) => {
    const throws = withPage(browser, { name: 'expected' }, async (page) => {
      await page.goto(app.origin);
      await page.evaluate(() => new Promise((done) => setTimeout(() => (done(), null.nothing))));
      await page.evaluate(() => 1);
    });
    await assert.rejects(throws, /uncaught in the page/);
    await rm(join(artifacts, 'failed/expected.png')); // the picture that a failure leaves
  });
});
