// The one command of the example's README: authd, the API and Vite's page.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { john, launch, root, Service, submit, until, withPage } from '../lib/index.mjs';

const examples = ['refine', 'refine-v4', 'refine-v3'];

describe('npm start', () => {
  let browser;
  before(async () => (browser = await launch()));
  after(() => browser?.close());

  for (const example of examples) {
    it(`in examples/${example} serves the page, authd and the API at one origin`, async (t) => {
      const cwd = join(root, 'examples', example);
      assert.match(await readFile(join(cwd, 'README.md'), 'utf8'), /\nnpm install && npm start\n/);
      const port = await threePorts();
      const started = new Service('npm', ['start'], { cwd, detached: true, env: { ...process.env, PORT: String(port) } });
      await started.start(`http://localhost:${port}/auth/config`, { timeout: 90_000 }); // it compiles first
      try {
        await withPage(browser, t, async (page) => {
          await page.goto(`http://localhost:${port}/`);
          await submit(page, { email: john.email, password: john.password });
          await page.getByTestId('post').nth(3).waitFor();
          assert.equal(await page.getByTestId('identity').textContent(), john.name);
        });
      } finally {
        await started.stop();
      }
      for (const p of [port, port + 1, port + 2]) await until(`the end of port ${p}`, () => closed(p));
    });
  }

  it('is tested for every refine example', async () => {
    const all = (await readdir(join(root, 'examples'))).filter((name) => name.startsWith('refine'));
    assert.deepEqual(all.sort(), [...examples].sort());
  });
});

/** The first of three free ports, below those that the system hands out by itself. */
async function threePorts() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if ((await Promise.all([0, 1, 2].map((n) => closed(port + n)))).every(Boolean)) return port;
  }
}

const closed = (port) => fetch(`http://localhost:${port}`).then(() => false, () => true);
