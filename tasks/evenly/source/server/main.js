import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createApp } from './app.js';
import { Store } from './store.js';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const port = Number(process.env.PORT ?? 4180);
const dataFile = path.resolve(process.env.EVENLY_DATA ?? path.join(root, 'data', 'evenly.json'));

const store = await Store.open(dataFile);
const server = createApp({ store, root });

server.listen(port, '127.0.0.1', () => {
  console.log(`Evenly is at http://127.0.0.1:${server.address().port}/ (data in ${dataFile})`);
});

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    server.close();
    server.closeIdleConnections();
    store.flush().then(() => process.exit(0));
  });
}
