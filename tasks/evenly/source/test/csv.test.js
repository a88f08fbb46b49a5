import assert from 'node:assert/strict';
import test from 'node:test';
import { exportExpenses, importExpenses, parseCsv } from '../server/csv.js';

const group = { currency: 'EUR', members: [{ id: 'a', name: 'Ana' }, { id: 'b', name: 'Bruno' }] };
const dinner = {
  id: 'e1',
  date: '2024-03-01',
  description: 'Dinner, "Chez Nous"',
  note: '',
  amount: 4501,
  currency: 'EUR',
  paidBy: 'a',
  split: { mode: 'equal', members: ['a', 'b'] },
};

test('parseCsv understands quoting and line ends', () => {
  assert.deepEqual(parseCsv('\ufeffa,"b,""c"""\r\n"d\ne",\n'), [['a', 'b,"c"'], ['d\ne', '']]);
  assert.throws(() => parseCsv('a,"b'), /inside a quoted cell/);
});

test('an export lists what everyone owes', () => {
  assert.equal(
    exportExpenses(group, [dinner]),
    'evenly id,date,description,note,amount,currency,paid by,Ana,Bruno\r\n' +
      'e1,2024-03-01,"Dinner, ""Chez Nous""",,45.01,EUR,Ana,22.51,22.50\r\n',
  );
});

test('an export can be imported', () => {
  const { rows, errors } = importExpenses(group, exportExpenses(group, [dinner]));
  assert.deepEqual(errors, []);
  assert.deepEqual(rows[0].fields.split, { mode: 'exact', amounts: { a: 2251, b: 2250 } });
  assert.equal(rows[0].fields.amount, 4501);
  assert.deepEqual(rows[0].source, { kind: 'csv', line: 2, exportedId: 'e1', amount: '45.01', shares: { a: '22.51', b: '22.50' } });
});

test('rows without member columns are split equally; known ids are skipped; bad rows are reported', () => {
  const text = 'Date,Description,Amount,Paid by,evenly id\n2024-03-01,Taxi,9.5,Bruno,\n2024-03-01,Old,1,Ana,e1\n01/03/2024,Tea,x,Eve,\n';
  const { rows, skipped, errors } = importExpenses(group, text, new Set(['e1']));
  assert.equal(rows.length, 1);
  assert.equal(rows[0].fields.amount, 950);
  assert.deepEqual(rows[0].fields.split, { mode: 'equal', members: ['a', 'b'] });
  assert.equal(skipped, 1);
  assert.deepEqual(errors.map(({ line }) => line), [4]);
});

test('a file without the required columns is refused', () => {
  assert.throws(() => importExpenses(group, 'date,amount\n'), /no column: description, paid by/);
});
