import assert from 'node:assert/strict';
import test from 'node:test';
import { groupByMonth, isCalendarDate, today } from '../shared/dates.js';
import { matchesQuery } from '../shared/search.js';
import { formatCount, formatMoney, formatPosition } from '../web/format.js';

test('calendar dates', () => {
  for (const date of ['2024-02-29', '2023-12-31', '2000-01-01']) assert.ok(isCalendarDate(date), date);
  for (const date of ['2023-02-29', '2024-13-01', '2024-00-10', '2024-1-1', '2024-01-01T00:00:00Z', 20240101]) {
    assert.ok(!isCalendarDate(date), String(date));
  }
  assert.equal(today(new Date(2024, 2, 1, 23, 59)), '2024-03-01');
});

test('groupByMonth keeps the order of the records', () => {
  const records = ['2024-03-02', '2024-03-01', '2024-02-28'].map((date) => ({ date }));
  assert.deepEqual(groupByMonth(records).map(([month, items]) => [month, items.length]), [['2024-03', 2], ['2024-02', 1]]);
});

test('search ignores case and accents and wants every word', () => {
  const members = [{ id: 'a', name: 'Zoë' }];
  const expense = { description: 'Café Müller', note: 'with cake', currency: 'EUR', date: '2024-03-01', paidBy: 'a' };
  for (const query of ['', 'cafe', 'MULLER cake', 'zoe', '2024-03', 'eur']) assert.ok(matchesQuery(expense, query, members), query);
  for (const query of ['tea', 'cafe tea']) assert.ok(!matchesQuery(expense, query, members), query);
});

test('money is formatted with the decimals of its currency', () => {
  assert.equal(formatMoney(125005, 'EUR', 'en-GB'), '€1,250.05');
  assert.equal(formatMoney(1250, 'JPY', 'en-US'), '¥1,250');
  assert.match(formatMoney(1250, 'KWD', 'en-US'), /1\.250/);
  assert.equal(formatPosition(-500, 'GBP', 'en-GB'), 'owes £5.00');
  assert.equal(formatPosition(0, 'GBP', 'en-GB'), 'is settled up');
  assert.equal(formatCount(1, 'expense'), '1 expense');
  assert.equal(formatCount(0, 'expense'), '0 expenses');
});
