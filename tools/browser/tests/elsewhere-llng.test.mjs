// Signing in at an OpenID provider of another make than the one of
// elsewhere.test.mjs, whose page asks for a password: from the hosted pages and
// from the refine example.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freePort, screenshot, startPeer, withPage } from '../lib/index.mjs';
import { hostedStage, oidc, refineStage } from './elsewhere.mjs';

const startProvider = async (origin, page = origin) =>
  startPeer('llng', {
    LLNG_PORT: String(await freePort()),
    LLNG_REDIRECT_URIS: `${origin}/auth/callback/lemon`,
    LLNG_POST_LOGOUT_URIS: `${page}/login`,
  });

const strategies = (provider) => ({ lemon: oidc(provider, 'Lemon', 'claims: {roles: groups}') });

/** What a person does at the provider, who may have come there before. */
async function signInThere(page, { facts }) {
  await page.waitForURL(`${facts.OIDC_ISSUER}**`);
  await page.fill('input[name="user"]', facts.OIDC_LOGIN);
  await page.fill('input[name="password"]', facts.OIDC_PASSWORD);
  await page.click('button[type="submit"]');
}

/** Signing out there is a question of its own. */
async function signOutThere(page, { facts }) {
  await page.waitForURL(`${facts.OIDC_ISSUER}**`);
  await page.click('button[type="submit"]');
}

describe('the hosted pages, through a provider of another make', () => {
  const stage = hostedStage(startProvider, strategies);

  it('in and out', (t) =>
    withPage(stage.browser, t, async (page) => {
      await page.goto(`${stage.daemon.url}/`);
      await page.getByRole('button', { name: 'Continue with Lemon' }).click();
      await signInThere(page, stage.provider);
      await page.waitForURL(`${stage.daemon.url}/`);
      await page.getByText('Doctor Who').first().waitFor();
      await screenshot(page, 'elsewhere/llng');
      await page.getByRole('button', { name: 'Sign out', exact: true }).click();
      await signOutThere(page, stage.provider);
      await page.waitForURL(`${stage.daemon.url}/login`);
      await page.goto(`${stage.daemon.url}/`);
      await page.waitForURL(`${stage.daemon.url}/login**`);
    }));
});

for (const [name, meta] of [
  ['refine', {}],
  ['refine, bearer', { 'authd-transport': 'bearer' }],
]) {
  describe(`${name}, through a provider of another make`, () => {
    const stage = refineStage({ meta }, startProvider, strategies);

    it('comes back to the page that was asked for, and goes out again', (t) =>
      stage.refine.show(t, async (page) => {
        await page.visit('/posts?tag=a');
        await page.getByTestId('provider-lemon').click();
        await signInThere(page, stage.provider);
        await page.getByTestId('identity').filter({ hasText: 'Doctor Who' }).waitFor();
        assert.equal(new URL(page.url()).pathname, '/posts');
        await page.getByTestId('post').first().waitFor();
        await page.again();
        await page.getByTestId('identity').filter({ hasText: 'Doctor Who' }).waitFor();
        await page.getByTestId('logout').click();
        await signOutThere(page, stage.provider);
        await page.waitForURL((url) => url.pathname === '/login');
      }));
  });
}
