import assert from 'node:assert/strict';
import test from 'node:test';
import { isTag, tagsOf } from '../shared/tags.js';
import { startWithGroup } from './helpers.js';

test('tags are the words with a hash', () => {
  assert.deepEqual(tagsOf({ description: '#Café with #team-2', note: '(#CAFÉ, #cafe) a#b ##x #1' }), ['café', 'team-2', 'cafe']);
  assert.deepEqual(tagsOf({ description: 'Dinner' }), []);
  assert.ok(isTag('food') && !isTag('Food') && !isTag('') && !isTag('1st') && !isTag('a'.repeat(41)));
});

test('a month is summed up per currency, tag and member', async (t) => {
  const { api, group, ana, bruno, dinner } = await startWithGroup(t);
  await api.createExpense(group.id, { ...dinner, description: 'Dinner #food #fun', amount: 3001 });
  await api.createExpense(group.id, { ...dinner, amount: 500, note: '#food' });
  await api.createExpense(group.id, { ...dinner, amount: 250 });
  await api.createExpense(group.id, { ...dinner, currency: 'USD', amount: 700, note: '#food' });
  await api.createExpense(group.id, { ...dinner, date: '2024-04-01', note: '#food' });
  await api.putBudget(group.id, { tag: '#Food', currency: 'EUR', amount: 9999 });
  const budget = await api.putBudget(group.id, { tag: 'food', currency: 'EUR', amount: 3000 });

  const summary = await api.getSummary(group.id, '2024-03');
  assert.deepEqual(summary.currencies, [
    { currency: 'EUR', total: 3751, untagged: 250, tags: { food: 3501, fun: 3001 }, members: { [ana]: 1876, [bruno]: 1875 } },
    { currency: 'USD', total: 700, untagged: 0, tags: { food: 700 }, members: { [ana]: 350, [bruno]: 350 } },
  ]);
  assert.deepEqual(summary.budgets, [{ ...budget, month: '2024-03', spent: 3501, left: -501 }]);

  await assert.rejects(api.getSummary(group.id, '2024-3'), { status: 422 });
  await assert.rejects(api.putBudget(group.id, { tag: '#', currency: 'X', amount: 0 }), (error) => {
    assert.deepEqual(Object.keys(error.fields).sort(), ['amount', 'currency', 'tag']);
    return true;
  });
  await api.deleteBudget(group.id, budget.id);
  await assert.rejects(api.deleteBudget(group.id, budget.id), { status: 404 });
});
