import process from 'node:process';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// One origin for the page, authd and the API. The Host header stays the
// page's, so that authd sees requests of its own origin.
const port = Number(process.env.PORT ?? 5173);

export default defineConfig({
  plugins: [react()],
  server: {
    port,
    strictPort: true,
    proxy: {
      '/auth': { target: `http://127.0.0.1:${port + 1}`, changeOrigin: false },
      '/api': { target: `http://127.0.0.1:${port + 2}`, changeOrigin: false },
    },
  },
});
