import assert from 'node:assert/strict';
import test from 'node:test';
import { sum } from '../shared/money.js';
import { allocate, owedBy, participants } from '../shared/split.js';

test('allocate gives what is left over to the largest remainders', () => {
  assert.deepEqual(allocate(100, [1, 1, 1]), [34, 33, 33]);
  assert.deepEqual(allocate(101, [1, 1, 1]), [34, 34, 33]);
  assert.deepEqual(allocate(10, [1, 2]), [3, 7]);
  assert.deepEqual(allocate(1, [1, 1]), [1, 0]);
  assert.throws(() => allocate(10, [0, 0]), RangeError);
});

test('allocate always adds up', () => {
  for (let total = 1; total < 200; total += 7) {
    for (const weights of [[1], [3, 1, 1], [7, 11, 13, 17], [0, 5, 1000]]) {
      assert.equal(sum(allocate(total, weights)), total);
    }
  }
});

test('owedBy follows the split mode', () => {
  assert.deepEqual(owedBy({ amount: 1001, split: { mode: 'equal', members: ['a', 'b'] } }), { a: 501, b: 500 });
  assert.deepEqual(owedBy({ amount: 900, split: { mode: 'shares', shares: { a: 2, b: 1 } } }), { a: 600, b: 300 });
  assert.deepEqual(owedBy({ amount: 900, split: { mode: 'exact', amounts: { a: 1, b: 899 } } }), { a: 1, b: 899 });
});

test('participants are those the split names', () => {
  assert.deepEqual(participants({ mode: 'equal', members: ['a', 'b'] }), ['a', 'b']);
  assert.deepEqual(participants({ mode: 'shares', shares: { b: 2 } }), ['b']);
  assert.deepEqual(participants({ mode: 'exact', amounts: { c: 5 } }), ['c']);
});
