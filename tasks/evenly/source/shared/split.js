import { sum } from './money.js';

export const SPLIT_MODES = ['equal', 'shares', 'exact'];
export const MAX_SHARES = 1000;

/**
 * Divides `total` in proportion to integer `weights` so that the parts are integers
 * and add up to `total` exactly (largest remainder; ties go to the earlier part).
 */
export function allocate(total, weights) {
  const weightSum = sum(weights);
  if (weightSum <= 0) throw new RangeError('At least one weight must be positive');

  const parts = weights.map((weight, index) => {
    const product = total * weight;
    return { index, amount: Math.floor(product / weightSum), remainder: product % weightSum };
  });

  const left = total - sum(parts.map((part) => part.amount));
  const byRemainder = [...parts].sort((a, b) => b.remainder - a.remainder || a.index - b.index);
  for (const part of byRemainder.slice(0, left)) part.amount += 1;

  return parts.map((part) => part.amount);
}

/** What each participant of an expense owes for it, as `{ memberId: amount }`. */
export function owedBy({ amount, split }) {
  switch (split.mode) {
    case 'equal': {
      const parts = allocate(amount, split.members.map(() => 1));
      return Object.fromEntries(split.members.map((id, index) => [id, parts[index]]));
    }
    case 'shares': {
      const ids = Object.keys(split.shares);
      const parts = allocate(amount, ids.map((id) => split.shares[id]));
      return Object.fromEntries(ids.map((id, index) => [id, parts[index]]));
    }
    case 'exact':
      return { ...split.amounts };
    default:
      throw new RangeError(`Unknown split mode: ${split.mode}`);
  }
}

/** Ids of everyone an expense is split between. */
export function participants(split) {
  switch (split.mode) {
    case 'equal':
      return [...split.members];
    case 'shares':
      return Object.keys(split.shares);
    case 'exact':
      return Object.keys(split.amounts);
    default:
      throw new RangeError(`Unknown split mode: ${split.mode}`);
  }
}
