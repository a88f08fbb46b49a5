import assert from 'node:assert/strict';
import test from 'node:test';
import { ApiError, createApi } from '../web/api.js';
import { createOutbox } from '../web/outbox.js';
import { createStorage } from '../web/storage.js';
import { createStore, PAGE_SIZE } from '../web/store.js';
import { memoryBackend, startWithGroup } from './helpers.js';

/** A `fetch` whose connection can be cut, before a request is sent or after it was carried out. */
function unreliable() {
  const line = { state: 'up', fetch };
  line.fetch = async (url, init) => {
    if (line.state === 'down') throw new TypeError('no connection');
    const response = await fetch(url, init);
    if (line.state === 'answers are lost') throw new TypeError('no connection');
    return response;
  };
  return line;
}

async function page(t) {
  const server = await startWithGroup(t);
  const line = unreliable();
  const reached = [];
  const api = createApi({
    base: `${server.origin}/api`,
    fetch: line.fetch,
    onConnection: (reachable) => reached.push(reachable),
  });
  const storage = createStorage(memoryBackend());
  const outbox = createOutbox({ api, storage });
  const store = createStore(api, outbox);
  await store.openGroup(server.group.id);
  return { ...server, line, reached, client: api, storage, outbox, store };
}

test('an expense that cannot be sent waits, and is sent once', async (t) => {
  const { api, group, dinner, line, reached, outbox, store } = await page(t);
  line.state = 'down';
  assert.equal(await store.saveExpense(dinner), false);
  assert.equal(reached.at(-1), false);
  await outbox.flush();
  assert.equal(outbox.entriesOf(group.id).length, 1);
  assert.deepEqual(outbox.entriesOf('other'), []);

  line.state = 'up';
  await Promise.all([outbox.flush(), outbox.flush()]);
  assert.deepEqual(outbox.state.entries, []);
  assert.equal((await api.listExpenses(group.id)).total, 1);
  assert.equal(reached.at(-1), true);
});

test('an expense that arrived, but whose answer was lost, is not created again', async (t) => {
  const { api, group, dinner, line, outbox, store } = await page(t);
  line.state = 'answers are lost';
  assert.equal(await store.saveExpense(dinner), false);
  await outbox.flush();
  line.state = 'up';
  await outbox.flush();
  assert.deepEqual(outbox.state.entries, []);
  assert.equal((await api.listExpenses(group.id)).total, 1);
});

test('entries outlive the page, and two tabs send each of them once', async (t) => {
  const { api, group, dinner, line, client, storage, store } = await page(t);
  line.state = 'down';
  await store.saveExpense(dinner);
  await store.saveExpense({ ...dinner, description: 'Taxi' });
  line.state = 'up';
  const tabs = [createOutbox({ api: client, storage }), createOutbox({ api: client, storage })];
  await Promise.all(tabs.map((tab) => tab.flush()));
  const { expenses } = await api.listExpenses(group.id);
  assert.deepEqual(expenses.map(({ description }) => description).sort(), ['Dinner', 'Taxi']);
  assert.deepEqual(storage.read('outbox'), []);
});

test('what the server refuses stays with the reason, and lets the others through', async (t) => {
  const { api, group, dinner, outbox } = await page(t);
  outbox.add('key-1', group.id, { ...dinner, paidBy: 'nobody' });
  outbox.add('key-2', group.id, dinner);
  await outbox.flush();
  assert.deepEqual(
    outbox.state.entries.map(({ key, problem }) => [key, problem]),
    [['key-1', 'Some fields are not right']],
  );
  assert.equal((await api.listExpenses(group.id)).total, 1);
  outbox.discard('key-1');
  assert.deepEqual(outbox.state.entries, []);
});

test('a server that has a problem is asked again later', async () => {
  let status = 503;
  const api = {
    createExpense: async () => {
      if (status !== 201) throw new ApiError(status, 'not now');
    },
  };
  const outbox = createOutbox({ api, storage: createStorage(memoryBackend()) });
  outbox.add('key-1', 'g1', {});
  for (status of [503, 429, 0]) {
    await outbox.flush();
    assert.equal(outbox.state.entries[0].problem, null, String(status));
  }
  status = 201;
  await outbox.flush();
  assert.deepEqual(outbox.state.entries, []);
});

test('a group is shown page by page, and a refresh keeps what is shown', async (t) => {
  const { api, group, dinner, store } = await page(t);
  for (let number = 0; number <= PAGE_SIZE; number += 1)
    await api.createExpense(group.id, { ...dinner, description: `Tea ${number}` });
  await store.refresh();
  assert.deepEqual([store.state.expenses.length, store.state.total], [PAGE_SIZE, PAGE_SIZE + 1]);
  await store.showMore();
  assert.deepEqual([store.state.expenses.length, store.state.next], [PAGE_SIZE + 1, null]);
  await store.refresh();
  assert.equal(store.state.expenses.length, PAGE_SIZE + 1);
  assert.equal(new Set(store.state.expenses.map(({ id }) => id)).size, PAGE_SIZE + 1);
});

test('a refresh without news redraws nothing', async (t) => {
  const { api, group, dinner, store } = await page(t);
  let draws = 0;
  store.subscribe(() => {
    draws += 1;
  });
  await store.refresh();
  assert.equal(draws, 0);
  await api.createExpense(group.id, dinner);
  await store.refresh();
  assert.equal(draws, 1);
});

test('the list of groups knows what is left to settle', async (t) => {
  const { group, ana, bruno, dinner, store } = await page(t);
  await store.saveExpense(dinner);
  await store.loadGroups();
  assert.deepEqual(store.state.openAmounts, { [group.id]: [['EUR', 1500]] });
  await store.openGroup(group.id);
  await store.recordPayment({ from: bruno, to: ana, amount: 1500, currency: 'EUR', date: '2024-03-02' });
  await store.loadGroups();
  assert.deepEqual(store.state.openAmounts, { [group.id]: [] });
});
