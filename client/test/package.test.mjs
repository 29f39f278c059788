// What people get when they install the package.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

const folder = new URL('..', import.meta.url);

test('the package holds the build, its types, the README and the licence', () => {
  const out = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
  const listed = JSON.parse(out);
  const [packed] = Array.isArray(listed) ? listed : Object.values(listed);
  const sources = readdirSync(new URL('src', folder)).map((name) => name.replace(/\.ts$/, ''));
  const want = ['LICENSE', 'README.md', 'dist/index.js', 'package.json', ...sources.map((name) => `dist/${name}.d.ts`)];
  assert.deepEqual(packed.files.map((f) => f.path).sort(), want.sort());
});

test('there is nothing to install beside it', () => {
  const { dependencies, peerDependencies, sideEffects } = JSON.parse(readFileSync(new URL('package.json', folder)));
  assert.deepEqual([dependencies, peerDependencies, sideEffects], [undefined, undefined, false]);
});

test('importing it does nothing', async () => {
  const before = Object.keys(globalThis);
  await import('../dist/index.js');
  assert.deepEqual(Object.keys(globalThis), before);
});
