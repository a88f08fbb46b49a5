import { etagOf, namesEtag } from './conditional.js';

export const JSON_LIMIT = 64 * 1024;
export const CSV_LIMIT = 1024 * 1024;
export const BACKUP_LIMIT = 8 * 1024 * 1024;

/** An error with a status; `fields` names the inputs that were wrong. */
export class HttpError extends Error {
  constructor(status, message, fields) {
    super(message);
    this.name = 'HttpError';
    this.status = status;
    this.fields = fields;
  }
}

export const notFound = (what) => new HttpError(404, `${what} not found`);

function readBody(req, limit) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    let size = 0;
    const collect = (chunk) => {
      size += chunk.length;
      if (size <= limit) {
        chunks.push(chunk);
        return;
      }
      req.off('data', collect);
      req.resume();
      reject(new HttpError(413, `The request body is larger than ${limit} bytes`));
    };
    req.on('data', collect);
    req.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    req.on('error', reject);
  });
}

function requireType(req, expected) {
  const type = (req.headers['content-type'] ?? '').split(';')[0].trim().toLowerCase();
  if (type !== expected) throw new HttpError(415, `Expected a body of type ${expected}`);
}

export async function readJson(req, limit = JSON_LIMIT) {
  requireType(req, 'application/json');
  const text = await readBody(req, limit);
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new HttpError(400, 'The request body is not valid JSON');
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new HttpError(400, 'The request body must be a JSON object');
  }
  return value;
}

export async function readCsv(req, limit = CSV_LIMIT) {
  requireType(req, 'text/csv');
  return readBody(req, limit);
}

export function sendJson(res, status, value) {
  const body = JSON.stringify(value);
  res.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  });
  res.end(body);
}

/** Sends what a reader may keep, if asked whether it is still the same: 304 without a body when it is. */
export function sendUnlessKnown(req, res, value) {
  const body = JSON.stringify(value);
  const headers = { etag: etagOf(body), 'cache-control': 'no-cache' };
  if (namesEtag(req.headers['if-none-match'], headers.etag)) {
    res.writeHead(304, headers);
    res.end();
    return;
  }
  res.writeHead(200, {
    ...headers,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  });
  res.end(body);
}

export function sendNothing(res) {
  res.writeHead(204);
  res.end();
}

export function sendDownload(res, { type, filename, body }) {
  res.writeHead(200, {
    'content-type': `${type}; charset=utf-8`,
    'content-length': Buffer.byteLength(body),
    'content-disposition': `attachment; filename="${filename}"`,
    'cache-control': 'no-store',
  });
  res.end(body);
}

export function sendError(res, error) {
  const known = error instanceof HttpError;
  if (!known) console.error(error);
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const status = known ? error.status : 500;
  if (status === 413) res.setHeader('connection', 'close');
  sendJson(res, status, {
    error: known ? error.message : 'Something went wrong',
    ...(known && error.fields ? { fields: error.fields } : {}),
  });
}
