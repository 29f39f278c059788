// What every refine example must do, whatever its version: "Must show" of the
// provider, as a user sees it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { john, jane, notifications, oneNotification, setStage, signIn, sleep, startApp, submit, until } from '../lib/index.mjs';

const path = (page) => new URL(page.url()).pathname;
const param = (page, name) => new URL(page.url()).searchParams.get(name);
const onLogin = (page) => page.waitForURL((url) => url.pathname === '/login');
const onPosts = (page) => page.getByTestId('post').nth(3).waitFor();

/**
 * Runs the suite over one example. legacy says that it has the provider of v3,
 * whose methods reject by contract and which shows no success; keepsLoginError
 * that a good login does not close the notification of a bad one, as v3 with a
 * page to go back to.
 */
export function suite(name, options) {
  describe(name, () => {
    const bearer = options.meta?.['authd-transport'] === 'bearer';
    let stage, jo;

    before(async () => {
      stage = await setStage(options);
      jo = await stage.add('jo@example.com', 'correct horse battery', 'Jo Doe');
    });
    after(() => stage?.close());

    // Every test but those of v3's shape also shows that no method rejects,
    // and that none resolves undefined.
    const check = (what, body) =>
      it(what, (t) =>
        stage.show(t, async (page) => {
          await body(page);
          const calls = await page.calls();
          assert.notEqual(calls.length, 0, 'the provider was never called');
          if (options.legacy) return;
          const bad = calls.filter((c) => c.state === 'rejected' || (c.state === 'resolved' && c.result === undefined));
          assert.deepEqual(bad, []);
        }),
      );

    const refreshes = () => stage.backend.count(/^\/auth\/(refresh|on-error)$/, 'POST');
    const logouts = () => stage.backend.count('/auth/logout', 'POST');

    check('a guarded page without a session leads to the login page, which remembers it', async (page) => {
      await page.visit('/posts?tag=a');
      await onLogin(page);
      assert.equal(param(page, 'to'), '/posts?tag=a');
      await page.locator('form').waitFor();
      assert.deepEqual(await notifications(page), []);
    });

    check('a wrong password is one notification and an intact form; the right one leads back', async (page) => {
      await page.visit('/posts?tag=a');
      await page.locator('form').waitFor();
      stage.backend.forget();
      await submit(page, { email: john.email, password: 'wrong' });
      const { title, text } = await oneNotification(page);
      assert.equal(title, 'Login failed');
      assert.equal(text, 'The email or password does not match any account.');
      assert.equal(await page.inputValue('input[name="email"]'), john.email);
      assert.equal(await page.inputValue('input[name="password"]'), 'wrong');
      assert.equal(refreshes(), 0, 'a wrong password is not a reason to refresh');

      await submit(page, { email: john.email, password: john.password });
      await onPosts(page);
      assert.equal(path(page), '/posts');
      assert.equal(param(page, 'tag'), 'a');
      if (!options.keepsLoginError) assert.deepEqual(await notifications(page), []);
    });

    check('a reload keeps the session and never shows the login page', async (page) => {
      await signIn(stage, page, john);
      const seen = [];
      page.on('framenavigated', (frame) => seen.push(new URL(frame.url()).pathname));
      await page.again();
      await onPosts(page);
      await page.getByTestId('identity').filter({ hasText: john.name }).waitFor();
      assert.ok(!seen.includes('/login'), seen.join(' '));
    });

    check('identity and permissions decide what is shown', async (page) => {
      await signIn(stage, page, john);
      await page.getByTestId('permissions').filter({ hasText: /^admin$/ }).waitFor();
      await page.getByTestId('report-link').click();
      await page.getByTestId('report').first().waitFor();

      await page.getByTestId('logout').click();
      await onLogin(page);
      await signIn(stage, page, jane);
      await page.getByTestId('permissions').filter({ hasText: /^editor$/ }).waitFor();
      assert.equal(await page.getByTestId('report-link').count(), 0);
      await page.visit('/report');
      await page.getByTestId('forbidden').waitFor();
    });

    check('401 with a live session refreshes and stays', async (page) => {
      await signIn(stage, page, jo);
      await page.getByTestId('demand-401').click();
      await until('a refresh', () => refreshes() > 0);
      await page.getByTestId('notification').first().waitFor();
      await sleep(500);
      assert.equal(path(page), '/posts');
      assert.equal(await page.getByTestId('identity').textContent(), jo.name);
      assert.equal(logouts(), 0);
      await page.again();
      await onPosts(page);
    });

    check('ten 401s with a dead session log out once', async (page) => {
      await signIn(stage, page, jo);
      await onPosts(page);
      await stage.daemon.cli(['session', 'revoke', '--user', jo.email]);
      await sleep(1100); // a running daemon notices within a second
      stage.backend.forget();
      await page.getByTestId('demand-ten').click();
      await onLogin(page);
      await sleep(1000);
      assert.equal(path(page), '/login');
      assert.ok(logouts() <= 1, `${logouts()} logouts`);
      assert.equal(refreshes(), 1);
      const quiet = stage.backend.count(/^\/auth\//);
      await sleep(700);
      assert.equal(stage.backend.count(/^\/auth\//), quiet, 'the page goes on asking');
      await submit(page, { email: jo.email, password: jo.password });
      await page.getByTestId('identity').filter({ hasText: jo.name }).waitFor();
    });

    check('403 stays', async (page) => {
      await signIn(stage, page, john);
      const before = { refreshes: refreshes(), logouts: logouts() };
      await page.getByTestId('demand-403').click();
      const { text } = await oneNotification(page);
      assert.match(text, /may not do this/);
      await sleep(300);
      assert.equal(path(page), '/posts');
      assert.deepEqual({ refreshes: refreshes(), logouts: logouts() }, before);
      assert.equal(await page.getByTestId('identity').textContent(), john.name);
    });

    check('somebody registers, and signs in', async (page) => {
      const sam = { email: 'sam@example.com', password: 'a long new password', name: 'sam' };
      await page.visit('/register');
      await submit(page, { email: 'sam@example.com', password: 'short' });
      const { title, text } = await oneNotification(page);
      assert.ok(title && text, 'a refusal says why');
      assert.equal(path(page), '/register');
      assert.equal(await page.inputValue('input[name="email"]'), sam.email);

      await submit(page, { email: sam.email, password: sam.password });
      await page.waitForURL((url) => url.pathname !== '/register');
      await page.visit('/posts');
      if (path(page) !== '/posts' || (await page.getByTestId('post').count()) === 0) {
        await onLogin(page);
        await submit(page, { email: sam.email, password: sam.password });
      }
      await onPosts(page);
      await page.getByTestId('permissions').filter({ hasText: 'member' }).waitFor();
    });

    check('a forgotten password gets the same answer for everybody', async (page) => {
      const answers = [];
      for (const email of [jo.email, 'nobody@example.com']) {
        await page.visit('/forgot-password');
        await submit(page, { email });
        if (options.legacy) await onLogin(page); // v3 knows no success notification
        else answers.push(await oneNotification(page));
      }
      if (options.legacy) return;
      assert.ok(answers[0].title);
      assert.deepEqual(answers[0], answers[1]);
    });

    check('a link sets a new password, once', async (page) => {
      const kim = await stage.add('kim@example.com', 'the old password', 'Kim Doe');
      const link = await stage.daemon.resetLink(kim.email);
      const here = `/update-password${link.search}`;
      assert.match(here, /\?token=[\w-]+$/);

      await page.visit(here);
      await submit(page, { password: 'the new password', confirmPassword: 'another one' });
      const { text } = await oneNotification(page);
      assert.ok(text);
      assert.equal(path(page), '/update-password');

      await submit(page, { password: 'the new password', confirmPassword: 'the new password' });
      await onLogin(page);
      await submit(page, { email: kim.email, password: kim.password });
      await page.getByTestId('notification').filter({ hasText: 'Login failed' }).waitFor();
      await submit(page, { email: kim.email, password: 'the new password' });
      await page.getByTestId('identity').filter({ hasText: kim.name }).waitFor();
      await page.getByTestId('logout').click();
      await onLogin(page);

      await page.visit(here);
      await submit(page, { password: 'a third password', confirmPassword: 'a third password' });
      await page.getByTestId('notification').first().waitFor();
      assert.equal(path(page), '/update-password');
    });

    check('logout leaves nothing behind', async (page) => {
      await signIn(stage, page, john);
      await page.getByTestId('logout').click();
      await onLogin(page);
      assert.equal(logouts(), 1);
      const cookies = (await page.context().cookies()).filter((c) => c.name.includes('authd-access') || c.name.includes('authd-refresh'));
      assert.deepEqual(cookies, []);
      const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
      assert.doesNotMatch(stored, /eyJ/);
      await page.visit('/posts');
      await onLogin(page);
    });

    check('logout works while authd cannot be reached', async (page) => {
      await signIn(stage, page, john);
      await onPosts(page);
      const fault = stage.backend.fault({ path: '/auth/logout', kind: 'refused' });
      await page.getByTestId('logout').click();
      await onLogin(page);
      assert.ok(fault.hits > 0);
      await page.visit('/posts');
      await onLogin(page);
      stage.backend.heal();
      await page.again();
      await page.locator('form').waitFor();
      await submit(page, { email: jane.email, password: jane.password });
      await page.getByTestId('identity').filter({ hasText: jane.name }).waitFor();
    });

    // Answered by the server in between, which sends no CORS headers.
    if (!options.elsewhere)
      it('a sign-in at another site leaves, with the page to come back to', (t) =>
        stage.show(t, async (page) => {
          const there = await startApp({ pages: { '/authorize': '<h1>another site</h1>' } });
          const answer = (path, body) => stage.backend.fault({ path, kind: 'status', status: 200, body });
          try {
            const config = await (await fetch(`${stage.backend.origin}/auth/config`)).json();
            answer('/auth/config', { ...config, providers: [...config.providers, { name: 'google', label: 'Google', redirect: true }] });
            answer('/auth/login', { success: true, redirectTo: `${there.as('accounts.example.test')}/authorize` });
            await page.visit('/posts?tag=a');
            await onLogin(page);
            await page.getByRole('button', { name: /Google/ }).click();
            await page.getByText('another site').waitFor();
            const sent = stage.backend.requests('/auth/login', 'POST').map((r) => JSON.parse(r.body));
            assert.equal(sent.length, 1);
            const { codeChallenge, ...rest } = sent[0];
            assert.deepEqual(rest, { providerName: 'google', redirectPath: '/posts?tag=a' });
            // Where scripts keep the tokens, a code comes back, and is this tab's alone; cookies need none.
            if (bearer) assert.match(String(codeChallenge), /^[\w-]{43}$/);
            else assert.ok(!('codeChallenge' in sent[0]), JSON.stringify(sent[0]));
          } finally {
            stage.backend.heal();
            await there.close();
          }
        }));

    check('an outage of authd signs nobody out', async (page) => {
      await signIn(stage, page, john);
      await onPosts(page);
      const faults = [
        stage.backend.fault({ path: /^\/auth\//, kind: 'status', status: 503, body: { message: 'down', code: 'unavailable' } }),
      ];
      await page.getByTestId('demand-401').click();
      await page.getByTestId('notification').first().waitFor();
      await sleep(500);
      assert.equal(path(page), '/posts');
      faults.push(stage.backend.fault({ path: /^\/auth\//, kind: 'refused' }));
      faults[0].off();
      await page.getByTestId('demand-401').click();
      await sleep(1000);
      assert.equal(path(page), '/posts');
      assert.ok(faults.every((f) => f.hits > 0), 'authd was asked while it was down');
      stage.backend.heal();
      await page.again();
      await onPosts(page);
    });

    check('an outage at the login page says so', async (page) => {
      await page.visit('/login');
      const fault = stage.backend.fault({ path: '/auth/login', kind: 'refused' });
      await submit(page, { email: john.email, password: john.password });
      const { title, text } = await oneNotification(page);
      fault.off();
      assert.ok(title && text);
      assert.doesNotMatch(`${title} ${text}`, /password|TypeError/i);
      assert.equal(await page.inputValue('input[name="email"]'), john.email);
    });
  });
}
