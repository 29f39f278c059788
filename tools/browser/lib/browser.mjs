// Chromium, and pages that remember what went wrong in them.
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { chromium } from 'playwright-core';
import { artifacts } from './paths.mjs';

// no-sandbox: Chromium refuses to run as root with its sandbox; it opens only
// pages of these tests. The background flags keep it from looking up its
// maker's hosts, which fails slowly without a network.
const args = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-default-apps', '--disable-extensions',
  '--disable-dev-shm-usage', '--hide-scrollbars', '--mute-audio',
  // Names for sites that are not localhost.
  '--host-resolver-rules=MAP *.example.test 127.0.0.1',
];

class Browser {
  #browser;

  constructor(browser) {
    this.#browser = browser;
  }

  /**
   * A page in a context of its own: no cookies, no storage. options are
   * Playwright's for a context. page.errors holds uncaught errors of the page,
   * page.consoleErrors what it wrote to the console as errors.
   */
  async page(options = {}) {
    const context = await this.#browser.newContext({ locale: 'en-GB', ...options });
    context.setDefaultTimeout(15_000);
    return newTab(context);
  }

  async close() {
    await this.#browser.close();
  }
}

/** Another tab of a page's context, watched in the same way. */
export async function newTab(context) {
  const page = await context.newPage();
  page.errors = [];
  page.consoleErrors = [];
  page.on('pageerror', (error) => page.errors.push(String(error.stack ?? error)));
  page.on('console', (message) => {
    if (message.type() === 'error') page.consoleErrors.push(message.text());
  });
  return page;
}

/** Starts Debian's Chromium. It never downloads a browser. */
export async function launch() {
  const executablePath = process.env.BROWSER_CHROMIUM || '/usr/bin/chromium';
  return new Browser(await chromium.launch({ executablePath, args, headless: true }));
}

/**
 * Gives the body a new page and closes it afterwards. An uncaught error in any
 * page of its context fails the test, whatever else it says; after a failure
 * the page's picture is among the artefacts.
 */
export async function withPage(browser, t, body, options) {
  const page = await browser.page(options);
  const context = page.context();
  const uncaught = [];
  context.on('weberror', (event) => uncaught.push(String(event.error().stack ?? event.error())));
  try {
    await body(page);
    if (uncaught.length) throw new Error(`uncaught in the page:\n${uncaught.join('\n')}`);
  } catch (error) {
    const name = t.fullName ?? t.name;
    await screenshot(page, `failed/${name.replace(/[^a-z0-9]+/gi, '-')}`).catch(() => {});
    throw error;
  } finally {
    await context.close();
  }
}

/** Keeps a picture of the page as artifacts/NAME.png. */
export async function screenshot(page, name) {
  const path = join(artifacts, `${name}.png`);
  await mkdir(dirname(path), { recursive: true });
  await page.screenshot({ path, fullPage: true });
  return path;
}
