// The page without a build step: it takes its module from the daemon, which
// is at another origin.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { jane, launch, notifications, root, startApp, startDaemon, submit, until, withPage, yaml } from '../lib/index.mjs';

describe('examples/html', () => {
  let app, daemon, gate, browser;

  before(async () => {
    app = await startApp({ dir: join(root, 'examples/html') });
    gate = await startApp();
    daemon = await startDaemon(yaml(gate.origin, { allowed: [app.origin], more: 'session: {accessTTL: 10s, idleTTL: 1h}\n' }));
    gate.proxy = { '/auth': daemon.url };
    app.meta = { 'authd-url': `${gate.origin}/auth` };
    browser = await launch();
  });

  after(async () => {
    await browser?.close();
    await app?.close();
    await gate?.close();
    await daemon?.close();
  });

  const identity = (page) => page.getByTestId('identity').filter({ hasText: jane.name }).waitFor();

  it('refuses, signs in, keeps the session, and signs out', (t) =>
    withPage(browser, t, async (page) => {
      await page.goto(app.origin);
      await submit(page, { email: jane.email, password: 'wrong' });
      await page.getByTestId('notification').waitFor();
      assert.deepEqual((await notifications(page))[0].title, 'Login failed');
      assert.equal(await page.inputValue('input[name="email"]'), jane.email);

      await submit(page, { email: jane.email, password: jane.password });
      await identity(page);
      assert.equal(await page.getByTestId('permissions').textContent(), 'editor');
      await until('the list of sessions', async () => (await page.getByTestId('sessions').textContent()) === '1');
      await page.reload();
      await identity(page);

      await page.getByTestId('logout').click();
      await page.locator('form').waitFor();
      assert.deepEqual(await page.context().cookies(), []);
    }));

  it('refreshes once when the access token is gone', (t) =>
    withPage(browser, t, async (page) => {
      await page.goto(app.origin);
      await submit(page, { email: jane.email, password: jane.password });
      await identity(page);
      await page.context().clearCookies({ name: 'authd-access' });
      gate.forget();
      await page.reload();
      await identity(page);
      await until('the list of sessions', async () => (await page.getByTestId('sessions').textContent()) !== '');
      assert.equal(gate.count('/auth/refresh', 'POST'), 1);
    }));
});
