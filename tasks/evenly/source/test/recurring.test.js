import assert from 'node:assert/strict';
import test from 'node:test';
import { addDays, addMonths, isMonth } from '../shared/dates.js';
import { datesDue, describeSchedule } from '../shared/recurrence.js';
import { startWithGroup } from './helpers.js';

const monthly = { every: 'month', interval: 1, start: '2024-01-31', until: null };

test('days and months are added on the calendar', () => {
  assert.equal(addDays('2024-02-28', 1), '2024-02-29');
  assert.equal(addDays('2024-12-31', 1), '2025-01-01');
  assert.equal(addMonths('2024-01-31', 1), '2024-02-29');
  assert.equal(addMonths('2023-12-15', 1), '2024-01-15');
  assert.equal(addMonths('2024-02-29', 12), '2025-02-28');
  assert.ok(isMonth('2024-12'));
  assert.ok(!isMonth('2024-13') && !isMonth('2024-1') && !isMonth(null));
});

test('dates are counted from the start', () => {
  assert.deepEqual(datesDue(monthly, { upTo: '2024-05-01' }), ['2024-01-31', '2024-02-29', '2024-03-31', '2024-04-30']);
  assert.deepEqual(datesDue(monthly, { after: '2024-02-29', upTo: '2024-12-31', limit: 1 }), ['2024-03-31']);
  const leap = { ...monthly, every: 'year', start: '2024-02-29' };
  assert.deepEqual(datesDue(leap, { after: '2026-01-01', upTo: '2028-12-31' }), ['2026-02-28', '2027-02-28', '2028-02-29']);
  const weekly = { every: 'week', interval: 2, start: '2024-02-20', until: '2024-03-05' };
  assert.deepEqual(datesDue(weekly, { upTo: '2024-12-31' }), ['2024-02-20', '2024-03-05']);
  assert.equal(describeSchedule(weekly), 'every 2 weeks from 2024-02-20 until 2024-03-05');
});

test('a rule makes each expense once', async (t) => {
  const { api, group, dinner } = await startWithGroup(t);
  const { date, ...expense } = { ...dinner, description: 'Rent #home' };
  const rule = await api.createRecurring(group.id, { every: 'month', start: '2024-01-31', expense });
  assert.deepEqual(rule.next, ['2024-01-31', '2024-02-29', '2024-03-31']);
  assert.deepEqual(await api.runRecurring(group.id, '2024-02-29'), { created: 2, blocked: [], complete: true });
  const { expenses } = await api.listExpenses(group.id);
  assert.deepEqual(expenses.map((made) => made.date), ['2024-02-29', '2024-01-31']);
  assert.deepEqual(expenses[0].source, { kind: 'recurring', ruleId: rule.id, date: '2024-02-29' });

  await api.deleteExpense(group.id, expenses[0].id);
  await api.updateRecurring(group.id, rule.id, { ...rule, every: 'week' });
  assert.equal((await api.runRecurring(group.id, '2024-02-29')).created, 0);
  assert.equal((await api.runRecurring(group.id, '2024-03-06')).created, 1);

  await api.updateRecurring(group.id, rule.id, { ...rule, paused: true });
  assert.equal((await api.runRecurring(group.id, '2024-12-31')).created, 0);
  await api.deleteRecurring(group.id, rule.id);
  assert.deepEqual(await api.listRecurring(group.id), { recurring: [] });
});

test('a long overdue rule is worked off in portions', async (t) => {
  const { api, group, dinner } = await startWithGroup(t);
  await api.createRecurring(group.id, { every: 'week', start: '2000-01-03', expense: dinner });
  assert.deepEqual(await api.runRecurring(group.id, '2010-01-01'), { created: 400, blocked: [], complete: false });
  assert.equal((await api.runRecurring(group.id, '2010-01-01')).complete, true);
});

test('what is wrong with a rule is named', async (t) => {
  const { api, group, dinner } = await startWithGroup(t);
  const wrong = { every: 'day', interval: 0, start: '2024-02-30', until: 'x', paused: 1, expense: null };
  await assert.rejects(api.createRecurring(group.id, wrong), (error) => {
    assert.deepEqual(Object.keys(error.fields).sort(), ['every', 'expense', 'interval', 'paused', 'start', 'until']);
    return true;
  });
  const early = { every: 'week', start: '2024-03-01', until: '2024-02-01', expense: dinner };
  await assert.rejects(api.createRecurring(group.id, early), { fields: { until: 'must not be before the start' } });
  await assert.rejects(api.runRecurring(group.id, 'today'), { status: 422 });
});
