/**
 * Records what a scenario's requests are answered:
 *
 *     node tasks/evenly/cloud/record.mjs SCENARIO.json OUT.har
 *
 * Starts the reference backend on loopback, sends it each request, before it the preflight
 * that a browser would send, and writes both with the public addresses as HAR 1.2. The same
 * scenario gives the same file, byte for byte.
 *
 * A step of a scenario is `{ method, path, json?, photo?, auth?, token?, expect, fail? }`: `photo`
 * is `{ type, base64 }`, `auth` is whether the last token is sent, `token` another one to send,
 * `expect` the status that has to come, and `fail` a status that the backend is told to answer
 * instead of its own.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { BASE, createCloudServer, PUBLIC_ORIGIN } from './server.mjs';

const PAGE_ORIGIN = 'http://127.0.0.1:4180';
const KEPT_HEADERS = /^(?:content-type|cache-control|access-control-[a-z-]+)$/;

function exchange(port, { method, path, headers, body }) {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path: BASE + path, headers, agent: false }, (res) => {
      const chunks = [];
      res.on('data', (chunk) => chunks.push(chunk));
      res.on('end', () =>
        resolve({
          status: res.statusCode,
          statusText: res.statusMessage,
          headers: res.headers,
          body: Buffer.concat(chunks),
        }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const headerList = (headers) => Object.entries(headers).map(([name, value]) => ({ name, value: String(value) }));
const isText = (type) => /^(?:application\/json|text\/)/.test(type);

function contentOf({ headers, body }) {
  const mimeType = headers['content-type'] ?? 'x-unknown';
  const content = { size: body.length, mimeType };
  if (isText(mimeType) || body.length === 0) return { ...content, text: body.toString('utf8') };
  return { ...content, text: body.toString('base64'), encoding: 'base64' };
}

/** A photo is written with one character for each of its bytes, which is how replay reads it. */
function postDataOf({ headers, body }) {
  if (body === undefined) return {};
  const mimeType = headers['content-type'];
  return { postData: { mimeType, text: body.toString(isText(mimeType) ? 'utf8' : 'latin1') } };
}

function entryOf(startedDateTime, sent, got) {
  const url = new URL(PUBLIC_ORIGIN + BASE + sent.path);
  const kept = Object.entries(got.headers).filter(([name]) => KEPT_HEADERS.test(name));
  return {
    startedDateTime,
    time: 1,
    request: {
      method: sent.method,
      url: url.href,
      httpVersion: 'HTTP/1.1',
      cookies: [],
      headers: headerList({ host: url.host, ...sent.headers }),
      queryString: [...url.searchParams].map(([name, value]) => ({ name, value })),
      ...postDataOf(sent),
      headersSize: -1,
      bodySize: sent.body?.length ?? 0,
    },
    response: {
      status: got.status,
      statusText: got.statusText,
      httpVersion: 'HTTP/1.1',
      cookies: [],
      headers: headerList(Object.fromEntries(kept)),
      content: contentOf(got),
      redirectURL: '',
      headersSize: -1,
      bodySize: got.body.length,
    },
    cache: {},
    timings: { send: 0, wait: 1, receive: 0 },
  };
}

function requestOf({ method, path, json, photo }, token) {
  const headers = { origin: PAGE_ORIGIN };
  if (token) headers.authorization = `Bearer ${token}`;
  if (json !== undefined)
    return {
      method,
      path,
      headers: { ...headers, 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(json)),
    };
  if (photo)
    return {
      method,
      path,
      headers: { ...headers, 'content-type': photo.type },
      body: Buffer.from(photo.base64, 'base64'),
    };
  return { method, path, headers };
}

/** The preflight a browser sends before a request, or null if it sends none. */
function preflightOf({ method, path, headers }) {
  const { origin, ...own } = headers;
  const asked = Object.keys(own);
  if (asked.length === 0 && (method === 'GET' || method === 'POST')) return null;
  const named = asked.length > 0 ? { 'access-control-request-headers': asked.sort().join(',') } : {};
  return { method: 'OPTIONS', path, headers: { origin, 'access-control-request-method': method, ...named } };
}

async function record({ world, steps }) {
  const cloud = createCloudServer(world);
  await new Promise((resolve) => cloud.server.listen(0, '127.0.0.1', resolve));
  const { port } = cloud.server.address();
  const entries = [];
  let token = null;

  async function run(sent) {
    const got = await exchange(port, sent);
    entries.push(entryOf(cloud.instant(), sent, got));
    return got;
  }

  try {
    for (const step of steps) {
      const sent = requestOf(step, step.token ?? (step.auth ? token : null));
      const preflight = preflightOf(sent);
      if (preflight) await run(preflight);
      if (step.fail) cloud.failNext(step.fail);
      const got = await run(sent);
      if (got.status !== step.expect)
        throw new Error(`${step.method} ${step.path}: ${got.status} ${got.body}, not ${step.expect}`);
      if (step.path === '/sessions') token = JSON.parse(got.body).token ?? token;
    }
  } finally {
    cloud.server.close();
  }
  return { log: { version: '1.2', creator: { name: 'evenly-cloud', version: '1' }, entries } };
}

const [scenario, out] = process.argv.slice(2);
if (!out) {
  console.error('Usage: node record.mjs SCENARIO.json OUT.har');
  process.exit(2);
}
const har = await record(JSON.parse(readFileSync(scenario, 'utf8')));
writeFileSync(out, `${JSON.stringify(har, null, 2)}\n`);
