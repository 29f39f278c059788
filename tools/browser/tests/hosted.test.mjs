// The hosted pages, as somebody without a front end walks through them: in
// light, in dark, and on a phone where scripts are off.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { launch, screenshot, startDaemon, submit, withPage } from '../lib/index.mjs';
import { looks, sound, walk } from './hosted.mjs';

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

// What nobody thinks of: words that have no end, a small window or a large zoom
// (320 pixels are a window of 1280 at 400 %), and colours of the reader's own.
const narrow = {
  'at 200 %': { viewport: { width: 640, height: 450 }, deviceScaleFactor: 2 },
  'at 400 %': { viewport: { width: 320, height: 225 }, deviceScaleFactor: 4 },
  'in colours of the reader': { viewport: { width: 1280, height: 800 }, forcedColors: 'active' },
};
const label = 'Landesverwaltungsinformationssysteme und angrenzende Geschäftsbereiche (Single Sign-On)';
const crowded = `
strategies:
  members: {type: local, hash: {bcryptCost: 10}, roles: {default: [administrators-of-everything, members-of-the-newsroom]}}
  corp: {type: oidc, label: "${label}", issuer: "https://127.0.0.1:9/op", clientID: authd, clientSecret: not-a-real-one}
  other: {type: oidc, label: ${'X'.repeat(60)}, issuer: "https://127.0.0.1:9/other", clientID: authd, clientSecret: not-a-real-one}
methods:
  login:          {use: [members, corp, other]}
  register:       {use: members, redirectTo: /login}
  forgotPassword: {use: members}
  updatePassword: {use: [session, members], redirectTo: /login}
pages: {title: ${'Bundesanstalt '.repeat(5)}, accent: "#facc15"}
`;

describe('the hosted pages, crowded', () => {
  let daemon, browser, url;
  const jo = { email: `${'jo-with-a-name-that-has-no-end'.repeat(2)}@${'department'.repeat(5)}.example.com`, password: 'correct horse battery' };
  const agents = ['Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/605.1', 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Firefox/145.0', 'x'.repeat(200)];
  before(async () => {
    daemon = await startDaemon(crowded, { ready: '/healthz' });
    url = `http://localhost:${daemon.port}`;
    await daemon.cli(['user', 'add', '--strategy', 'members', '--name', 'Wolfeschlegelsteinhausenbergerdorff'.repeat(2), jo.email], `${jo.password}\n`);
    for (const agent of agents) {
      const answer = await fetch(`${url}/auth/login`, { method: 'POST', headers: { 'content-type': 'application/json', 'user-agent': agent }, body: JSON.stringify(jo) });
      assert.equal(answer.status, 200);
    }
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await daemon?.close();
  });

  for (const [look, options] of Object.entries(narrow)) {
    it(look, (t) =>
      withPage(
        browser,
        t,
        async (page) => {
          const keep = async (name, path) => {
            const answer = path && (await page.goto(url + path));
            if (answer) await sound(page, answer, name);
            await screenshot(page, `hosted/${name}-${look.replace(/\W+/g, '')}`);
          };
          await keep('crowded-login', '/login');
          assert.equal(await page.locator(':focus').getAttribute('id'), 'identifier');
          const stops = await walk(page, 'login');
          assert.deepEqual(stops.slice(0, 3), ['password', 'remember', 'Sign in']);
          assert.equal(stops.length, 7, stops.join(' | '));
          await keep('crowded-register', '/register');
          await page.goto(`${url}/login`);
          await submit(page, { identifier: jo.email, password: 'wrong' });
          await page.getByRole('alert').waitFor();
          assert.equal(await page.locator(':focus').getAttribute('aria-describedby'), 'failure');
          await keep('crowded-refused');
          await submit(page, { identifier: jo.email, password: jo.password });
          await page.waitForURL(`${url}/`);
          await keep('crowded-signed-in', '/');
          const ends = await page.getByRole('button', { name: /^End the session on / }).count();
          assert.ok(ends >= agents.length, `${ends} sessions to end`);
          await walk(page, 'signed in');
        },
        options,
      ),
    );
  }
});
