// Bundles each client's page. The clients are as published; axios and React are shared.
import { build } from 'esbuild';
import { readdirSync } from 'node:fs';

const entryPoints = readdirSync('clients').filter((f) => /-(\d|cookie|bearer)\.js$|^vuexy/.test(f)).map((f) => `clients/${f}`);
await build({
  entryPoints, bundle: true, format: 'esm', outdir: 'dist', logLevel: 'warning',
  alias: { '@authd/client': '../../../client/dist/index.js' },
  define: { 'process.env.NODE_ENV': '"production"' },
});
