import { sum } from './money.js';
import { allocate } from './split.js';

/**
 * A receipt as it is read from a photo: `{ lines: [{ text, amount }], tax, tip, total }`, all
 * of it in minor units of one currency. Its lines are assigned to members as an array with the
 * ids of whoever shares each line, in the order of the lines.
 */

/** What the lines, the tax and the tip come to. */
export function receiptTotal({ lines, tax, tip }) {
  return sum(lines.map((line) => line.amount)) + tax + tip;
}

/** How far the printed total is from what the receipt adds up to; 0 for one that was read well. */
export function receiptGap(receipt) {
  return receipt.total - receiptTotal(receipt);
}

/** The lines, by their index, that nobody has been assigned to yet. */
export function unassignedLines({ lines }, assigned) {
  return [...lines.keys()].filter((index) => (assigned[index] ?? []).length === 0);
}

/** What each member has of the lines alone; those who share a line share it equally. */
export function lineTotals({ lines }, assigned) {
  const totals = {};
  for (const [index, line] of lines.entries()) {
    const sharers = assigned[index] ?? [];
    if (sharers.length === 0) continue;
    const parts = allocate(
      line.amount,
      sharers.map(() => 1),
    );
    for (const [place, id] of sharers.entries()) totals[id] = (totals[id] ?? 0) + parts[place];
  }
  return totals;
}

/**
 * What each member owes of a receipt: their lines, and of tax and tip as much as their lines
 * are of all lines. The parts add up to `receiptTotal` exactly. Throws while a line has nobody.
 *
 * @returns {Record<string, number>} by member, without those who owe nothing
 */
export function splitReceipt(receipt, assigned) {
  if (unassignedLines(receipt, assigned).length > 0) throw new RangeError('Every line must be assigned to somebody');
  const totals = lineTotals(receipt, assigned);
  const ids = Object.keys(totals);
  const weights = ids.map((id) => totals[id]);
  const taxes = allocate(receipt.tax, weights);
  const tips = allocate(receipt.tip, weights);
  const owed = ids.map((id, index) => [id, totals[id] + taxes[index] + tips[index]]);
  return Object.fromEntries(owed.filter(([, amount]) => amount > 0));
}
