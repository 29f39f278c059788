// Bundles what tsc has checked: dist/index.js for packages, and the one module
// that the daemon serves as /auth/client.js. Prints what each export weighs,
// and fails if refine's adapter has grown too large. With --check the daemon's
// module is compared and not written.
import { build } from 'esbuild';
import { gzipSync } from 'node:zlib';
import { readFileSync, writeFileSync } from 'node:fs';

const limit = 6000; // bytes, gzipped
const common = { bundle: true, format: 'esm', target: 'es2020', write: false, legalComments: 'none' };
const bytes = async (options) => (await build({ ...common, ...options })).outputFiles[0].contents;

const whole = await bytes({ entryPoints: ['src/index.ts'], minify: true });
const served = '../core/httpapi/client.js';
const banner = '// @authd/client, Apache-2.0. Made from client/ of github.com/authd-go/authd.\n';
const module = banner + Buffer.from(whole).toString();
if (!process.argv.includes('--check')) {
  writeFileSync(served, module);
} else if (readFileSync(served, 'utf8') !== module) {
  console.error(`${served} is not what these sources make; run npm run build`);
  process.exitCode = 1;
}
writeFileSync('dist/index.js', await bytes({ entryPoints: ['src/index.ts'] }));

let tooLarge = false;
for (const name of ['createAuthProvider', 'createLegacyAuthProvider', 'createFetch', 'attachAxios', 'createReactAdminProvider']) {
  const stdin = { contents: `export { ${name} } from './dist/index.js'`, resolveDir: '.' };
  const size = gzipSync(await bytes({ stdin, minify: true })).length;
  tooLarge ||= name === 'createAuthProvider' && size > limit;
  console.log(`${name}: ${size} bytes gzipped`);
}
console.log(`everything: ${gzipSync(whole).length} bytes gzipped`);
if (tooLarge) {
  console.error(`createAuthProvider is larger than ${limit} bytes`);
  process.exitCode = 1;
}
