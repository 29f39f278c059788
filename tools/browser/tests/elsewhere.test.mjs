// Signing in at a real OpenID provider, whose page asks for a name: from the
// hosted pages, without scripts, and from the refine example.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { freePort, launch, screenshot, setStage, startDaemon, startPeer, withPage } from '../lib/index.mjs';

/** A provider that knows authd at an origin, and where people are sent back to after signing out. */
const startProvider = async (origin, page = origin) =>
  startPeer('op', {
    OP_PORT: String(await freePort()),
    OP_INTERACTION: 'form',
    OP_REDIRECT_URIS: `${origin}/auth/callback/corp,${origin}/auth/callback/posts`,
    OP_POST_LOGOUT_URIS: `${page}/login`,
  });

const strategy = ({ facts }, more = '') =>
  `{${more}type: oidc, label: Example Corp, issuer: "${facts.OIDC_ISSUER}", clientID: authd, clientSecret: ${facts.OIDC_CLIENT_SECRET}, scopes: [openid, profile, email, groups], claims: {roles: groups}}`;

/** What a person does at the provider. */
async function signInThere(page, login) {
  await page.waitForURL(/\/interaction\//);
  await page.fill('input[name="login"]', login);
  await page.click('button');
}

describe('the hosted pages, through another site', () => {
  let daemon, provider, browser;

  before(async () => {
    const port = await freePort();
    provider = await startProvider(`http://127.0.0.1:${port}`);
    daemon = await startDaemon(
      `server: {publicURL: "http://127.0.0.1:${port}"}\nstrategies:\n  corp: ${strategy(provider)}\n  posts: ${strategy(provider, 'responseMode: form_post, ').replace('Example Corp', 'Posting Corp')}\nmethods: {login: {use: [corp, posts]}, logout: {redirectTo: /login}}\npages: {title: Example}\n`,
      { port },
    );
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await daemon?.close();
    await provider?.close();
  });

  for (const javaScriptEnabled of [true, false]) {
    it(`in and out, ${javaScriptEnabled ? 'with' : 'without'} scripts`, (t) =>
      withPage(
        browser,
        t,
        async (page) => {
          await page.goto(`${daemon.url}/`);
          await page.waitForURL(`${daemon.url}/login**`);
          await page.getByRole('button', { name: 'Continue with Example Corp' }).click();
          await signInThere(page, 'alice');
          await page.waitForURL(`${daemon.url}/`);
          await page.getByText('alice@example.org').waitFor();
          await screenshot(page, `elsewhere/signed-in-${javaScriptEnabled ? 'scripts' : 'plain'}`);
          await page.getByRole('button', { name: 'Sign out', exact: true }).click();
          await page.getByRole('button', { name: 'Yes, sign me out' }).click();
          await page.waitForURL(`${daemon.url}/login`);
          await page.goto(`${daemon.url}/`);
          await page.waitForURL(`${daemon.url}/login**`);
        },
        { javaScriptEnabled },
      ));
  }

  // The answer comes in a form that the other site has the browser post, without
  // our cookies: they come along only when it is asked to come again.
  it('takes an answer that is posted', (t) =>
    withPage(browser, t, async (page) => {
      await page.goto(`${daemon.url}/login`);
      await page.getByRole('button', { name: 'Continue with Posting Corp' }).click();
      await signInThere(page, 'alice');
      await page.waitForURL(`${daemon.url}/`);
      await page.getByText('alice@example.org').waitFor();
    }));

  it('says why it did not work', (t) =>
    withPage(browser, t, async (page) => {
      await page.goto(`${daemon.url}/login?to=/`);
      await page.getByRole('button', { name: 'Continue with Example Corp' }).click();
      await signInThere(page, '!access_denied');
      await page.waitForURL(`${daemon.url}/login?**`);
      await page.getByText('Signing in was cancelled, or the other site refused it.').waitFor();
      await screenshot(page, 'elsewhere/refused');
      await page.getByRole('button', { name: 'Continue with Example Corp' }).click();
      await signInThere(page, 'bob');
      await page.waitForURL(`${daemon.url}/`);
    }));
});

for (const [name, options] of [
  ['refine', {}],
  ['refine at another origin', { elsewhere: true }],
  ['refine, bearer', { meta: { 'authd-transport': 'bearer' } }],
  ['refine at another site, bearer', { meta: { 'authd-transport': 'bearer' }, elsewhere: true, host: '127.0.0.1' }],
]) {
  describe(`${name}, through another site`, () => {
    let stage, provider;

    before(async () => {
      stage = await setStage({
        dir: 'examples/refine',
        ...options,
        strategies: async (origin, page) => {
          provider = await startProvider(origin, page);
          return { corp: strategy(provider) };
        },
      });
    });
    after(async () => {
      await stage?.close();
      await provider?.close();
    });

    it('comes back to the page that was asked for, and stays signed in', (t) =>
      stage.show(t, async (page) => {
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
      stage.show(t, async (page) => {
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
