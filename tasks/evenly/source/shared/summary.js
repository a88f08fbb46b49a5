import { monthOf } from './dates.js';
import { sum } from './money.js';
import { owedBy } from './split.js';
import { tagsOf } from './tags.js';

/**
 * What a group spent in one month, per currency: in total, per tag, and what each member's
 * part of it is. An expense counts for each of its tags, so tags may add up to more than
 * the total; expenses without a tag are in `untagged`.
 *
 * @returns {Record<string, { total: number, untagged: number, tags: Record<string, number>,
 *   members: Record<string, number> }>} by currency
 */
export function summarizeMonth(expenses, month) {
  const result = {};
  for (const expense of expenses) {
    if (monthOf(expense.date) !== month) continue;
    const entry = (result[expense.currency] ??= { total: 0, untagged: 0, tags: {}, members: {} });
    const tags = tagsOf(expense);
    entry.total += expense.amount;
    if (tags.length === 0) entry.untagged += expense.amount;
    for (const tag of tags) entry.tags[tag] = (entry.tags[tag] ?? 0) + expense.amount;
    for (const [memberId, owed] of Object.entries(owedBy(expense))) {
      entry.members[memberId] = (entry.members[memberId] ?? 0) + owed;
    }
  }
  return result;
}

/** What a budget allows in `month`, what was spent, and what is left (negative when overspent). */
export function budgetStatus(budget, expenses, month) {
  const counted = expenses.filter(
    (expense) =>
      monthOf(expense.date) === month && expense.currency === budget.currency && tagsOf(expense).includes(budget.tag),
  );
  const spent = sum(counted.map((expense) => expense.amount));
  return { ...budget, month, spent, left: budget.amount - spent };
}
