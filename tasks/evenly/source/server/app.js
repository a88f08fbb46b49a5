import { createServer } from 'node:http';
import { HttpError, sendError } from './http.js';
import { createRoutes } from './routes.js';
import { serveAsset } from './static.js';

/** An HTTP server for the API and a built front end (from `loadSite`); the caller makes it listen. */
export function createApp({ store, site }) {
  const routes = createRoutes(store);

  async function handle(req, res) {
    let url;
    try {
      url = new URL(req.url, 'http://evenly.local');
    } catch {
      throw new HttpError(400, 'Malformed address');
    }
    if (!url.pathname.startsWith('/api/')) {
      serveAsset(site, req, res, url.pathname);
      return;
    }
    const { handler, params } = routes.match(req.method, url.pathname);
    await handler({ req, res, params, path: url.pathname, query: url.searchParams });
  }

  return createServer((req, res) => {
    handle(req, res).catch((error) => sendError(res, error));
  });
}
