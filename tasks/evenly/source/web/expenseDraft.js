import { isCalendarDate } from '../shared/dates.js';
import { AmountError, parseAmount, sum } from '../shared/money.js';
import { MAX_SHARES, owedBy } from '../shared/split.js';

/**
 * An expense while it is being typed: `{ description, note, amount, currency, paidBy, date,
 * mode, members, shares, amounts }`. Amounts and shares are the text that was typed, and
 * `members`, `shares` and `amounts` are each kept while another mode is chosen.
 */

class SplitError extends Error {}

function readShare(text) {
  if (text.trim() === '') return 0;
  if (!/^\d+$/.test(text.trim()) || Number(text) > MAX_SHARES) {
    throw new SplitError(`Shares are whole numbers up to ${MAX_SHARES}`);
  }
  return Number(text);
}

const entriesWith = (texts, read) =>
  Object.entries(texts)
    .map(([id, text]) => [id, read(text)])
    .filter(([, value]) => value > 0);

const readPart = (currency) => (text) => (text.trim() === '' ? 0 : parseAmount(text, currency));

/** The split of a draft as the server takes it; throws what is wrong with it. */
export function readSplit({ mode, members, shares, amounts, currency }) {
  const split =
    mode === 'equal'
      ? { mode, members: [...members] }
      : mode === 'shares'
        ? { mode, shares: Object.fromEntries(entriesWith(shares, readShare)) }
        : { mode, amounts: Object.fromEntries(entriesWith(amounts, readPart(currency))) };
  const parts = split.members ?? Object.keys(split.shares ?? split.amounts);
  if (parts.length === 0) throw new SplitError('Choose who takes part');
  return split;
}

function readTotal({ amount, currency }) {
  if (amount.trim() === '') throw new AmountError('Enter an amount');
  const total = parseAmount(amount, currency);
  if (total === 0) throw new AmountError('The amount must be more than 0');
  return total;
}

const isForPeople = (error) => error instanceof AmountError || error instanceof SplitError;

function attempt(read) {
  try {
    return { value: read() };
  } catch (error) {
    if (!isForPeople(error)) throw error;
    return { problem: error.message };
  }
}

/**
 * Who owes what of a draft as it stands, and how much of the amount nobody owes yet
 * (negative when the parts come to more than the amount; null when that cannot be told).
 *
 * @returns {{ owed: Record<string, number>, left: number | null, problem: string | null }}
 */
export function previewSplit(draft) {
  const total = attempt(() => readTotal(draft));
  const split = attempt(() => readSplit(draft));
  if (split.problem) return { owed: {}, left: total.value ?? null, problem: split.problem };
  if (total.problem && draft.mode !== 'exact') return { owed: {}, left: null, problem: null };
  const owed = owedBy({ amount: total.value, split: split.value });
  return { owed, left: total.problem ? null : total.value - sum(Object.values(owed)), problem: null };
}

/**
 * Checks a whole draft.
 *
 * @returns {{ fields: object | null, errors: Record<string, string> }} the expense as the server
 *   takes it, or what is wrong by field
 */
export function readExpense(draft) {
  const errors = {};
  const total = attempt(() => readTotal(draft));
  const split = attempt(() => readSplit(draft));
  if (draft.description.trim() === '') errors.description = 'Enter what it was for';
  if (total.problem) errors.amount = total.problem;
  if (!isCalendarDate(draft.date)) errors.date = 'Enter a date';
  if (split.problem) errors.split = split.problem;
  else if (!total.problem && previewSplit(draft).left !== 0) errors.split = 'The parts must add up to the amount';
  if (Object.keys(errors).length > 0) return { fields: null, errors };

  const { description, note, currency, paidBy, date } = draft;
  return { fields: { description, note, amount: total.value, currency, paidBy, date, split: split.value }, errors };
}
