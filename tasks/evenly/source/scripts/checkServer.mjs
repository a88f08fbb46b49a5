import { readdirSync } from 'node:fs';
import path from 'node:path';
import { build } from 'vite';

const modulesIn = (folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.js'))
    .map((name) => path.join(folder, name));

/**
 * A plugin that sends the server and all of shared/ through the bundler before the page is
 * built, without keeping the result: what cannot be parsed, or imports something that is
 * not there, fails the build and not a user's request.
 */
export function checkServer(root) {
  return {
    name: 'evenly-check-server',
    apply: 'build',
    async buildStart() {
      await build({
        configFile: false,
        root,
        publicDir: false,
        logLevel: 'error',
        build: {
          ssr: true,
          write: false,
          minify: false,
          rollupOptions: { input: [path.join(root, 'server', 'main.js'), ...modulesIn(path.join(root, 'shared'))] },
        },
      });
    },
  };
}
