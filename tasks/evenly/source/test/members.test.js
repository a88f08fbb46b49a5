import assert from 'node:assert/strict';
import test from 'node:test';
import { startWithGroup } from './helpers.js';

const isRefused = { status: 422 };

test('only who is settled up in every currency can be archived', async (t) => {
  const { api, group, ana, bruno, dinner } = await startWithGroup(t);
  await api.createExpense(group.id, { ...dinner, currency: 'USD' });
  await assert.rejects(api.updateMember(group.id, bruno, { archived: true }), { status: 409, message: /USD/ });
  await api.createPayment(group.id, { from: bruno, to: ana, amount: 1500, currency: 'USD', date: '2024-03-02' });
  const archived = await api.updateMember(group.id, bruno, { archived: true });
  assert.deepEqual(archived, { id: bruno, name: 'Bruno', archived: true });
  assert.deepEqual(await api.updateMember(group.id, bruno, { archived: false, name: 'B.' }), {
    id: bruno,
    name: 'B.',
    archived: false,
  });
  await assert.rejects(api.updateMember(group.id, bruno, {}), isRefused);
  await assert.rejects(api.updateMember(group.id, bruno, { archived: 'yes' }), isRefused);
});

test('an archived member takes part in nothing new, and stays in what there was', async (t) => {
  const { api, group, ana, bruno, dinner } = await startWithGroup(t);
  const only = { ...dinner, paidBy: bruno, split: { mode: 'equal', members: [bruno] } };
  const old = await api.createExpense(group.id, only);
  const rule = await api.createRecurring(group.id, { every: 'week', start: '2024-03-04', expense: dinner });
  await api.updateMember(group.id, bruno, { archived: true });

  await assert.rejects(api.createExpense(group.id, dinner), isRefused);
  await assert.rejects(api.createExpense(group.id, only), isRefused);
  const payment = { from: ana, to: bruno, amount: 1, currency: 'EUR', date: '2024-03-02' };
  await assert.rejects(api.createPayment(group.id, payment), isRefused);
  assert.equal((await api.updateExpense(group.id, old.id, { ...only, note: 'late' })).note, 'late');

  assert.deepEqual(await api.runRecurring(group.id, '2024-03-31'), {
    created: 0,
    blocked: [{ id: rule.id, members: [bruno] }],
    complete: true,
  });
  await api.importCsv(group.id, 'date,description,amount,paid by\n2024-03-01,Taxi,9,Ana\n');
  const { expenses } = await api.listExpenses(group.id, 'taxi');
  assert.deepEqual(expenses[0].split.members, [ana]);

  await api.updateMember(group.id, bruno, { archived: false });
  assert.equal((await api.runRecurring(group.id, '2024-03-31')).created, 4);
});
