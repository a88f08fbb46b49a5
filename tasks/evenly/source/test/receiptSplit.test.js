import assert from 'node:assert/strict';
import test from 'node:test';
import { sum } from '../shared/money.js';
import { lineTotals, receiptGap, receiptTotal, splitReceipt, unassignedLines } from '../shared/receipts.js';

const receipt = {
  lines: [
    { text: 'Pizza', amount: 1250 },
    { text: 'Water', amount: 400 },
    { text: 'Tiramisu', amount: 650 },
  ],
  tax: 230,
  tip: 300,
  total: 2830,
};
const assigned = [['ana'], ['ana', 'bruno', 'chiara'], ['bruno']];

test('a receipt adds up, or tells how far it is off', () => {
  assert.equal(receiptTotal(receipt), 2830);
  assert.equal(receiptGap(receipt), 0);
  assert.equal(receiptGap({ ...receipt, total: 2800 }), -30);
});

test('lines are shared equally, to the last cent', () => {
  assert.deepEqual(lineTotals(receipt, assigned), { ana: 1384, bruno: 783, chiara: 133 });
});

test('tax and tip follow the lines, and everything adds up', () => {
  const owed = splitReceipt(receipt, assigned);
  assert.equal(sum(Object.values(owed)), 2830);
  assert.deepEqual(owed, { ana: 1384 + 139 + 181, bruno: 783 + 78 + 102, chiara: 133 + 13 + 17 });
});

test('odd cents of the tax go to the largest remainders', () => {
  const thirds = { lines: [1, 2, 3].map((n) => ({ text: `Tea ${n}`, amount: 300 })), tax: 100, tip: 2, total: 1002 };
  assert.deepEqual(splitReceipt(thirds, [['a'], ['b'], ['c']]), { a: 335, b: 334, c: 333 });
});

test('a line without anybody is named and cannot be split', () => {
  const open = [['ana'], [], undefined];
  assert.deepEqual(unassignedLines(receipt, open), [1, 2]);
  assert.throws(() => splitReceipt(receipt, open), RangeError);
});
