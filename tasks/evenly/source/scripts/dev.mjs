/**
 * The development server: the page with hot reloading from vite, and the API beside it.
 * The data is kept in data/dev.json, away from that of an installed Evenly.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';
import { createApp } from '../server/app.js';
import { Store } from '../server/store.js';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const port = Number(process.env.PORT ?? 4180);
const store = await Store.open(path.resolve(process.env.EVENLY_DATA ?? path.join(root, 'data', 'dev.json')));

createApp({ store, site: new Map() }).listen(port, '127.0.0.1', () => {
  console.log(`The API is at http://127.0.0.1:${port}/api`);
});

const page = await createServer({ configFile: path.join(root, 'vite.config.js'), configLoader: 'native' });
await page.listen();
page.printUrls();
