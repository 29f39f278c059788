// Installs and builds what the tests use, then runs them: all of them, or the
// files that are named.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, buildServer } from './lib/daemon.mjs';
import { install, scripts } from './lib/install.mjs';
import { artifacts, here, root } from './lib/paths.mjs';

// Tests with packages of their own live in folders of their own, beside tests/.
const guests = readdirSync(here).filter((name) => existsSync(join(here, name, 'package.json')));

// In the order in which they need each other.
const folders = ['tools/browser', 'client', 'examples/refine', 'examples/refine-v4', 'examples/refine-v3'].concat(
  guests.map((name) => `tools/browser/${name}`),
);
const programs = ['cmd/authd', 'examples/refine/api'];
const testFolders = ['tests', ...guests.map((name) => `${name}/tests`)];

const chromium = process.env.BROWSER_CHROMIUM || '/usr/bin/chromium';
if (!existsSync(chromium)) {
  console.error(`The browser tests need ${chromium}. On Debian: apt install chromium fonts-dejavu-core.`);
  process.exit(1);
}

for (const folder of folders.map((name) => join(root, name))) {
  install(folder);
  scripts(folder, 'typecheck', 'build');
}

const testsIn = (folder) => readdirSync(join(here, folder)).filter((f) => f.endsWith('.test.mjs')).map((f) => join(here, folder, f));
const named = process.argv.slice(2);
const files = named.length ? named : testFolders.flatMap(testsIn);

rmSync(join(artifacts, 'failed'), { recursive: true, force: true });
const binaries = mkdtempSync(join(tmpdir(), 'authd-bin-'));
try {
  for (const program of programs) await build(program, binaries);
  await buildServer(binaries);
  const args = ['--test', '--test-concurrency=2', '--test-reporter=spec', '--test-timeout=300000', ...files];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit', env: { ...process.env, BROWSER_BINARIES: binaries } });
  process.exitCode = status ?? 1;
  console.log(`Pictures are in ${artifacts}.`);
} finally {
  rmSync(binaries, { recursive: true, force: true });
}
