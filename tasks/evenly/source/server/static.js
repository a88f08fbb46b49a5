import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { HttpError, notFound } from './http.js';

const TYPES = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
};

/** Only these folders are reachable from the browser. */
const PUBLIC = ['web', 'shared'];

function resolve(root, pathname) {
  if (pathname === '/') return path.join(root, 'web', 'index.html');
  let decoded;
  try {
    decoded = decodeURIComponent(pathname);
  } catch {
    throw new HttpError(400, 'Malformed address');
  }
  if (decoded.includes('\0')) throw notFound('File');
  const file = path.join(root, decoded);
  const isPublic = PUBLIC.some((folder) => file.startsWith(path.join(root, folder) + path.sep));
  if (!isPublic) throw notFound('File');
  return file;
}

export async function serveStatic(root, req, res, pathname) {
  if (req.method !== 'GET' && req.method !== 'HEAD') throw new HttpError(405, 'Allowed here: GET');
  const file = resolve(root, pathname);
  const type = TYPES[path.extname(file)];
  if (!type) throw notFound('File');

  let body;
  try {
    body = await readFile(file);
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'EISDIR' || error.code === 'ENOTDIR') throw notFound('File');
    throw error;
  }
  res.writeHead(200, {
    'content-type': `${type}; charset=utf-8`,
    'content-length': body.length,
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
  });
  res.end(req.method === 'HEAD' ? undefined : body);
}
