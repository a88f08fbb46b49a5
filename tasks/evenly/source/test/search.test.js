import assert from 'node:assert/strict';
import test from 'node:test';
import { NO_FILTERS } from '../shared/filters.js';
import { createConnection } from '../web/connection.js';
import { searchAll } from '../web/searchAll.js';
import { startWithGroup } from './helpers.js';

test('a search goes over all groups and all of their expenses', async (t) => {
  const { api, group, bruno, dinner } = await startWithGroup(t);
  const home = await api.createGroup({ name: 'Home', currency: 'CHF', members: ['Zoe'] });
  const [{ id: zoe }] = home.members;
  const rent = {
    description: 'Rent dinner table',
    amount: 90000,
    currency: 'CHF',
    paidBy: zoe,
    date: '2024-04-01',
    split: { mode: 'equal', members: [zoe] },
  };
  await api.createExpense(home.id, rent);
  await api.createExpense(group.id, dinner);
  await api.createExpense(group.id, {
    ...dinner,
    description: 'Taxi',
    date: '2024-02-01',
    split: { mode: 'equal', members: [bruno] },
  });

  const { groups } = await api.listGroups();
  const found = async (filters) => {
    const hits = await searchAll(api, groups, { ...NO_FILTERS, ...filters });
    return hits.map((hit) => `${hit.group.name}: ${hit.expense.description}`);
  };
  assert.deepEqual(await found({ q: 'dinner' }), ['Home: Rent dinner table', 'Trip: Dinner']);
  assert.deepEqual(await found({ q: 'dinner', group: group.id }), ['Trip: Dinner']);
  assert.deepEqual(await found({ member: 'Bruno' }), ['Trip: Dinner', 'Trip: Taxi']);
  assert.deepEqual(await found({ min: '30.01' }), ['Home: Rent dinner table']);
  assert.deepEqual(await found({ group: 'gone' }), []);
});

test('all pages of a long list are searched', async () => {
  const expense = (id) => ({
    id,
    description: id,
    note: '',
    amount: 1,
    currency: 'EUR',
    paidBy: 'a',
    date: '2024-03-01',
    createdAt: id,
    split: { mode: 'equal', members: ['a'] },
  });
  const pages = {
    undefined: { expenses: [expense('3'), expense('2')], next: 'c' },
    c: { expenses: [expense('1')], next: null },
  };
  const api = { listExpenses: async (groupId, query, { cursor }) => pages[cursor] };
  const hits = await searchAll(api, [{ id: 'g1', members: [{ id: 'a', name: 'Ana' }] }], {
    ...NO_FILTERS,
    member: 'Ana',
  });
  assert.deepEqual(
    hits.map((hit) => hit.expense.id),
    ['3', '2', '1'],
  );
});

test('a lost connection is noticed once, and tried again until it is back', (t) => {
  t.mock.method(globalThis, 'setInterval', (again) => {
    again();
    return 1;
  });
  let pings = 0;
  let back = 0;
  const connection = createConnection({ ping: () => (pings += 1), onBack: () => (back += 1) });
  const states = [];
  connection.subscribe(({ reachable }) => states.push(reachable));
  for (const reachable of [true, false, false, true, true]) connection.report(reachable);
  assert.deepEqual([states, pings, back], [[false, true], 1, 1]);
});
