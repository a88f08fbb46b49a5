/**
 * A reference backend for Evenly Cloud: enough of it, in memory and with the same answers
 * every time, to record what the page and the cloud say to each other.
 */
import { createServer } from 'node:http';
import { createWorld } from './world.mjs';

export const BASE = '/v1';
export const PUBLIC_ORIGIN = 'https://api.evenly.example';

const CORS = { 'access-control-allow-origin': '*' };
const PREFLIGHT = {
  ...CORS,
  'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
  'access-control-allow-headers': 'authorization, content-type',
  'access-control-max-age': '600',
};

class Refusal extends Error {
  constructor(status, message, fields) {
    super(message);
    this.status = status;
    this.fields = fields;
  }
}

const refuse = (field, message) => new Refusal(422, 'Some fields are not right', { [field]: message });

function rateOf(world, currency) {
  if (currency === 'EUR') return 1;
  const rate = world.rates.eur[currency];
  if (rate === undefined) throw refuse('base', 'is not a known currency');
  return Number(rate);
}

/** The table for any base; for EUR the rates are given out as they are written. */
function ratesFor(world, base) {
  const { date, eur } = world.rates;
  if (base === 'EUR') return { base, date, rates: eur };
  const of = rateOf(world, base);
  const others = ['EUR', ...Object.keys(eur)].filter((currency) => currency !== base).sort();
  return {
    base,
    date,
    rates: Object.fromEntries(others.map((currency) => [currency, (rateOf(world, currency) / of).toFixed(6)])),
  };
}

function uploadReceipt(world, { body, type }) {
  if (!type.startsWith('image/')) throw new Refusal(415, 'Send a photo');
  const read = world.readReceipt();
  if (!read) throw new Refusal(422, 'Nothing could be read on this photo');
  const id = world.nextId('rcp');
  const receipt = { id, ...read, imageUrl: `${PUBLIC_ORIGIN}${BASE}/receipts/${id}/image` };
  world.uploaded.set(id, { receipt, photo: { type, body } });
  return receipt;
}

function uploadedReceipt(world, id) {
  const found = world.uploaded.get(id);
  if (!found) throw new Refusal(404, 'There is no such receipt');
  return found;
}

function requestPayment(world, { amount, currency, from, to, note }) {
  if (!Number.isSafeInteger(amount) || amount <= 0)
    throw refuse('amount', 'must be a positive whole number of minor units');
  const id = world.nextId('pay');
  return { id, amount, currency, from, to, note, url: `https://pay.evenly.example/${id}`, createdAt: world.instant() };
}

/** The endpoints: `[method, path, answer, open?]`. Those that are open need no token. */
const ENDPOINTS = [
  [
    'POST',
    '/sessions/codes',
    (world, { json }) => {
      if (!/^\S+@\S+$/.test(json.email ?? '')) throw refuse('email', 'is not an e-mail address');
      return { status: 202, value: { sent: true } };
    },
    true,
  ],
  [
    'POST',
    '/sessions',
    (world, { json }) => {
      if (json.code !== world.code) throw refuse('code', 'is not the one that was sent');
      const token = world.signIn(json.email);
      return { status: 201, value: { token, me: world.accountFor(token).me } };
    },
    true,
  ],
  [
    'DELETE',
    '/sessions/current',
    (world, { token }) => {
      world.signOut(token);
      return { status: 204 };
    },
  ],
  ['GET', '/me', (world, { account }) => ({ value: account.me })],
  [
    'PATCH',
    '/me',
    (world, { account, json }) => {
      if (typeof json.name !== 'string' || json.name.trim() === '') throw refuse('name', 'must not be empty');
      account.me = { ...account.me, name: json.name.trim() };
      return { value: account.me };
    },
  ],
  ['GET', '/me/settings', (world, { account }) => ({ value: account.settings })],
  [
    'PUT',
    '/me/settings',
    (world, { account, json }) => {
      account.settings = { settings: json, updatedAt: world.instant() };
      return { value: account.settings };
    },
  ],
  ['GET', '/rates', (world, { query }) => ({ value: ratesFor(world, query.get('base') ?? 'EUR') }), true],
  ['POST', '/receipts', (world, request) => ({ status: 201, value: uploadReceipt(world, request) })],
  ['GET', '/receipts/:id', (world, { id }) => ({ value: uploadedReceipt(world, id).receipt })],
  ['GET', '/receipts/:id/image', (world, { id }) => ({ file: uploadedReceipt(world, id).photo }), true],
  ['POST', '/payment-requests', (world, { json }) => ({ status: 201, value: requestPayment(world, json) })],
  [
    'GET',
    '/activity',
    (world, { query }) => {
      const names = query.getAll('groups');
      return { value: { entries: world.activity.filter(({ group }) => names.includes(group)) } };
    },
  ],
];

function match(method, pathname) {
  for (const [allowed, pattern, answer, open = false] of ENDPOINTS) {
    const fits = new RegExp(`^${pattern.replace(':id', '([^/]+)')}$`).exec(pathname);
    if (fits && allowed === method) return { answer, open, id: fits[1] };
  }
  throw new Refusal(404, 'There is nothing at this address');
}

function parse(body) {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new Refusal(400, 'The body is not valid JSON');
  }
}

function answerTo(world, req, body) {
  const url = new URL(req.url, PUBLIC_ORIGIN);
  const { answer, open, id } = match(req.method, url.pathname.slice(BASE.length));
  const token = req.headers.authorization?.replace(/^Bearer /, '');
  const account = world.accountFor(token);
  if (!open && !account) throw new Refusal(401, 'Please sign in');
  const type = req.headers['content-type'] ?? '';
  const json = type === 'application/json' ? parse(body) : {};
  return answer(world, { account, token, id, query: url.searchParams, body, type, json });
}

function send(res, { status = 200, value, file }) {
  if (file) res.writeHead(status, { ...CORS, 'content-type': file.type });
  else if (value === undefined) res.writeHead(status, CORS);
  else
    res.writeHead(status, { ...CORS, 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
  res.end(file ? file.body : value && JSON.stringify(value));
}

/** A server with a world of its own. `failNext` lets it fail once, as a real one does now and then. */
export function createCloudServer(given) {
  const world = createWorld(given);
  let failure = null;

  async function handle(req, res) {
    const chunks = [];
    for await (const chunk of req) chunks.push(chunk);
    res.sendDate = false;
    if (req.method === 'OPTIONS') {
      res.writeHead(204, PREFLIGHT);
      res.end();
      return;
    }
    world.tick();
    try {
      if (failure !== null) throw new Refusal(failure, 'Evenly Cloud has a problem');
      send(res, answerTo(world, req, Buffer.concat(chunks)));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      send(res, { status: error.status, value: { error: error.message, fields: error.fields } });
    } finally {
      failure = null;
    }
  }

  const server = createServer((req, res) => {
    handle(req, res).catch((error) => {
      console.error(error);
      res.destroy();
    });
  });
  return {
    server,
    instant: world.instant,
    failNext(status) {
      failure = status;
    },
  };
}
