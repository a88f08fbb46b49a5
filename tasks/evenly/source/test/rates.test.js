import assert from 'node:assert/strict';
import test from 'node:test';
import { sum } from '../shared/money.js';
import { balancesIn, convert, hasRate } from '../shared/rates.js';

const table = { base: 'EUR', date: '2024-05-17', rates: { USD: '1.0850', JPY: '169.35', KWD: '0.3334', GBP: '0.5' } };

test('amounts are converted between currencies of any number of decimals', () => {
  assert.equal(convert(10000, 'EUR', 'USD', table), 10850);
  assert.equal(convert(10850, 'USD', 'EUR', table), 10000);
  assert.equal(convert(1000, 'EUR', 'JPY', table), 1694);
  assert.equal(convert(100, 'EUR', 'KWD', table), 333);
  assert.equal(convert(16935, 'JPY', 'EUR', table), 10000);
  assert.equal(convert(1234, 'EUR', 'EUR', table), 1234);
});

test('halves are rounded away from zero', () => {
  assert.equal(convert(1, 'EUR', 'GBP', table), 1);
  assert.equal(convert(3, 'EUR', 'GBP', table), 2);
  assert.equal(convert(-3, 'EUR', 'GBP', table), -2);
  assert.equal(convert(0, 'EUR', 'USD', table), 0);
});

test('balances in one currency sum to zero whatever is rounded', () => {
  const ledgers = [
    { currency: 'USD', net: { a: 1000, b: -333, c: -667 } },
    { currency: 'JPY', net: { a: -100, b: 51, c: 49 } },
    { currency: 'EUR', net: { a: 5, b: 0, c: -5 } },
  ];
  for (const currency of ['EUR', 'USD', 'JPY', 'KWD']) {
    const { net, missing } = balancesIn(currency, ledgers, table);
    assert.equal(sum(Object.values(net)), 0, currency);
    assert.deepEqual(missing, []);
  }
  assert.deepEqual(balancesIn('EUR', ledgers, table).net, { a: 868, b: -277, c: -591 });
});

test('a currency without a rate is left out and named', () => {
  const ledgers = [
    { currency: 'EUR', net: { a: 5, b: -5 } },
    { currency: 'ISK', net: { a: 700, b: -700 } },
  ];
  assert.deepEqual(balancesIn('EUR', ledgers, table), { net: { a: 5, b: -5 }, missing: ['ISK'] });
  assert.ok(!hasRate(table, 'ISK'));
  assert.throws(() => convert(1, 'EUR', 'ISK', table), RangeError);
});
