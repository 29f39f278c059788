// A refine example on stage: the built app, authd, the protected API, and a
// browser. The page is at the origin of authd and the API, or at another one.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { startApp } from './app.mjs';
import { launch, withPage } from './browser.mjs';
import { binary, freePort, Service, startDaemon } from './daemon.mjs';
import { root } from './paths.mjs';

/** The configuration of the examples, with hashes that are cheap. */
export const yaml = (publicURL, { allowed = [], more = '', strategies = {} } = {}) => `
server:
  publicURL: ${publicURL}
  cors: {allowedOrigins: ${JSON.stringify(allowed)}}
strategies:
  demo: {type: mock, label: Demo users}
  members: {type: local, label: Members, hash: {bcryptCost: 10}, roles: {default: [member]}}
${Object.entries(strategies).map(([name, text]) => `  ${name}: ${text}\n`).join('')}methods:
  login:          {use: [${['demo', 'members', ...Object.keys(strategies)]}], redirectTo: /}
  logout:         {redirectTo: /login}
  register:       {use: members, redirectTo: /login}
  forgotPassword: {use: members, redirectTo: /login}
  updatePassword: {use: [session, members], redirectTo: /login}
${more}`;

export const john = { email: 'john@mail.com', password: 'demo', name: 'John Doe' };
export const jane = { email: 'jane@mail.com', password: 'demo', name: 'Jane Doe' };

class Stage {
  /** Adds a user to the local backend. */
  async add(email, password, name = email) {
    await this.daemon.cli(['user', 'add', '--name', name, email], `${password}\n`);
    return { email, password, name };
  }

  /**
   * Runs body with a fresh page. page.visit(path) and page.again() go
   * somewhere and remember the calls of the provider before they leave;
   * page.calls() are all of them.
   */
  show(t, body, options) {
    this.backend.heal();
    this.backend.forget();
    return withPage(
      this.browser,
      t,
      async (page) => {
        await page.addInitScript(() => (window.__calls = []));
        const before = [];
        const here = async () => (await page.evaluate(() => structuredClone(window.__calls ?? [])).catch(() => []));
        page.calls = async () => [...before, ...(await here())];
        page.visit = async (path) => {
          before.push(...(await here()));
          await page.goto(this.app.origin + path);
        };
        page.again = async () => {
          before.push(...(await here()));
          await page.reload();
        };
        await body(page);
      },
      options,
    );
  }

  async close() {
    await this.browser?.close();
    for (const server of new Set([this.app, this.backend])) await server?.close();
    await this.api?.stop();
    await this.daemon?.close();
  }
}

/**
 * Puts an example on stage. dir is its folder in the repository, meta its
 * settings; with elsewhere, authd and the API are at another origin than the page,
 * and with a host at another site, too. strategies makes further ones, as YAML
 * by name, for the origin that authd is reached at and that of the page.
 */
export async function setStage({ dir, meta = {}, elsewhere = false, host, more = '', strategies }) {
  const stage = new Stage();
  try {
    stage.app = await startApp({ dir: join(root, dir, 'dist'), meta });
    if (host) stage.app.origin = stage.app.as(host);
    stage.backend = elsewhere ? await startApp() : stage.app;
    const { origin } = stage.backend;
    const allowed = elsewhere ? [stage.app.origin] : [];
    if (elsewhere) stage.app.meta = { ...meta, 'authd-url': `${origin}/auth`, 'api-url': origin };
    stage.daemon = await startDaemon(yaml(origin, { allowed, more, strategies: await strategies?.(origin, stage.app.origin) }));
    stage.api = await startAPI(origin, stage.daemon.url, allowed);
    stage.backend.proxy = { '/auth': stage.daemon.url, '/api': stage.api.url };
    stage.browser = await launch();
    return stage;
  } catch (error) {
    await stage.close();
    throw error;
  }
}

async function startAPI(issuer, authd, origins) {
  const listen = `127.0.0.1:${await freePort()}`;
  const args = ['-listen', listen, '-issuer', issuer, '-jwks', `${authd}/.well-known/jwks.json`, '-origins', origins.join(',')];
  const api = new Service(await binary('examples/refine/api'), args, {});
  api.url = `http://${listen}`;
  // It has nothing for strangers: 401 is the sign that it serves.
  return api.start(`${api.url}/api/posts`, { status: 401 });
}

/** Fills the form of the page with values by field name, and sends it. */
export async function submit(page, values) {
  for (const [name, value] of Object.entries(values)) await page.fill(`form input[name="${name}"]`, value);
  await page.click('form [type="submit"]');
}

/** Signs in on the login page and waits for the posts. */
export async function signIn(stage, page, user, path = '/posts') {
  await page.visit(path);
  await submit(page, { email: user.email, password: user.password });
  await page.getByTestId('identity').filter({ hasText: user.name }).waitFor();
}

/** The title and text of each notification on the page. */
export async function notifications(page) {
  return page.getByTestId('notification').evaluateAll((all) =>
    all.map((one) => ({
      title: one.querySelector('[data-testid="notification-title"]')?.textContent ?? '',
      text: one.querySelector('[data-testid="notification-text"]')?.textContent ?? '',
    })),
  );
}

/** Waits for one notification, and makes sure that it is the only one. */
export async function oneNotification(page) {
  await page.getByTestId('notification').first().waitFor();
  await page.waitForTimeout(300);
  const all = await notifications(page);
  assert.equal(all.length, 1, JSON.stringify(all));
  return all[0];
}
