// The real daemon, one per test file or test, with a folder, a port and a
// configuration of its own.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from './until.mjs';
import { root } from './paths.mjs';

const run = promisify(execFile);

/** A port of 127.0.0.1 that is free now. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

let built;

/**
 * The path of the binary of a package of the repository. run.mjs builds them
 * once for all test files and says where they are; a file that runs by itself
 * builds its own.
 */
export async function binary(pkg) {
  const name = pkg.split('/').join('-');
  if (process.env.BROWSER_BINARIES) return join(process.env.BROWSER_BINARIES, name);
  if (!built) {
    built = await mkdtemp(join(tmpdir(), 'authd-bin-'));
    process.once('exit', () => rmSync(built, { recursive: true, force: true }));
  }
  await build(pkg, built);
  return join(built, name);
}

/** Builds a package of the repository into a folder. */
export async function build(pkg, folder) {
  const target = join(folder, pkg.split('/').join('-'));
  await run('go', ['build', '-o', target, `./${pkg}`], { cwd: root, env: { ...process.env, CGO_ENABLED: '0' } });
}

/** The path of the server with a clock that tests move; see server/. */
export async function serverBinary() {
  if (process.env.BROWSER_BINARIES) return join(process.env.BROWSER_BINARIES, 'clock-server');
  built ??= await mkdtemp(join(tmpdir(), 'authd-bin-'));
  process.once('exit', () => rmSync(built, { recursive: true, force: true }));
  await buildServer(built);
  return join(built, 'clock-server');
}

/** Builds it into a folder. It is a module of its own. */
export async function buildServer(folder) {
  await run('go', ['build', '-o', join(folder, 'clock-server'), '.'], { cwd: join(root, 'tools/browser/server'), env: { ...process.env, CGO_ENABLED: '0' } });
}

/** A program that serves, until stop. Its output is in log(). */
export class Service {
  #child;
  #log = '';

  constructor(file, args, options) {
    Object.assign(this, { file, args, options });
  }

  /** Starts it and waits until the address answers with the status. What does not come up is stopped. */
  async start(ready, { status = 200, timeout } = {}) {
    const child = spawn(this.file, this.args, { ...this.options, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (this.#log += text));
    let spawnError;
    child.on('error', (error) => (spawnError = error));
    const serves = async () => {
      if (spawnError) throw spawnError;
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
      return fetch(ready).then((answer) => answer.status === status, () => false);
    };
    try {
      await until('it', serves, { timeout });
    } catch (error) {
      await this.stop();
      throw new Error(`${this.file} does not serve: ${error.message}\n${this.#log.slice(-4000)}`, { cause: error });
    }
    return this;
  }

  /** What it has written so far. */
  log() {
    return this.#log;
  }

  /** Interrupts it, with its whole process group if it was started detached, as a terminal does. */
  async stop() {
    const child = this.#child;
    this.#child = undefined;
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    const kill = (signal) => (this.options.detached ? process.kill(-child.pid, signal) : child.kill(signal));
    kill('SIGINT');
    const hard = setTimeout(() => kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(hard);
  }
}

class Daemon extends Service {
  /** Runs another command of authd on the same configuration; input is its standard input. */
  async cli(args, input = '') {
    const running = run(this.file, [...this.args, ...args], this.options);
    running.child.stdin.on('error', () => {}); // a command that reads nothing may be done already; its exit tells
    running.child.stdin.end(input);
    return (await running).stdout;
  }

  /** The one-time link for a new password, which forgot-password would mail. */
  async resetLink(identifier) {
    const out = await this.cli(['user', 'reset', identifier]);
    return new URL(out.match(/https?:\/\/\S+/)[0]);
  }

  /** The lines of its log that audit an event, such as login, refresh or logout. */
  audited(event) {
    return this.log().split('\n').filter((line) => line.includes(` msg=audit event=${event} `));
  }

  /** Starts it again on the same data after a stop. */
  async again() {
    await this.start(this.url + this.ready);
  }

  /** Stops it and removes its data. */
  async close() {
    await this.stop();
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** The environment without what would configure the daemon. */
function plainEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AUTHD_')));
}

/**
 * Starts the daemon on a free port of 127.0.0.1 with the given YAML, which
 * says nothing of server.listen, and waits until it is ready; one with a
 * backend that is not there never is, but is in good health.
 */
export async function startDaemon(yaml, { port, env = {}, ready = '/readyz' } = {}) {
  const file = await binary('cmd/authd');
  const dir = await mkdtemp(join(tmpdir(), 'authd-test-'));
  const at = port ?? (await freePort());
  await writeFile(join(dir, 'authd.yaml'), yaml);
  const args = ['--config', 'authd.yaml', '--set', `server.listen=127.0.0.1:${at}`];
  const daemon = new Daemon(file, args, { cwd: dir, env: { ...plainEnvironment(), ...env } });
  Object.assign(daemon, { dir, ready, port: at, url: `http://127.0.0.1:${at}` });
  await daemon.again();
  return daemon;
}
