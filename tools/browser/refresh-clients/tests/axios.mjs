// The clients that refresh on a 401. Access tokens live five minutes.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Scene, get, login } from './scene.mjs';

const clients = {
  'tutorial-5': 'axios-auth-refresh 5.0.2, the tutorial',
  'tutorial-3': 'axios-auth-refresh 3.3.6, the tutorial',
  vuexy: 'the interceptor of Vuexy',
  'attached-cookie': 'attachAxios, cookie',
  'attached-bearer': 'attachAxios, bearer',
};

/** Runs the suite over each client; options are the scene's. */
export function suite(options) {
  for (const [client, name] of Object.entries(clients)) about(client, options.elsewhere ? `${name}, authd at another origin` : name, options);
}

function about(client, name, options) {
  describe(name, () => {
    let scene;
    before(async () => (scene = await Scene.of(client, options)));
    after(() => scene?.close());
    const check = (what, body) => it(what, (t) => scene.show(t, body));
    const ten = Array(10).fill(200);

    check('one 401', async (page) => {
      await login(page);
      await scene.wait(6, page);
      assert.deepEqual(await get(page), [200]);
      assert.equal(scene.refreshes(), 1);
      assert.deepEqual(await get(page), [200]);
      assert.equal(scene.refreshes(), 1);
    });

    check('ten 401s at once', async (page) => {
      await login(page);
      await scene.wait(6, page);
      const statuses = await get(page, 10);
      if (client === 'tutorial-5') {
        // Requests whose 401 arrives while the refresh runs are rejected by this version itself.
        assert.ok(statuses.includes(200), `${statuses}`);
        assert.ok(statuses.every((s) => s === 200 || s === 401), `${statuses}`);
      } else {
        assert.deepEqual(statuses, ten);
      }
      assert.deepEqual(await get(page, 10), ten, 'the session lives on');
      await scene.wait(6, page);
      await get(page, 10);
      assert.deepEqual(await get(page, 10), ten, 'and survives the next time');
    });

    check('a refresh whose answer is lost', async (page) => {
      await login(page);
      await scene.wait(6, page);
      scene.app.fault({ path: /refresh/, method: 'POST', kind: 'lost', times: 1 });
      await get(page).catch(() => {});
      assert.deepEqual(await get(page), [200]);
      await scene.wait(6, page);
      assert.deepEqual(await get(page), [200]);
    });

    check('a late answer that puts an older token back', async (page) => {
      await login(page);
      await scene.wait(6, page);
      scene.app.fault({ path: /refresh/, method: 'POST', kind: 'late', times: 1, delay: 700 });
      await get(page, 5);
      for (let i = 0; i < 3; i++) {
        await scene.wait(6, page);
        await get(page, 5);
        assert.deepEqual(await get(page, 5), ten.slice(5), 'the session lives on');
      }
    });

    check('two tabs', async (page) => {
      await login(page);
      const tab = await scene.tab(page);
      for (let i = 0; i < 3; i++) {
        await scene.wait(6, page);
        await Promise.all([get(page, 3), get(tab, 3)]);
        assert.deepEqual(await Promise.all([get(page, 3), get(tab, 3)]), [ten.slice(7), ten.slice(7)]);
      }
    });

    check('an hour', async (page) => {
      await login(page);
      for (let minute = 0; minute < 60; minute += 6) {
        await scene.wait(6, page);
        assert.deepEqual(await get(page), [200], `after ${minute + 6} minutes`);
      }
      assert.equal(scene.refreshes(), 10);
    });

    check('a dead refresh token stops it, without a loop', async (page) => {
      const me = await login(page);
      await scene.revoke(me);
      await scene.wait(6, page);
      // Ours tells the request's own answer, the others tell that of the refresh.
      assert.deepEqual(await get(page), [client.startsWith('attached') ? 401 : 400]);
      assert.equal(scene.refreshes(), 1);
      const parallel = await get(page, 5);
      assert.ok(parallel.every((s) => s === 400 || s === 401), `${parallel}`);
      await scene.quiet();
      assert.ok(scene.refreshes() <= 6, `${scene.refreshes()} refreshes`);
    });

    check('a wrong password is told as such', async (page) => {
      const { error } = await login(page, ['john@mail.com', 'wrong']);
      assert.match(error, /does not match any account/);
      assert.equal(scene.refreshes(), 0);
      await login(page);
      const again = await login(page, ['john@mail.com', 'wrong']);
      assert.match(again.error, /does not match any account/);
      assert.equal(scene.refreshes(), 0, 'nor with a good refresh token');
    });
  });
}
