import { isCurrency } from './currencies.js';
import { isCalendarDate } from './dates.js';
import { involvedIn } from './members.js';
import { AmountError, parseAmount } from './money.js';
import { fold, matchesQuery } from './search.js';
import { normalizeTag, tagsOf } from './tags.js';

/**
 * The filters of a search over groups, each empty when it does not apply. Amounts are kept as
 * they were typed: what "12.50" means depends on the currency of the expense it is compared with.
 */
export const NO_FILTERS = { q: '', group: '', member: '', tag: '', currency: '', from: '', to: '', min: '', max: '' };

/** Reads filters from the query of an address, leaving out what cannot be meant. */
export function filtersFrom(params) {
  const filters = Object.fromEntries(Object.keys(NO_FILTERS).map((name) => [name, (params.get(name) ?? '').trim()]));
  if (!isCurrency(filters.currency)) filters.currency = '';
  if (!isCalendarDate(filters.from)) filters.from = '';
  if (!isCalendarDate(filters.to)) filters.to = '';
  return filters;
}

/** The query of an address for some filters: only what applies, in a fixed order. */
export function queryOf(filters) {
  const given = Object.keys(NO_FILTERS).map((name) => [name, (filters[name] ?? '').trim()]);
  return new URLSearchParams(given.filter(([, value]) => value !== '')).toString();
}

export function isFiltered(filters) {
  return queryOf(filters) !== '';
}

/** An amount as it was typed in minor units, or `otherwise` when it is empty or none in that currency. */
function bound(text, currency, otherwise) {
  if (text === '') return otherwise;
  try {
    return parseAmount(text, currency);
  } catch (error) {
    if (error instanceof AmountError) return otherwise;
    throw error;
  }
}

function hasMember(expense, name, members) {
  const wanted = fold(name);
  const involved = involvedIn(expense);
  return members.some((member) => involved.has(member.id) && fold(member.name) === wanted);
}

/** True when an expense of `group` passes every filter. Both ends of a range belong to it. */
export function passes(expense, group, filters) {
  const { q, member, tag, currency, from, to, min, max } = filters;
  if (filters.group !== '' && group.id !== filters.group) return false;
  if (currency !== '' && expense.currency !== currency) return false;
  if (from !== '' && expense.date < from) return false;
  if (to !== '' && expense.date > to) return false;
  if (expense.amount < bound(min, expense.currency, 0)) return false;
  if (expense.amount > bound(max, expense.currency, Infinity)) return false;
  if (tag !== '' && !tagsOf(expense).includes(normalizeTag(tag))) return false;
  if (member !== '' && !hasMember(expense, member, group.members)) return false;
  return matchesQuery(expense, q, group.members);
}

/** What the expenses come to in each currency, in the order of the currencies' codes. */
export function totalsByCurrency(expenses) {
  const totals = {};
  for (const { currency, amount } of expenses) totals[currency] = (totals[currency] ?? 0) + amount;
  return Object.entries(totals).sort(([a], [b]) => (a < b ? -1 : 1));
}
