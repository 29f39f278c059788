// Starts authd, the protected API and the page of the folder it is called in,
// and stops all three together. The page is at PORT (5173); authd and the API
// take the two ports after it.
import { execFileSync, spawn } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const port = Number(process.env.PORT ?? 5173);
const page = `http://localhost:${port}`;
const authd = `127.0.0.1:${port + 1}`;
const api = `127.0.0.1:${port + 2}`;

const env = { ...process.env, CGO_ENABLED: '0' };
execFileSync('go', ['build', '-o', '.bin/', '../../cmd/authd', './api'], { cwd: folder, env, stdio: 'inherit' });

const run = (cwd, file, ...args) => spawn(file, args, { cwd, stdio: 'inherit' });
const children = [
  run(folder, '.bin/authd', '--config', 'authd.yaml', '--set', `server.listen=${authd}`, '--set', `server.publicURL=${page}`),
  run(folder, '.bin/api', '-listen', api, '-issuer', page, '-jwks', `http://${authd}/.well-known/jwks.json`),
  run(process.cwd(), process.execPath, 'node_modules/vite/bin/vite.js'),
];

function stop(code) {
  process.exitCode ??= code;
  for (const child of children) child.kill('SIGINT');
}

for (const child of children) child.on('exit', () => stop(1));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stop(0));
