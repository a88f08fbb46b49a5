import { webcrypto } from 'node:crypto';
import { createApp } from '../server/app.js';
import { Store } from '../server/store.js';
import { createApi } from '../web/api.js';

// Browsers and later versions of Node have it there; Node 18 does not.
globalThis.crypto ??= webcrypto;

/** A listening server without a front end, and the page's own client talking to it. */
export async function start(t, { site = new Map() } = {}) {
  const server = createApp({ store: new Store(), site });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const origin = `http://127.0.0.1:${server.address().port}`;
  return { origin, api: createApi({ base: `${origin}/api` }) };
}

export async function startWithGroup(t) {
  const { origin, api } = await start(t);
  const group = await api.createGroup({ name: 'Trip', currency: 'EUR', members: ['Ana', 'Bruno'] });
  const [ana, bruno] = group.members.map(({ id }) => id);
  const dinner = {
    description: 'Dinner',
    amount: 3000,
    currency: 'EUR',
    paidBy: ana,
    date: '2024-03-01',
    split: { mode: 'equal', members: [ana, bruno] },
  };
  return { origin, api, group, ana, bruno, dinner };
}

/** Sends JSON, with any headers, past the client; the answer comes with its body read. */
export async function post(url, body, headers = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

/** What `localStorage` does, in memory. */
export function memoryBackend() {
  const items = new Map();
  return {
    getItem: (name) => items.get(name) ?? null,
    setItem: (name, value) => items.set(name, value),
    removeItem: (name) => items.delete(name),
  };
}
