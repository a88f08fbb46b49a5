import assert from 'node:assert/strict';
import test from 'node:test';
import { namesEtag } from '../server/conditional.js';
import { newestFirst, page } from '../server/paging.js';
import { startWithGroup } from './helpers.js';

const record = (id, date = '2024-03-01', createdAt = '2024-03-01T00:00:00.000Z') => ({ id, date, createdAt });
const query = (fields) => new URLSearchParams(fields);

test('pages follow each other whatever happens in between', () => {
  const records = [...'abcdefg'].map((id) => record(id)).sort(newestFirst);
  const first = page(records, query({ limit: 3 }));
  assert.deepEqual(first.items.map(({ id }) => id), ['g', 'f', 'e']);
  const changed = [record('new', '2024-04-01'), ...records.filter(({ id }) => id !== 'e')];
  const second = page(changed, query({ limit: 3, cursor: first.next }));
  assert.deepEqual(second.items.map(({ id }) => id), ['d', 'c', 'b']);
  const last = page(changed, query({ limit: 3, cursor: second.next }));
  assert.deepEqual(last, { items: [record('a')], next: null });
});

test('a page that holds the rest has no next one', () => {
  assert.equal(page([record('a'), record('b')], query({ limit: 2 })).next, null);
  assert.deepEqual(page([], query({})), { items: [], next: null });
});

test('limits and cursors that make no sense are refused', () => {
  for (const limit of ['0', '201', '-1', 'x', '', '1.5']) {
    assert.throws(() => page([], query({ limit })), { status: 422 }, limit);
  }
  for (const cursor of ['', 'x', 'bnVsbA', 'WzFd']) assert.throws(() => page([], query({ cursor })), { status: 422 }, cursor);
});

test('If-None-Match is compared weakly', () => {
  for (const header of ['"a"', 'W/"a"', '"b", "a"', '"x,y" , W/"a"', ' * ']) assert.ok(namesEtag(header, '"a"'), header);
  for (const header of [undefined, '', '"b"', 'a', 'W/"b", "c"']) assert.ok(!namesEtag(header, '"a"'), String(header));
});

test('a list that has not changed is not sent again', async (t) => {
  const { origin, api, group, dinner } = await startWithGroup(t);
  for (const path of ['expenses', 'payments', 'balances', 'recurring', 'budgets', 'summary?month=2024-03']) {
    const url = `${origin}/api/groups/${group.id}/${path}`;
    const headers = { 'if-none-match': (await fetch(url)).headers.get('etag') };
    assert.equal((await fetch(url, { headers })).status, 304, path);
  }
  const url = `${origin}/api/groups/${group.id}/expenses`;
  const headers = { 'if-none-match': (await fetch(url)).headers.get('etag') };
  await api.createExpense(group.id, dinner);
  assert.equal((await fetch(url, { headers })).status, 200);
});
