import assert from 'node:assert/strict';
import test from 'node:test';
import { balancesByCurrency } from '../shared/balances.js';
import { sum } from '../shared/money.js';
import { suggestTransfers } from '../shared/settle.js';

const members = ['a', 'b', 'c'].map((id) => ({ id, name: id.toUpperCase() }));
const equally = (amount, currency, paidBy) => ({ amount, currency, paidBy, split: { mode: 'equal', members: ['a', 'b', 'c'] } });

test('balances are kept per currency and sum to zero', () => {
  const balances = balancesByCurrency(members, [equally(3000, 'EUR', 'a'), equally(100, 'EUR', 'b'), equally(900, 'JPY', 'c')]);
  assert.deepEqual(balances.JPY, { a: -300, b: -300, c: 600 });
  assert.deepEqual(balances.EUR, { a: 1966, b: -933, c: -1033 });
  for (const net of Object.values(balances)) assert.equal(sum(Object.values(net)), 0);
});

test('a payment moves both positions towards zero', () => {
  const payments = [{ from: 'b', to: 'a', amount: 1000, currency: 'EUR' }];
  assert.deepEqual(balancesByCurrency(members, [equally(3000, 'EUR', 'a')], payments).EUR, { a: 1000, b: 0, c: -1000 });
});

test('transfers settle every balance', () => {
  const net = { a: 1966, b: -933, c: -1033, d: 500, e: -500 };
  const transfers = suggestTransfers(net);
  assert.ok(transfers.length <= 4);
  for (const { from, to, amount } of transfers) {
    net[from] += amount;
    net[to] -= amount;
  }
  assert.deepEqual(Object.values(net), [0, 0, 0, 0, 0]);
});

test('transfers can be rounded to whole units', () => {
  assert.deepEqual(suggestTransfers({ a: 1966, b: -1966 }, { wholeUnits: true }), [{ from: 'b', to: 'a', amount: 2000 }]);
  assert.deepEqual(suggestTransfers({ a: 40, b: -40 }, { wholeUnits: true }), []);
});

test('nothing to settle gives no transfers', () => {
  assert.deepEqual(suggestTransfers({ a: 0, b: 0 }), []);
  assert.deepEqual(suggestTransfers({}), []);
});
