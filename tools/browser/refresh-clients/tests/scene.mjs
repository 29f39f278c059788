// A page with one of the clients, authd and an API behind it, and a clock that
// both are moved by.
import { fileURLToPath } from 'node:url';
import { Service, freePort, launch, newTab, serverBinary, startApp, until, withPage } from '../../lib/index.mjs';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const html = (script, authd) => `<!doctype html><html lang="en"><head><link rel="icon" href="data:,">${authd ? `<meta name="authd-url" content="${authd}">` : ''}</head><body></body><script type="module" src="/${script}.js"></script></html>`;

export const john = ['john@mail.com', 'demo'];

export class Scene {
  /**
   * Puts a client on. With elsewhere, authd and the API are at another origin
   * than the page, and app is what stands before them.
   */
  static async of(client, { elsewhere = false } = {}) {
    const scene = new Scene();
    scene.app = await startApp();
    scene.page = elsewhere ? await startApp() : scene.app;
    Object.assign(scene.page, { dir: dist, pages: { '/': html(client, elsewhere && scene.app.origin) } });
    const [port, control] = [await freePort(), await freePort()];
    scene.control = `http://127.0.0.1:${control}`;
    const args = ['-listen', `127.0.0.1:${port}`, '-control', `127.0.0.1:${control}`, '-public', scene.app.origin, '-origins', elsewhere ? scene.page.origin : ''];
    scene.server = new Service(await serverBinary(), args, {});
    await scene.server.start(`http://127.0.0.1:${port}/healthz`);
    for (const path of ['/auth', '/api', '/refresh']) scene.app.proxy[path] = `http://127.0.0.1:${port}`;
    scene.browser = await launch();
    return scene;
  }

  async close() {
    await this.browser?.close();
    for (const server of new Set([this.app, this.page])) await server?.close();
    await this.server?.stop();
  }

  /** Runs body with a page on which the client is ready, and nobody signed in. */
  show(t, body) {
    this.app.heal();
    this.app.forget();
    return withPage(this.browser, t, async (page) => {
      await page.clock.install({ time: await this.#clock('0s') });
      await this.open(page);
      await body(page);
    });
  }

  async open(page) {
    await page.goto(this.page.origin);
    await page.waitForFunction(() => window.ready);
  }

  /** Another tab of the same browser, with the same clock. */
  async tab(page) {
    const tab = await newTab(page.context());
    await this.open(tab);
    return tab;
  }

  async #clock(add) {
    const answer = await fetch(`${this.control}/clock?add=${add}`, { method: 'POST' });
    return Number(await answer.text());
  }

  /** Moves the clock of authd, then that of the page and its tabs, and waits until they are done. */
  async wait(minutes, page) {
    await this.#clock(`${minutes}m`);
    await page.clock.runFor(minutes * 60_000);
    await this.quiet();
  }

  /** Waits until no request has arrived for a while. */
  async quiet() {
    let seen = -1;
    await until('requests to end', async () => {
      const now = this.app.requests().length;
      // Of a request whose answer was lost there is no status.
      const pending = this.app.requests().some((r) => r.status === undefined && Date.now() - r.at < 1500);
      const still = now === seen && !pending;
      seen = now;
      await new Promise((done) => setTimeout(done, 60));
      return still;
    });
  }

  /** Ends every session of the user, as an operator does. */
  async revoke({ subject }) {
    const form = new URLSearchParams({ subject: subject.replace('demo:', '') });
    await fetch(`${this.control}/revoke?${form}`, { method: 'POST' });
  }

  /** How many refreshes arrived. */
  refreshes() {
    return this.app.count(/refresh/, 'POST');
  }
}

export const login = (page, [email, password] = john) => page.evaluate(([e, p]) => window.client.login(e, p), [email, password]);
export const get = (page, times = 1) => page.evaluate((n) => window.client.get(n), times);
