// docs/refresh-clients.md shows the code that the other tests run.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { here, root } from '../../lib/index.mjs';

it('every block of the page is what was tested', () => {
  const folder = join(here, 'refresh-clients/clients');
  const unindented = (text) => text.replace(/^ +/gm, '');
  const sources = readdirSync(folder).map((f) => unindented(readFileSync(join(folder, f), 'utf8')));
  const page = readFileSync(join(root, 'docs/refresh-clients.md'), 'utf8');
  const blocks = [...page.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => unindented(code.trim()));
  assert.equal(blocks.length, 3);
  for (const block of blocks) assert.ok(sources.some((s) => s.includes(block)), block);
});
