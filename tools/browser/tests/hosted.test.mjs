// The hosted pages, as somebody without a front end walks through them: in
// light, in dark, and on a phone where scripts are off.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { launch, screenshot, startDaemon, submit, withPage } from '../lib/index.mjs';

const looks = {
  light: { viewport: { width: 1280, height: 800 } },
  dark: { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, javaScriptEnabled: false },
};

const yaml = `
strategies:
  members: {type: local, label: Members, hash: {bcryptCost: 10}, roles: {default: [member]}}
methods:
  login:          {use: members}
  register:       {use: members, redirectTo: /login}
  forgotPassword: {use: members}
  updatePassword: {use: [session, members], redirectTo: /login}
pages: {title: Example}
`;

/** What a page must have, whatever it shows. */
async function sound(page, answer, name) {
  const policy = answer.headers()['content-security-policy'] ?? '';
  assert.match(policy, /default-src 'none'/, name);
  assert.doesNotMatch(policy, /unsafe/, name);
  assert.equal(await page.locator('h1').count(), 1, name);
  for (const input of await page.locator('input:not([type="hidden"])').all()) {
    const id = await input.getAttribute('id');
    assert.equal(await page.locator(`label[for="${id}"]`).count(), 1, `${name}: no label for ${id}`);
  }
  const wide = await page.locator('html').evaluate((html) => html.scrollWidth - html.clientWidth);
  assert.ok(wide <= 0, `${name} is ${wide} pixels too wide`);
}

describe('the hosted pages', () => {
  let daemon, browser, url;
  before(async () => {
    daemon = await startDaemon(yaml);
    url = `http://localhost:${daemon.port}`;
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await daemon?.close();
  });

  for (const [look, options] of Object.entries(looks)) {
    it(look, (t) =>
      withPage(
        browser,
        t,
        async (page) => {
          const user = { email: `${look}@example.com`, password: 'correct horse battery' };
          let last;
          page.on('response', (answer) => {
            if (answer.request().isNavigationRequest()) last = answer;
          });
          const keep = async (name) => {
            await sound(page, last, name);
            await screenshot(page, `hosted/${name}-${look}`);
          };
          const open = (path) => page.goto(url + path);

          await open('/');
          await page.waitForURL(`${url}/login*`);
          await keep('login');

          await open('/register');
          await keep('register');
          await submit(page, { email: user.email, password: 'short', confirmPassword: 'short' });
          await page.getByRole('alert').waitFor();
          assert.equal(await page.inputValue('#email'), user.email);
          await keep('register-refused');
          await submit(page, { ...user, confirmPassword: user.password });
          await keep('registered');

          await open('/login');
          await submit(page, { identifier: user.email, password: 'wrong' });
          await page.getByRole('alert').waitFor();
          assert.equal(last.status(), 400);
          assert.match(await page.title(), /^Error: /);
          assert.equal(await page.inputValue('#identifier'), user.email);
          assert.equal(await page.inputValue('#password'), '', 'a password in the page');
          await keep('login-refused');

          await open('/forgot-password');
          await keep('forgot');
          await submit(page, { identifier: user.email });
          await keep('forgot-sent');

          const { search } = await daemon.resetLink(user.email);
          await open(`/update-password${search}`);
          await keep('update');
          const changed = { password: 'another horse battery', confirmPassword: 'another horse battery' };
          await submit(page, changed);
          await keep('updated');

          await open('/login');
          await submit(page, { identifier: user.email, password: changed.password });
          await page.waitForURL(`${url}/`);
          await page.getByText(user.email).first().waitFor();
          await keep('signed-in');

          await page.getByRole('button', { name: 'Sign out', exact: true }).click();
          await open('/');
          await page.waitForURL(`${url}/login*`);
          assert.deepEqual(page.consoleErrors.filter((text) => !/status of 4\d\d/.test(text)), []);
        },
        options,
      ),
    );
  }
});
