import assert from 'node:assert/strict';
import test from 'node:test';
import { startWithGroup } from './helpers.js';

async function filled(t) {
  const context = await startWithGroup(t);
  const { api, group, ana, bruno, dinner } = context;
  await api.createExpense(group.id, { ...dinner, split: { mode: 'shares', shares: { [ana]: 2, [bruno]: 1 } } });
  await api.importCsv(group.id, 'date,description,amount,paid by,Ana,Bruno\n2024-03-02,Taxi #way,9,Bruno,4,5\n');
  await api.createPayment(group.id, { from: bruno, to: ana, amount: 500, currency: 'EUR', date: '2024-03-03' });
  await api.createRecurring(group.id, { every: 'month', start: '2024-01-31', expense: dinner });
  await api.runRecurring(group.id, '2024-02-29');
  await api.putBudget(group.id, { tag: 'way', currency: 'EUR', amount: 1000 });
  const backup = await (await fetch(api.backupUrl(group.id))).json();
  return { ...context, backup };
}

const restore = (api, backup) => api.restoreGroup(JSON.stringify(backup));
const positions = (net, members) => members.map(({ id }) => net[id]);

test('a restored group is worth the same and shares no id with the original', async (t) => {
  const { origin, api, group, backup } = await filled(t);
  const copy = await restore(api, backup);
  const [before] = (await api.getBalances(group.id)).currencies;
  const [after] = (await api.getBalances(copy.id)).currencies;
  assert.deepEqual(positions(after.net, copy.members), positions(before.net, group.members));

  const copied = await (await fetch(api.backupUrl(copy.id))).text();
  const { expenses } = JSON.parse(copied);
  const strip = (text) => JSON.stringify(JSON.parse(text, (key, value) => (key === 'formerIds' ? undefined : value)));
  for (const { id } of [group, ...group.members, ...backup.expenses, ...backup.recurring, ...backup.payments]) {
    assert.ok(!strip(copied).includes(id), id);
  }
  for (const [index, expense] of expenses.entries()) assert.equal(expense.createdAt, backup.expenses[index].createdAt);

  const csv = await (await fetch(api.exportUrl(group.id))).text();
  assert.deepEqual(await api.importCsv(copy.id, csv), { imported: 0, skipped: 4, errors: [] });
  assert.equal((await api.runRecurring(copy.id, '2024-02-29')).created, 0);
  assert.equal((await api.runRecurring(copy.id, '2024-03-31')).created, 1);
  assert.equal((await fetch(`${origin}/api/groups`)).status, 200);
});

test('a backup in an earlier schema is migrated, a later one refused', async (t) => {
  const { api } = await filled(t);
  const old = {
    format: 'evenly-backup',
    groups: [{ id: 'g', name: 'Old', currency: 'EUR', members: [{ id: 'a', name: 'Ana' }, { id: 'b', name: 'Bea' }] }],
    expenses: [
      { id: 'e', groupId: 'g', description: 'Tea', amount: 500, currency: 'EUR', paidBy: 'a', date: '2020-01-01', splitBetween: ['a', 'b'] },
    ],
  };
  const group = await restore(api, old);
  assert.equal((await api.getBalances(group.id)).currencies[0].net[group.members[1].id], -250);
  await assert.rejects(restore(api, { ...old, schemaVersion: 99 }), { status: 422, message: /schema version 99/ });
});

test('a damaged backup is refused as a whole', async (t) => {
  const { api, backup } = await filled(t);
  const change = (edit) => {
    const copy = structuredClone(backup);
    edit(copy);
    return copy;
  };
  const damaged = [
    {},
    { ...backup, format: 'other' },
    { ...backup, groups: [] },
    { ...backup, payments: {} },
    { ...backup, recurring: undefined },
    { ...backup, schemaVersion: 1, groups: 'x' },
    change(({ groups }) => (groups[0].members[1].id = groups[0].members[0].id)),
    change(({ groups }) => delete groups[0].members[0].id),
    change(({ groups }) => (groups[0].members[0] = null)),
    change(({ payments }) => (payments[0].to = 'nobody')),
    change(({ recurring }) => (recurring[0].expense = null)),
    change(({ budgets }) => (budgets[0].amount = -1)),
  ];
  for (const [index, value] of damaged.entries()) {
    await assert.rejects(restore(api, value), { status: 422 }, String(index));
  }
  const wrong = change(({ expenses }) => (expenses[1].paidBy = 'nobody'));
  await assert.rejects(restore(api, wrong), { fields: { 'expenses.1': 'paidBy must be a member of the group' } });
  assert.equal((await api.listGroups()).groups.length, 1);
});
