import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createApp } from './app.js';
import { loadSite } from './static.js';
import { Store } from './store.js';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const port = Number(process.env.PORT ?? 4180);
const dataHome = process.env.XDG_DATA_HOME ?? path.join(homedir(), '.local', 'share');
const dataFile = path.resolve(process.env.EVENLY_DATA ?? path.join(dataHome, 'evenly', 'evenly.json'));

function fail(error) {
  console.error(`Evenly cannot start: ${error.message}`);
  process.exit(1);
}

async function start() {
  const site = loadSite(path.join(root, 'dist'));
  const store = await Store.open(dataFile);
  const server = createApp({ store, site });

  server.on('error', fail);
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
}

start().catch(fail);
