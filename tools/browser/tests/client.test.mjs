// createFetch of the npm package, in tabs of a real browser: one refresh for
// any number of 401s, whatever becomes of its answer.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { newTab, setStage, signIn, sleep } from '../lib/index.mjs';

for (const transport of ['cookie', 'bearer']) {
  describe(`createFetch, ${transport}`, () => {
    let stage, jo;

    before(async () => {
      stage = await setStage({ dir: 'examples/refine', meta: { 'authd-transport': transport } });
      jo = await stage.add('jo@example.com', 'correct horse battery', 'Jo Doe');
    });
    after(() => stage?.close());

    const check = (what, body) =>
      it(what, (t) =>
        stage.show(t, async (page) => {
          await signIn(stage, page, jo);
          await page.getByTestId('post').nth(3).waitFor();
          await body(page);
        }),
      );

    /**
     * The statuses of that many requests at once; 0 is an error. Each has an
     * address of its own, because Chromium asks for one address once at a time.
     */
    const posts = (page, times) =>
      page.evaluate(
        async ([times, transport]) => {
          const { createFetch } = await import('/auth/client.js');
          const call = createFetch({ transport });
          return Promise.all(Array.from({ length: times }, () => call(`/api/posts?${crypto.randomUUID()}`).then((r) => r.status, () => 0)));
        },
        [times, transport],
      );

    const expire = (times, delay) => stage.app.fault({ path: '/api/posts', kind: 'status', status: 401, times, delay });
    const refreshes = () => stage.app.count('/auth/refresh', 'POST');
    const ten = (status) => Array(10).fill(status);

    check('refreshes once for one 401, and for ten', async (page) => {
      for (const times of [1, 10]) {
        stage.app.forget();
        const expired = expire(times);
        assert.deepEqual(await posts(page, times), Array(times).fill(200));
        assert.equal(expired.hits, times);
        assert.equal(refreshes(), 1);
        assert.equal(stage.app.count('/api/posts'), 2 * times);
      }
    });

    check('refreshes for two tabs without harm', async (page) => {
      const tab = await newTab(page.context());
      await tab.goto(`${stage.app.origin}/posts`);
      await tab.getByTestId('post').nth(3).waitFor();
      for (const one of [page, tab]) await one.evaluate(() => import('/auth/client.js'));
      stage.app.forget();
      expire(6, 500); // as many as a browser sends at once; all are on their way before one fails
      const three = [200, 200, 200];
      assert.deepEqual(await Promise.all([posts(page, 3), posts(tab, 3)]), [three, three]);
      // Chromium may show a tab's localStorage to another tab late, so that the
      // second one asks again; authd answers both.
      assert.equal(refreshes(), 1);
      assert.deepEqual(await posts(tab, 1), [200]);
    });

    check('survives a refresh whose answer was lost', async (page) => {
      stage.app.forget();
      expire(10);
      const lost = stage.app.fault({ path: '/auth/refresh', kind: 'lost', times: 1 });
      await posts(page, 10);
      assert.equal(lost.hits, 1);
      stage.app.heal();
      expire(10);
      assert.deepEqual(await posts(page, 10), ten(200));
      await page.again();
      await page.getByTestId('identity').filter({ hasText: jo.name }).waitFor();
    });

    check('tries a dead session once, and repeats nothing', async (page) => {
      await stage.daemon.cli(['session', 'revoke', '--user', jo.email]);
      await sleep(1100); // a running daemon notices within a second
      stage.app.forget();
      const expired = expire(Infinity);
      assert.deepEqual(await posts(page, 10), ten(401));
      assert.equal(refreshes(), 1);
      assert.equal(expired.hits, 10);
      expired.off();
    });

    check('gives its token to nobody else', async (page) => {
      const seen = [];
      await page.route('http://elsewhere.example.test/**', (route) => {
        seen.push(route.request().headers());
        return route.fulfill({ status: 401, headers: { 'access-control-allow-origin': '*' }, body: '{}' });
      });
      const status = await page.evaluate(async (transport) => {
        const { createFetch } = await import('/auth/client.js');
        return (await createFetch({ transport })('http://elsewhere.example.test/posts')).status;
      }, transport);
      assert.equal(status, 401);
      assert.equal(seen.length, 1);
      assert.equal(seen[0].authorization, undefined);
      assert.equal(seen[0].cookie, undefined);
    });
  });
}
