// The README is what people copy: its code compiles and runs, and its tables
// and its weight are those of the package.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const folder = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(join(folder, 'README.md'), 'utf8');
const blocks = (kind) => [...readme.matchAll(new RegExp('```' + kind + '\\n([\\s\\S]*?)```', 'g'))].map(([, code]) => code);
/** The names in the first column of the table with that heading. */
const column = (heading) => {
  const [, rows] = readme.match(new RegExp(`\\n\\| ${heading} \\|.*\\n\\|[ -|]+\\n((?:\\|.*\\n)+)`));
  return rows.trim().split('\n').map((row) => row.match(/^\| `(\w+)/)[1]).sort();
};

let app;
before(() => {
  app = mkdtempSync(join(tmpdir(), 'authd-readme-'));
  mkdirSync(join(app, 'node_modules/@authd'), { recursive: true });
  symlinkSync(folder, join(app, 'node_modules/@authd/client'), 'dir');
});
after(() => rmSync(app, { recursive: true, force: true }));

test('every block of code is known here', () => {
  assert.deepEqual([...readme.matchAll(/```(\w*)\n/g)].map(([, kind]) => kind).filter(Boolean), ['ts', 'html']);
});

test('the TypeScript compiles under --strict, in an app that does not skip the types of packages', () => {
  writeFileSync(join(app, 'auth.ts'), blocks('ts').join('\n'));
  for (const resolution of ['bundler', 'nodenext']) {
    const module = resolution === 'bundler' ? 'esnext' : 'nodenext';
    const args = ['--strict', '--noEmit', '--skipLibCheck', 'false', '--exactOptionalPropertyTypes', '--types', '', '--lib', 'es2022,dom', '--target', 'es2022'];
    writeFileSync(join(app, 'package.json'), '{"type": "module"}');
    execFileSync(process.execPath, [join(folder, 'node_modules/typescript/bin/tsc'), ...args, '--module', module, '--moduleResolution', resolution, 'auth.ts'], { cwd: app, stdio: 'pipe', encoding: 'utf8' });
  }
});

test('and runs', async () => {
  const { outputFiles } = await build({ stdin: { contents: blocks('ts').join('\n'), loader: 'ts', resolveDir: app }, bundle: true, format: 'esm', write: false });
  writeFileSync(join(app, 'auth.mjs'), outputFiles[0].text);
  const { authProvider, authFetch } = await import(pathToFileURL(join(app, 'auth.mjs')));
  assert.equal(typeof authFetch, 'function');
  assert.equal(Object.keys(authProvider).length, 9);
});

test('the module without a build step has what is imported from it', async () => {
  const [, names, address] = blocks('html')[0].match(/import \{ (.*) \} from '(.*)'/);
  assert.equal(address, 'https://auth.example.com/auth/client.js');
  const served = await import(new URL('../../core/httpapi/client.js', import.meta.url));
  for (const name of names.split(', ')) assert.equal(typeof served[name], 'function', name);
});

test('the tables name every export and every option', async () => {
  assert.deepEqual(column('export'), Object.keys(await import('../dist/index.js')).sort());
  const options = readFileSync(join(folder, 'src/options.ts'), 'utf8').match(/export interface Options \{([\s\S]*?)\n\}/)[1];
  assert.deepEqual(column('option'), [...options.matchAll(/^ {2}(\w+)\?:/gm)].map(([, name]) => name).sort());
});

const bundle = async (name) => {
  const stdin = { contents: `export { ${name} } from '@authd/client'`, resolveDir: app };
  const { outputFiles } = await build({ stdin, bundle: true, minify: true, format: 'esm', target: 'es2020', write: false, legalComments: 'none' });
  return outputFiles[0];
};

test('it weighs what it says', async () => {
  const { contents } = await bundle('createAuthProvider');
  const [, said] = readme.match(/refine's adapter weighs ([\d.]+) kB/);
  assert.equal((gzipSync(contents).length / 1000).toFixed(1), said);
});

test('who uses one export gets no other', async () => {
  // Words that only one part of the package has.
  const parts = { refine: '/forgot-password', v3: 'getUserIdentity', reactAdmin: 'logoutUser', axios: 'authdRepeated', failures: 'Login failed', config: '/config' };
  const brings = {
    createFetch: [],
    attachAxios: ['axios'],
    loadConfig: ['config'],
    loginFailure: ['failures'],
    memoryStorage: [],
    createAuthProvider: ['refine', 'config'],
    createLegacyAuthProvider: ['refine', 'config', 'v3'],
    createReactAdminProvider: ['refine', 'config', 'reactAdmin'],
  };
  assert.deepEqual(Object.keys(brings).sort(), column('export'));
  for (const [name, wanted] of Object.entries(brings)) {
    const { text } = await bundle(name);
    assert.deepEqual(Object.keys(parts).filter((part) => text.includes(parts[part])).sort(), [...wanted].sort(), name);
  }
});
