import assert from 'node:assert/strict';
import test from 'node:test';
import { ApiError, createApi } from '../web/api.js';
import { createStore } from '../web/store.js';
import { start, startWithGroup } from './helpers.js';

test('expenses are created, searched, edited, deleted', async (t) => {
  const { api, group, dinner } = await startWithGroup(t);
  const created = await api.createExpense(group.id, dinner);
  assert.equal(created.version, 1);
  await api.createExpense(group.id, { ...dinner, description: 'Taxi' });
  assert.equal((await api.listExpenses(group.id)).total, 2);
  assert.deepEqual((await api.listExpenses(group.id, 'dinn')).expenses, [created]);

  const updated = await api.updateExpense(group.id, created.id, { ...dinner, amount: 5000 });
  assert.equal(updated.amount, 5000);
  assert.equal(updated.version, 2);
  await api.deleteExpense(group.id, created.id);
  assert.equal((await api.listExpenses(group.id)).total, 1);
  await assert.rejects(api.deleteExpense(group.id, created.id), { status: 404 });
});

test('balances follow expenses and payments', async (t) => {
  const { api, group, ana, bruno, dinner } = await startWithGroup(t);
  await api.createExpense(group.id, dinner);
  const [before] = (await api.getBalances(group.id)).currencies;
  assert.deepEqual(before.transfers, [{ from: bruno, to: ana, amount: 1500 }]);
  await api.createPayment(group.id, { ...before.transfers[0], currency: 'EUR', date: '2024-03-02' });
  const [after] = (await api.getBalances(group.id)).currencies;
  assert.deepEqual(after, { currency: 'EUR', net: { [ana]: 0, [bruno]: 0 }, transfers: [] });
});

test('what is wrong with an expense is named', async (t) => {
  const { api, group, ana, dinner } = await startWithGroup(t);
  const wrong = { ...dinner, amount: 10.5, paidBy: 'x', split: { mode: 'exact', amounts: { [ana]: 1 } } };
  await assert.rejects(api.createExpense(group.id, wrong), (error) => {
    assert.ok(error instanceof ApiError);
    assert.equal(error.status, 422);
    assert.deepEqual(Object.keys(error.fields).sort(), ['amount', 'paidBy', 'split']);
    return true;
  });
});

test('requests that make no sense get a fitting status', async (t) => {
  const { origin } = await start(t);
  const status = async (url, init) => (await fetch(origin + url, init)).status;
  const json = { 'content-type': 'application/json' };
  assert.equal(await status('/api/nothing'), 404);
  assert.equal(await status('/api/groups/nope'), 404);
  assert.equal(await status('/api/groups', { method: 'DELETE' }), 405);
  assert.equal(await status('/api/groups', { method: 'POST', body: '{}' }), 415);
  assert.equal(await status('/api/groups', { method: 'POST', headers: json, body: '{' }), 400);
  assert.equal(await status('/api/groups', { method: 'POST', headers: json, body: ' '.repeat(70_000) }), 413);
  assert.equal(await status('/package.json'), 404);
});

test('an export of one group imports into another, once', async (t) => {
  const { api, group, dinner } = await startWithGroup(t);
  await api.createExpense(group.id, dinner);
  const text = await (await fetch(api.exportUrl(group.id))).text();
  const copy = await api.createGroup({ name: 'Copy', currency: 'EUR', members: ['Ana', 'Bruno'] });
  assert.deepEqual(await api.importCsv(copy.id, text), { imported: 1, skipped: 0, errors: [] });
  assert.deepEqual(await api.importCsv(copy.id, text), { imported: 0, skipped: 1, errors: [] });
});

test('the client repeats a request whose connection failed, unless it creates something', async () => {
  const calls = [];
  const failing = async (url, { method }) => {
    calls.push(method);
    throw new TypeError('fetch failed');
  };
  const api = createApi({ base: '', fetch: failing });
  await assert.rejects(api.getGroup('g'), { status: 0 });
  await assert.rejects(api.createGroup({}), { status: 0 });
  assert.deepEqual(calls, ['GET', 'GET', 'POST']);
});

test('the page state follows its actions', async (t) => {
  const { api, group, dinner } = await startWithGroup(t);
  const store = createStore(api);
  await store.openGroup(group.id);
  assert.equal(store.state.group.name, 'Trip');
  await store.saveExpense(dinner);
  assert.equal(store.state.total, 1);
  assert.equal(store.state.balances[0].currency, 'EUR');
  await store.search('nothing like it');
  assert.deepEqual(store.state.expenses, []);
  await store.openGroup('nope');
  assert.equal(store.state.message, 'Group not found');
  await store.loadGroups();
  assert.equal(store.state.groups.length, 1);
  assert.equal(store.state.message, '');
});
