import assert from 'node:assert/strict';
import test from 'node:test';
import { readExpense, previewSplit, readSplit } from '../web/expenseDraft.js';
import { matchRoute, movedTo } from '../web/router.js';
import { SCREENS } from '../web/screens.js';
import { createStorage } from '../web/storage.js';
import { describeActivity } from '../web/views/activity.js';
import { draftOf } from '../web/views/expenseForm.js';
import { useReceipt } from '../web/views/receiptPanel.js';
import { readPayment } from '../web/views/settle.js';
import { memoryBackend } from './helpers.js';

const group = {
  id: 'g1',
  currency: 'EUR',
  members: [
    { id: 'ana', name: 'Ana' },
    { id: 'bruno', name: 'Bruno' },
    { id: 'old', name: 'Old', archived: true },
  ],
};
const draft = (change) => ({
  ...draftOf(undefined, group),
  description: 'Dinner',
  amount: '30,01',
  date: '2024-03-01',
  ...change,
});

test('addresses lead to their screens', () => {
  const paramsOf = (pathname) => {
    const { path, params } = matchRoute(SCREENS, pathname);
    return [path, params];
  };
  assert.deepEqual(paramsOf('/'), ['/', {}]);
  assert.deepEqual(paramsOf('/groups/a%20b/settle'), ['/groups/:groupId/settle', { groupId: 'a b' }]);
  assert.equal(paramsOf('/groups/1/expenses/new')[0], '/groups/:groupId/expenses/new');
  assert.deepEqual(paramsOf('/groups/1/expenses/2')[1], { groupId: '1', expenseId: '2' });
  assert.equal(paramsOf('/search/')[0], '/search');
  for (const pathname of ['/groups', '/groups/1/2', '/settings/1', '/groups/%'])
    assert.equal(matchRoute(SCREENS, pathname), null);
});

test('addresses of earlier versions have moved', () => {
  assert.equal(movedTo('#/groups/1/overview'), '/groups/1/overview');
  assert.equal(movedTo('#/'), '/');
  assert.equal(movedTo('#main'), null);
  assert.equal(movedTo(''), null);
});

test('a draft starts with everybody who is active, or with the expense', () => {
  assert.deepEqual(draft().members, ['ana', 'bruno']);
  const split = { mode: 'exact', amounts: { ana: 1000, old: 250 } };
  const edited = draftOf(
    { description: 'Taxi', amount: 1250, currency: 'EUR', paidBy: 'old', date: '2024-03-01', split },
    group,
  );
  assert.deepEqual([edited.amount, edited.amounts], ['12.50', { ana: '10.00', old: '2.50' }]);
  assert.deepEqual(readExpense(edited).fields.split, split);
});

test('a preview shows who owes what and what is left', () => {
  assert.deepEqual(previewSplit(draft()), { owed: { ana: 1501, bruno: 1500 }, left: 0, problem: null });
  assert.deepEqual(previewSplit(draft({ amount: '' })), { owed: {}, left: null, problem: null });
  const exact = draft({ mode: 'exact', amounts: { ana: '10', bruno: '' } });
  assert.deepEqual(previewSplit(exact), { owed: { ana: 1000 }, left: 2001, problem: null });
  assert.equal(previewSplit({ ...exact, amounts: { ana: '40' } }).left, -999);
  assert.equal(previewSplit(draft({ members: [] })).problem, 'Choose who takes part');
});

test('shares and amounts are read as they were typed', () => {
  assert.deepEqual(readSplit(draft({ mode: 'shares', shares: { ana: '2', bruno: ' ' } })), {
    mode: 'shares',
    shares: { ana: 2 },
  });
  assert.throws(() => readSplit(draft({ mode: 'shares', shares: { ana: '1.5' } })), /whole numbers/);
  assert.throws(() => readSplit(draft({ mode: 'exact', amounts: { ana: '1.234' } })), /at most 2 decimals/);
});

test('what is wrong with a draft is said by field', () => {
  assert.deepEqual(readExpense(draft()).errors, {});
  const errors = (change) => Object.keys(readExpense(draft(change)).errors);
  assert.deepEqual(errors({ description: ' ', amount: '0', date: '' }), ['description', 'amount', 'date']);
  assert.deepEqual(errors({ mode: 'exact', amounts: { ana: '30' } }), ['split']);
  assert.deepEqual(errors({ amount: 'ten' }), ['amount']);
});

test('a receipt fills in an expense, without what was typed already', () => {
  const receipt = {
    id: 'rcp_7',
    merchant: 'Trattoria',
    date: '2024-05-16',
    currency: 'CHF',
    lines: [
      { text: 'Pizza', amount: 2000 },
      { text: 'Water', amount: 500 },
    ],
    tax: 250,
    tip: 0,
    total: 2750,
  };
  const filled = draft({ note: 'with Zoë' });
  useReceipt(filled, receipt, [['ana'], ['ana', 'bruno']]);
  assert.deepEqual(filled.amounts, { ana: '24.75', bruno: '2.75' });
  const { fields, errors } = readExpense(filled);
  assert.deepEqual(errors, {});
  assert.deepEqual(
    [fields.description, fields.amount, fields.currency, fields.note],
    ['Dinner', 2750, 'CHF', 'with Zoë, receipt rcp_7'],
  );
  useReceipt(filled, receipt, [['ana'], ['ana']]);
  assert.equal(filled.note, 'with Zoë, receipt rcp_7');
});

test('a payment needs an amount and a date', () => {
  assert.deepEqual(readPayment({ amount: '12,50', date: '2024-03-01' }, 'EUR'), {
    amount: 1250,
    date: '2024-03-01',
    errors: {},
  });
  assert.deepEqual(Object.keys(readPayment({ amount: '0', date: '' }, 'EUR').errors), ['amount', 'date']);
  assert.match(readPayment({ amount: '1.5', date: '2024-03-01' }, 'JPY').errors.amount, /no decimals/);
});

test('entries of the feed are sentences, also those of kinds that are not known yet', () => {
  assert.equal(
    describeActivity({ kind: 'member.added', actor: 'Ana', subject: 'Bruno' }),
    'Ana added Bruno to the group',
  );
  assert.match(
    describeActivity({ kind: 'expense.created', actor: 'Ana', subject: 'Tea', amount: 250, currency: 'EUR' }),
    /added “Tea”, .*2[.,]50/,
  );
  assert.equal(
    describeActivity({ kind: 'other', actor: 'Ana', subject: 'did it', amount: 5, currency: 'XXX' }),
    'Ana: did it',
  );
});

test('a browser that stores nothing breaks nothing', () => {
  const storage = createStorage({
    getItem() {
      throw new Error('denied');
    },
    setItem() {
      throw new Error('denied');
    },
  });
  storage.write('a', 1);
  assert.equal(storage.read('a', 2), 2);
  const backend = memoryBackend();
  backend.setItem('evenly.a', '{');
  assert.equal(createStorage(backend).read('a'), null);
});
