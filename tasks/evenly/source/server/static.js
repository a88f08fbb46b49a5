import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { etagOf, namesEtag } from './conditional.js';
import { HttpError, notFound } from './http.js';

const TYPES = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
};

/** Names of files in here hold a hash of the content, so a browser never has to ask again. */
const HASHED = '/assets/';

/** The addresses of screens: each is answered with the page, whose router shows the screen. */
const SCREENS = /^\/(?:groups\/.+|search|settings|activity)$/;

/**
 * Reads a built front end into memory: what is in the folder now is what will be served,
 * by its exact path or as a screen, and nothing else of the disk. Throws if it was not built.
 *
 * @returns {Map<string, { type: string, body: Buffer, etag: string, cache: string }>} by path
 */
export function loadSite(folder) {
  let names;
  try {
    names = readdirSync(path.join(folder, 'assets'));
    const page = readFileSync(path.join(folder, 'index.html'), 'utf8');
    const needed = [...page.matchAll(/"\/assets\/([^"]+)"/g)].map(([, name]) => name);
    if (!needed.every((name) => names.includes(name))) throw new Error('Files are missing');
  } catch (cause) {
    throw new Error(`There is no built front end in ${folder}. Run \`npm run build\` first.`, { cause });
  }

  const site = new Map();
  const add = (pathname, file) => {
    const type = TYPES[path.extname(file)];
    if (!type) return;
    const body = readFileSync(path.join(folder, file));
    const cache = pathname.startsWith(HASHED) ? 'public, max-age=31536000, immutable' : 'no-cache';
    site.set(pathname, { type, body, etag: etagOf(body), cache });
  };
  add('/', 'index.html');
  for (const name of names) add(HASHED + name, path.join('assets', name));
  return site;
}

export function serveAsset(site, req, res, pathname) {
  if (req.method !== 'GET' && req.method !== 'HEAD') throw new HttpError(405, 'Allowed here: GET');
  const asset = site.get(SCREENS.test(pathname) ? '/' : pathname);
  if (!asset) throw notFound('File');

  const headers = { etag: asset.etag, 'cache-control': asset.cache, 'x-content-type-options': 'nosniff' };
  if (namesEtag(req.headers['if-none-match'], asset.etag)) {
    res.writeHead(304, headers);
    res.end();
    return;
  }
  res.writeHead(200, {
    ...headers,
    'content-type': `${asset.type}; charset=utf-8`,
    'content-length': asset.body.length,
  });
  res.end(req.method === 'HEAD' ? undefined : asset.body);
}
