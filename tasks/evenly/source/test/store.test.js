import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { Store } from '../server/store.js';

async function temporaryFile(t) {
  const folder = await mkdtemp(path.join(tmpdir(), 'evenly-'));
  t.after(() => rm(folder, { recursive: true }));
  return path.join(folder, 'data', 'evenly.json');
}

const expenseOf = (group, more = {}) => ({
  description: 'Dinner',
  note: '',
  amount: 1000,
  currency: 'EUR',
  paidBy: group.members[0].id,
  date: '2024-03-01',
  split: { mode: 'equal', members: group.members.map(({ id }) => id) },
  ...more,
});

test('what was stored is there after reopening', async (t) => {
  const file = await temporaryFile(t);
  const store = await Store.open(file);
  const group = store.createGroup({ name: 'Trip', currency: 'EUR', memberNames: ['Ana', 'Bruno'] });
  const expense = store.createExpense(group.id, expenseOf(group));
  store.updateExpense(group.id, expense.id, expenseOf(group, { amount: 2000 }));
  await store.flush();

  const reopened = await Store.open(file);
  assert.deepEqual(reopened.snapshot(), store.snapshot());
  const stored = reopened.getExpense(group.id, expense.id);
  assert.equal(stored.amount, 2000);
  assert.equal(stored.version, 2);
  assert.equal(expense.amount, 1000);
});

test('data of an earlier version is migrated and a copy kept', async (t) => {
  const file = await temporaryFile(t);
  await Store.open(file);
  const old = { groups: [], expenses: [{ id: 'e', groupId: 'g', amount: 5, splitBetween: ['a'] }] };
  await writeFile(file, JSON.stringify(old));

  const store = await Store.open(file);
  assert.deepEqual(store.getExpense('g', 'e').split, { mode: 'equal', members: ['a'] });
  assert.equal(JSON.parse(await readFile(file, 'utf8')).schemaVersion, 2);
  assert.deepEqual(JSON.parse(await readFile(`${file}.v1.bak`, 'utf8')), old);

  await writeFile(file, JSON.stringify({ schemaVersion: 99 }));
  await assert.rejects(Store.open(file), /schema version 99/);
});

test('expenses are listed newest first and only for their group', () => {
  let clock = 0;
  const store = new Store(undefined, { now: () => `2024-03-01T00:00:0${clock++}.000Z` });
  const [one, two] = ['One', 'Two'].map((name) => store.createGroup({ name, currency: 'EUR', memberNames: ['Ana'] }));
  const add = (description, date) => store.createExpense(one.id, expenseOf(one, { description, date }));
  add('a', '2024-03-01');
  add('b', '2024-03-02');
  add('c', '2024-03-01');
  assert.deepEqual(store.listExpenses(one.id).map(({ description }) => description), ['b', 'c', 'a']);
  assert.deepEqual(store.listExpenses(two.id), []);
});

test('a member who takes part in something stays; names are unique', () => {
  const store = new Store();
  const group = store.createGroup({ name: 'Trip', currency: 'EUR', memberNames: ['Ana', 'Bruno'] });
  const eve = store.addMember(group.id, { name: 'Eve' });
  store.createExpense(group.id, expenseOf(group));
  assert.throws(() => store.removeMember(group.id, group.members[1].id), { status: 409 });
  store.removeMember(group.id, eve.id);
  assert.equal(store.getGroup(group.id).members.length, 2);
  assert.throws(() => store.addMember(group.id, { name: 'Ana' }), { status: 422 });
  assert.throws(() => store.updateMember(group.id, group.members[0].id, { name: 'Bruno' }), { status: 422 });
});
