import assert from 'node:assert/strict';
import test from 'node:test';
import { filtersFrom, isFiltered, NO_FILTERS, passes, queryOf, totalsByCurrency } from '../shared/filters.js';
import { highlight } from '../shared/highlight.js';

const group = {
  id: 'g1',
  members: [
    { id: 'a', name: 'Zoë' },
    { id: 'b', name: 'Bruno' },
    { id: 'c', name: 'Chiara' },
  ],
};
const dinner = {
  description: 'Café Müller #food',
  note: '',
  amount: 4250,
  currency: 'EUR',
  paidBy: 'a',
  date: '2024-03-10',
  split: { mode: 'equal', members: ['a', 'b'] },
};
const found = (filters) => passes(dinner, group, { ...NO_FILTERS, ...filters });

test('each filter lets through what it is about', () => {
  for (const filters of [
    {},
    { q: 'cafe' },
    { group: 'g1' },
    { member: 'zoe' },
    { tag: '#Food' },
    { currency: 'EUR' },
  ]) {
    assert.ok(found(filters), JSON.stringify(filters));
  }
  for (const filters of [{ q: 'taxi' }, { group: 'g2' }, { member: 'Chiara' }, { tag: 'fo' }, { currency: 'USD' }]) {
    assert.ok(!found(filters), JSON.stringify(filters));
  }
});

test('both ends of a range belong to it', () => {
  assert.ok(found({ from: '2024-03-10', to: '2024-03-10', min: '42.50', max: '42,50' }));
  assert.ok(!found({ from: '2024-03-11' }));
  assert.ok(!found({ to: '2024-03-09' }));
  assert.ok(!found({ min: '42.51' }));
  assert.ok(!found({ max: '42.49' }));
});

test('bounds mean units of the currency of each expense', () => {
  const ramen = { ...dinner, amount: 1200, currency: 'JPY' };
  assert.ok(passes(ramen, group, { ...NO_FILTERS, min: '1200', max: '1200' }));
  assert.ok(!passes(ramen, group, { ...NO_FILTERS, min: '1201' }));
});

test('filters survive the way through an address', () => {
  const filters = { ...NO_FILTERS, q: 'café & bar', tag: 'food', from: '2024-03-01', min: '12,50' };
  assert.deepEqual(filtersFrom(new URLSearchParams(queryOf(filters))), filters);
  assert.equal(queryOf(NO_FILTERS), '');
  assert.ok(!isFiltered(filtersFrom(new URLSearchParams('from=soon&currency=XXX&other=1'))));
});

test('sums are kept apart by currency', () => {
  const expenses = [dinner, { ...dinner, currency: 'CHF', amount: 5 }, { ...dinner, amount: 50 }];
  assert.deepEqual(totalsByCurrency(expenses), [
    ['CHF', 5],
    ['EUR', 4300],
  ]);
});

test('what was found is marked where it is written', () => {
  const marked = (text, query) =>
    highlight(text, query)
      .map(({ text: piece, match }) => (match ? `[${piece}]` : piece))
      .join('');
  assert.equal(marked('Café Müller', 'mull CAFE'), '[Café] [Müll]er');
  assert.equal(marked('Cafe\u0301 bar', 'cafe'), '[Cafe\u0301] bar');
  assert.equal(marked('banana', 'an ana'), 'b[anana]');
  assert.equal(marked('Dinner', ''), 'Dinner');
  assert.equal(marked('', 'x'), '');
});
