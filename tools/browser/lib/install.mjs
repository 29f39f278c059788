// npm folders, installed when their lockfile changed and built.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

function npm(folder, ...args) {
  const { status } = spawnSync('npm', args, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`npm ${args.join(' ')} failed in ${folder}`);
}

/**
 * Runs npm ci in the folder unless its modules are those of its lockfile
 * already. No package's own scripts run.
 */
export function install(folder) {
  const hash = createHash('sha256');
  for (const file of ['package.json', 'package-lock.json']) hash.update(readFileSync(join(folder, file)));
  const wanted = hash.digest('hex');
  const mark = join(folder, 'node_modules', '.installed');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return;
  npm(folder, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error');
  writeFileSync(mark, wanted);
}

/** Runs those of the scripts that the folder's package.json has. */
export function scripts(folder, ...names) {
  const has = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).scripts ?? {};
  for (const name of names) if (has[name]) npm(folder, 'run', '--silent', name);
}
