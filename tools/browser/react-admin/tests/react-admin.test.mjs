// react-admin's core as it is published, with createReactAdminProvider.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { john, setStage, sleep, submit } from '../../lib/index.mjs';

const hash = (page) => new URL(page.url()).hash;
const onLogin = (page) => page.waitForURL((url) => url.hash.startsWith('#/login'));
const onPosts = (page) => page.getByTestId('post').nth(3).waitFor();

for (const transport of ['cookie', 'bearer']) {
  describe(`react-admin, ${transport}`, () => {
    let stage, jo;
    before(async () => {
      stage = await setStage({ dir: 'tools/browser/react-admin', meta: { 'authd-transport': transport } });
      jo = await stage.add('jo@example.com', 'correct horse battery', 'Jo Doe');
    });
    after(() => stage?.close());

    const check = (what, body) => it(what, (t) => stage.show(t, body));
    const count = (path) => stage.app.count(path, 'POST');
    const signIn = async (page, user) => {
      await page.visit('/#/posts');
      await onLogin(page);
      await submit(page, { username: user.email, password: user.password });
      await onPosts(page);
    };

    check('a guarded page leads to the login page, and says nothing', async (page) => {
      await page.visit('/#/posts');
      await onLogin(page);
      await page.locator('form').waitFor();
      await sleep(300);
      assert.equal(await page.getByTestId('notification').count(), 0);
    });

    check('a wrong password is told, and the form keeps what was typed', async (page) => {
      await page.visit('/#/posts');
      await onLogin(page);
      await submit(page, { username: john.email, password: 'wrong' });
      await page.getByTestId('notification').filter({ hasText: 'does not match any account' }).waitFor();
      assert.equal(await page.inputValue('input[name="username"]'), john.email);
      assert.equal(count('/auth/refresh'), transport === 'cookie' ? 1 : 0, 'but for a page that knows nothing nobody refreshes');
      await submit(page, { username: john.email, password: john.password });
      await onPosts(page);
      await page.getByTestId('identity').filter({ hasText: john.name }).waitFor();
      await page.getByTestId('permissions').filter({ hasText: 'admin' }).waitFor();
    });

    check('a reload keeps the session', async (page) => {
      await signIn(page, john);
      await page.again();
      await onPosts(page);
      await page.getByTestId('identity').filter({ hasText: john.name }).waitFor();
    });

    check('401 with a live session refreshes and stays; 403 stays', async (page) => {
      await signIn(page, john);
      stage.app.forget();
      await page.getByTestId('demand-401-1').click();
      await sleep(700);
      assert.ok(count('/auth/refresh') > 0);
      await page.getByTestId('demand-403-1').click();
      await sleep(500);
      assert.equal(count('/auth/logout'), 0);
      assert.equal(hash(page), '#/posts');
      assert.equal(await page.getByTestId('identity').textContent(), john.name);
    });

    check('ten 401s with a dead session log out once', async (page) => {
      await signIn(page, jo);
      await stage.daemon.cli(['session', 'revoke', '--user', jo.email]);
      await sleep(1100); // a running daemon notices within a second
      stage.app.forget();
      await page.getByTestId('demand-401-10').click();
      await onLogin(page);
      await sleep(700);
      assert.ok(count('/auth/logout') <= 1, `${count('/auth/logout')} logouts`);
      // The fetch and the provider each ask once at most.
      assert.ok(count('/auth/refresh') <= 2, `${count('/auth/refresh')} refreshes`);
      await submit(page, { username: jo.email, password: jo.password });
      await page.getByTestId('identity').filter({ hasText: jo.name }).waitFor();
    });

    check('logout leaves nothing behind', async (page) => {
      await signIn(page, john);
      stage.app.forget(); // react-admin logs out whoever it sends to the login page
      await page.getByTestId('logout').click();
      await onLogin(page);
      assert.equal(count('/auth/logout'), 1);
      assert.deepEqual((await page.context().cookies()).filter((c) => c.name.includes('authd-')), []);
      assert.doesNotMatch(await page.evaluate(() => JSON.stringify({ ...localStorage })), /eyJ/);
      await page.visit('/#/posts');
      await onLogin(page);
    });

    check('an outage signs nobody out', async (page) => {
      await signIn(page, john);
      const fault = stage.app.fault({ path: /^\/auth\//, kind: 'status', status: 503, body: { message: 'down' } });
      await page.getByTestId('demand-401-1').click();
      await sleep(500);
      await page.again();
      await onPosts(page);
      assert.ok(fault.hits > 0);
      stage.app.heal();
      await page.again();
      await onPosts(page);
    });
  });
}
