// The real servers of tools/peers, each with a folder of its own.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './paths.mjs';

const run = promisify(execFile);

/** Starts a peer with settings; facts are what its script says of it. */
export async function startPeer(name, settings) {
  const dir = await mkdtemp(join(tmpdir(), 'peer-'));
  const env = { ...process.env, PEERS_DIR: dir, ...settings };
  const script = join(root, 'tools/peers', name);
  const { stdout } = await run(script, ['start'], { env });
  const facts = Object.fromEntries(stdout.trim().split('\n').map((line) => line.split(/=(.*)/s).slice(0, 2)));
  return {
    facts,
    async close() {
      await run(script, ['stop'], { env });
      await rm(dir, { recursive: true, force: true });
    },
  };
}
