import assert from 'node:assert/strict';
import { request } from 'node:http';
import test from 'node:test';
import { post, start, startWithGroup } from './helpers.js';

test('a request with a key is carried out once', async (t) => {
  const { origin, api, group, dinner } = await startWithGroup(t);
  const url = `${origin}/api/groups/${group.id}/expenses`;
  const key = { 'idempotency-key': 'tablet-1' };
  const first = await post(url, dinner, key);
  assert.equal(first.headers.get('idempotency-replayed'), null);
  await api.deleteExpense(group.id, first.body.id);
  const again = await post(url, dinner, key);
  assert.deepEqual([again.status, again.body], [201, first.body]);
  assert.equal(again.headers.get('idempotency-replayed'), 'true');
  assert.equal((await api.listExpenses(group.id)).total, 0);

  assert.equal((await post(url, { ...dinner, amount: 1 }, key)).status, 422);
  assert.equal((await post(url, dinner, { 'idempotency-key': 'two words' })).status, 400);
  assert.equal((await post(url, dinner)).status, 201);
});

test('a key belongs to an address, and a refused request does not use it up', async (t) => {
  const { origin, group, dinner } = await startWithGroup(t);
  const other = await startWithGroup(t);
  const key = { 'idempotency-key': '1' };
  const url = `${origin}/api/groups/${group.id}/expenses`;
  assert.equal((await post(url, { ...dinner, amount: 0 }, key)).status, 422);
  assert.equal((await post(url, dinner, key)).status, 201);
  const copy = await post(`${origin}/api/groups`, { name: 'Copy', currency: 'EUR' }, key);
  assert.equal(copy.status, 201);
  assert.equal((await post(`${other.origin}/api/groups`, { name: 'Copy', currency: 'EUR' }, key)).status, 201);
});

test('requests whose bodies arrive in another order than their headers count once', async (t) => {
  const { origin, api } = await start(t);
  const body = JSON.stringify({ name: 'Trip', currency: 'EUR' });
  const headers = { 'content-type': 'application/json', 'idempotency-key': 'slow', expect: '100-continue' };
  const slow = request(`${origin}/api/groups`, { method: 'POST', headers });
  slow.flushHeaders();
  await new Promise((resolve) => slow.once('continue', resolve));
  const fast = await post(`${origin}/api/groups`, JSON.parse(body), { 'idempotency-key': 'slow' });
  assert.equal(fast.status, 201);
  slow.end(body);
  const response = await new Promise((resolve) => slow.once('response', resolve));
  response.resume();
  assert.equal(response.statusCode, 201);
  assert.equal((await api.listGroups()).groups.length, 1);
});
