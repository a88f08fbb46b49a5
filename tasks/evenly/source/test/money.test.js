import assert from 'node:assert/strict';
import test from 'node:test';
import { AmountError, parseAmount, toDecimal } from '../shared/money.js';

test('parseAmount reads text in minor units of the currency', () => {
  assert.equal(parseAmount('12', 'EUR'), 1200);
  assert.equal(parseAmount('12.5', 'EUR'), 1250);
  assert.equal(parseAmount('12,50', 'EUR'), 1250);
  assert.equal(parseAmount(' 1 250.05 ', 'EUR'), 125005);
  assert.equal(parseAmount('1250', 'JPY'), 1250);
  assert.equal(parseAmount('1.25', 'KWD'), 1250);
});

test('parseAmount refuses what is not an amount of the currency', () => {
  for (const text of ['', '-1', '1.', '1.2.3', 'ten', '1e3']) {
    assert.throws(() => parseAmount(text, 'EUR'), AmountError, text);
  }
  assert.throws(() => parseAmount('12.505', 'EUR'), /at most 2 decimals/);
  assert.throws(() => parseAmount('12.5', 'JPY'), /no decimals/);
  assert.throws(() => parseAmount('99999999999999', 'EUR'), /too large/);
  assert.throws(() => parseAmount('1', 'XXX'), RangeError);
});

test('toDecimal is the inverse of parseAmount', () => {
  assert.equal(toDecimal(5, 'EUR'), '0.05');
  assert.equal(toDecimal(-125005, 'EUR'), '-1250.05');
  assert.equal(toDecimal(1250, 'JPY'), '1250');
  assert.equal(toDecimal(1250, 'KWD'), '1.250');
  for (const currency of ['EUR', 'JPY', 'KWD']) {
    for (const amount of [1, 99, 100, 12345]) assert.equal(parseAmount(toDecimal(amount, currency), currency), amount);
  }
});
