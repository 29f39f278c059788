// Pictures of the refine example, to be looked at, and what can be measured of
// them: nothing sticks out of a phone, in light and in dark.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { jane, john, screenshot, setStage, signIn, submit } from '../lib/index.mjs';

const looks = {
  light: { viewport: { width: 1280, height: 800 } },
  dark: { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 },
  // A window of 1280 pixels at 400 %.
  zoomed: { viewport: { width: 320, height: 256 }, deviceScaleFactor: 2 },
};

describe('pictures of the refine example', () => {
  let stage;
  before(async () => (stage = await setStage({ dir: 'examples/refine' })));
  after(() => stage?.close());

  for (const [look, options] of Object.entries(looks)) {
    it(look, (t) =>
      stage.show(
        t,
        async (page) => {
          const keep = async (name) => {
            await screenshot(page, `refine/${name}-${look}`);
            const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
            assert.ok(over <= 0, `${name} is ${over} pixels too wide`);
          };
          for (const name of ['login', 'register', 'forgot-password', 'update-password']) {
            await page.visit(`/${name}`);
            await page.locator('form').waitFor();
            await keep(name);
          }
          const config = await (await fetch(`${stage.app.origin}/auth/config`)).json();
          const others = ['Google', 'Landesverwaltungsinformationssysteme und angrenzende Bereiche', 'X'.repeat(50)].map((label, i) => ({ name: `other${i}`, label, redirect: true }));
          const offered = stage.app.fault({ path: '/auth/config', kind: 'status', status: 200, body: { ...config, providers: [...config.providers, ...others] } });
          await page.visit('/login?error=forbidden');
          await page.getByTestId('provider-other2').waitFor();
          await page.getByTestId('login-failure').waitFor();
          await keep('login-elsewhere-failed');
          offered.off();

          await page.visit('/login');
          await submit(page, { email: john.email, password: 'wrong' });
          await page.getByTestId('notification').waitFor();
          await keep('login-refused');

          await signIn(stage, page, john);
          await page.getByTestId('post').nth(3).waitFor();
          await keep('posts');
          const none = stage.app.fault({ path: '/api/posts', kind: 'status', status: 200, body: { data: [], total: 0 } });
          await page.again();
          await page.getByText('There are no posts yet.').waitFor();
          await keep('posts-none');
          none.off();
          await page.again();
          await page.getByTestId('post').nth(3).waitFor();
          await page.getByTestId('demand-403').click();
          await page.getByTestId('notification').waitFor();
          await keep('posts-403');
          await page.visit('/report');
          await page.getByText('1,204').waitFor();
          await keep('report');
          await page.getByTestId('logout').click();
          await page.locator('form').waitFor();
          await signIn(stage, page, jane);
          await page.visit('/report');
          await page.getByTestId('forbidden').waitFor();
          await keep('forbidden');
        },
        options,
      ),
    );
  }
});
