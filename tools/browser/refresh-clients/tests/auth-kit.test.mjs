// react-auth-kit refreshes by a timer, every four minutes here, and never stores
// a new refresh token, as its guide shows it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Scene, get, login } from './scene.mjs';

const clients = { 'auth-kit-2': 'react-auth-kit 2.12.2', 'auth-kit-3': 'react-auth-kit 3.1.3', 'auth-kit-4': 'react-auth-kit 4.0.2-alpha.11' };
const signedIn = (page) => page.evaluate(() => window.client.signedIn());
const ten = Array(10).fill(200);

const all = Object.entries(clients).map(([client, name]) => [client, name, {}]);
all.push(['auth-kit-3', `${clients['auth-kit-3']}, authd at another origin`, { elsewhere: true }]);

for (const [client, name, options] of all) {
  describe(name, () => {
    let scene;
    before(async () => (scene = await Scene.of(client, options)));
    after(() => scene?.close());
    const check = (what, body) => it(what, (t) => scene.show(t, body));

    check('an hour', async (page) => {
      await login(page);
      assert.equal(await signedIn(page), true);
      for (let minute = 4; minute <= 60; minute += 4) {
        await scene.wait(4, page);
        assert.deepEqual(await get(page, 10), ten, `after ${minute} minutes`);
      }
      assert.ok(scene.refreshes() >= 14, `${scene.refreshes()} refreshes`);
      assert.equal(await signedIn(page), true);
    });

    check('a refresh whose answer is lost', async (page) => {
      await login(page);
      scene.app.fault({ path: '/refresh', method: 'POST', kind: 'lost', times: 1 });
      await scene.wait(4, page);
      // Version 2 goes on. The others sign out by themselves, whatever the reason, unless
      // the browser repeats the request, and then authd has the same answer again.
      if (client === 'auth-kit-2') assert.equal(await signedIn(page), true);
      if (!(await signedIn(page))) await login(page);
      await scene.wait(4, page);
      assert.deepEqual(await get(page), [200]);
      assert.equal(await signedIn(page), true);
    });

    check('two tabs', async (page) => {
      await login(page);
      const tab = await scene.tab(page);
      for (let i = 0; i < 4; i++) {
        await scene.wait(4, page);
        assert.deepEqual(await Promise.all([get(page, 3), get(tab, 3)]), [ten.slice(7), ten.slice(7)]);
      }
      assert.deepEqual([await signedIn(page), await signedIn(tab)], [true, true]);
    });

    check('a reload keeps the session', async (page) => {
      await login(page);
      await scene.wait(4, page);
      await page.reload();
      await page.waitForFunction(() => window.ready);
      assert.equal(await signedIn(page), true);
      await scene.wait(4, page);
      assert.deepEqual(await get(page), [200]);
    });

    check('a dead refresh token stops it, without a loop', async (page) => {
      const me = await login(page);
      await scene.revoke(me);
      await scene.wait(4, page);
      assert.equal(await signedIn(page), client === 'auth-kit-2', 'version 2 does not sign out');
      for (let i = 0; i < 3; i++) await scene.wait(4, page);
      assert.ok(scene.refreshes() <= 5, `${scene.refreshes()} refreshes`);
      assert.ok(scene.app.requests('/refresh', 'POST').every((r) => r.status === 400), 'each is refused with 400');
    });

    check('a wrong password is told as such', async (page) => {
      const { error } = await login(page, ['john@mail.com', 'wrong']);
      assert.match(error, /does not match any account/);
      assert.equal(scene.refreshes(), 0);
    });
  });
}
