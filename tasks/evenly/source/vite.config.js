import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { checkServer } from './scripts/checkServer.mjs';

const root = path.dirname(fileURLToPath(import.meta.url));
const api = `http://127.0.0.1:${process.env.PORT ?? 4180}`;

export default defineConfig({
  root: path.join(root, 'web'),
  envDir: root,
  publicDir: false,
  plugins: [checkServer(root)],
  server: { port: 5173, proxy: { '/api': api }, fs: { allow: [root] } },
  build: {
    outDir: path.join(root, 'dist'),
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: false,
    reportCompressedSize: false,
  },
});
