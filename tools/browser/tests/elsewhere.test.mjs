// Signing in at a real OpenID provider, whose page asks for a name: from the
// hosted pages, without scripts, and from the refine example.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freePort, screenshot, startPeer, withPage } from '../lib/index.mjs';
import { hostedStage, oidc, refineStage } from './elsewhere.mjs';

/** A provider that knows authd at an origin, and where people are sent back to after signing out. */
const startProvider = async (origin, page = origin) =>
  startPeer('op', {
    OP_PORT: String(await freePort()),
    OP_INTERACTION: 'form',
    OP_REDIRECT_URIS: `${origin}/auth/callback/corp,${origin}/auth/callback/posts`,
    OP_POST_LOGOUT_URIS: `${page}/login`,
  });

const settings = 'scopes: [openid, profile, email, groups], claims: {roles: groups}';
const corp = (provider) => oidc(provider, 'Example Corp', settings);

/** What a person does at the provider. */
async function signInThere(page, login) {
  await page.waitForURL(/\/interaction\//);
  await page.fill('input[name="login"]', login);
  await page.click('button');
}

describe('the hosted pages, through another site', () => {
  const stage = hostedStage(startProvider, (provider) => ({
    corp: corp(provider),
    posts: oidc(provider, 'Posting Corp', `responseMode: form_post, ${settings}`),
  }));

  for (const javaScriptEnabled of [true, false]) {
    it(`in and out, ${javaScriptEnabled ? 'with' : 'without'} scripts`, (t) =>
      withPage(
        stage.browser,
        t,
        async (page) => {
          await page.goto(`${stage.daemon.url}/`);
          await page.waitForURL(`${stage.daemon.url}/login**`);
          await page.getByRole('button', { name: 'Continue with Example Corp' }).click();
          await signInThere(page, 'alice');
          await page.waitForURL(`${stage.daemon.url}/`);
          await page.getByText('alice@example.org').waitFor();
          await screenshot(page, `elsewhere/signed-in-${javaScriptEnabled ? 'scripts' : 'plain'}`);
          await page.getByRole('button', { name: 'Sign out', exact: true }).click();
          await page.getByRole('button', { name: 'Yes, sign me out' }).click();
          await page.waitForURL(`${stage.daemon.url}/login`);
          await page.goto(`${stage.daemon.url}/`);
          await page.waitForURL(`${stage.daemon.url}/login**`);
        },
        { javaScriptEnabled },
      ));
  }

  // The answer comes in a form that the other site has the browser post, without
  // our cookies: they come along only when it is asked to come again.
  it('takes an answer that is posted', (t) =>
    withPage(stage.browser, t, async (page) => {
      await page.goto(`${stage.daemon.url}/login`);
      await page.getByRole('button', { name: 'Continue with Posting Corp' }).click();
      await signInThere(page, 'alice');
      await page.waitForURL(`${stage.daemon.url}/`);
      await page.getByText('alice@example.org').waitFor();
    }));

  it('says why it did not work', (t) =>
    withPage(stage.browser, t, async (page) => {
      await page.goto(`${stage.daemon.url}/login?to=/`);
      await page.getByRole('button', { name: 'Continue with Example Corp' }).click();
      await signInThere(page, '!access_denied');
      await page.waitForURL(`${stage.daemon.url}/login?**`);
      await page.getByText('Signing in was cancelled, or the other site refused it.').waitFor();
      await screenshot(page, 'elsewhere/refused');
      await page.getByRole('button', { name: 'Continue with Example Corp' }).click();
      await signInThere(page, 'bob');
      await page.waitForURL(`${stage.daemon.url}/`);
    }));
});

for (const [name, options] of [
  ['refine', {}],
  ['refine at another origin', { elsewhere: true }],
  ['refine, bearer', { meta: { 'authd-transport': 'bearer' } }],
  ['refine at another site, bearer', { meta: { 'authd-transport': 'bearer' }, elsewhere: true, host: '127.0.0.1' }],
]) {
  describe(`${name}, through another site`, () => {
    const stage = refineStage(options, startProvider, (provider) => ({ corp: corp(provider) }));

    it('comes back to the page that was asked for, and stays signed in', (t) =>
      stage.refine.show(t, async (page) => {
        await page.visit('/posts?tag=a');
        await page.getByTestId('provider-corp').click();
        await signInThere(page, 'alice');
        await page.getByTestId('identity').filter({ hasText: 'Alice Liddell' }).waitFor();
        assert.equal(new URL(page.url()).pathname, '/posts');
        assert.equal(new URL(page.url()).searchParams.get('authd_code'), null);
        await page.getByTestId('post').first().waitFor();
        await page.again();
        await page.getByTestId('identity').filter({ hasText: 'Alice Liddell' }).waitFor();
        await page.getByTestId('logout').click();
        await page.getByRole('button', { name: 'Yes, sign me out' }).click();
        await page.waitForURL((url) => url.pathname === '/login');
      }));

    it('tells on the login page why it did not work', (t) =>
      stage.refine.show(t, async (page) => {
        await page.visit('/posts');
        await page.getByTestId('provider-corp').click();
        await signInThere(page, '!access_denied');
        await page.getByTestId('login-failure').filter({ hasText: 'cancelled' }).waitFor();
        assert.equal(new URL(page.url()).pathname, '/login');
        await page.getByTestId('provider-corp').click();
        await signInThere(page, 'bob');
        await page.getByTestId('identity').filter({ hasText: 'Bob' }).waitFor();
        assert.equal(new URL(page.url()).pathname, '/posts');
      }));
  });
}
