// Bundles the app into dist/.
import { build } from 'esbuild';
import { writeFileSync } from 'node:fs';

await build({
  entryPoints: ['src/app.js'], bundle: true, format: 'esm', outdir: 'dist', logLevel: 'warning',
  alias: { '@authd/client': '../../../client/dist/index.js' },
  define: { 'process.env.NODE_ENV': '"production"' },
});
writeFileSync('dist/index.html', '<!doctype html><html lang="en"><head><title>react-admin</title><link rel="icon" href="data:,"></head><body><div id="root"></div><script type="module" src="/app.js"></script></body></html>\n');
