import { minorDigits } from '../shared/currencies.js';

export function formatMoney(amount, currency, locale) {
  const digits = minorDigits(currency);
  return new Intl.NumberFormat(locale, {
    style: 'currency',
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(amount / 10 ** digits);
}

/** A net position in words: "is owed €5.00", "owes €5.00" or "is settled up". */
export function formatPosition(net, currency, locale) {
  if (net === 0) return 'is settled up';
  return `${net > 0 ? 'is owed' : 'owes'} ${formatMoney(Math.abs(net), currency, locale)}`;
}

export function formatDate(value, locale) {
  return new Date(value).toLocaleDateString(locale, { day: 'numeric', month: 'short', year: 'numeric' });
}

/** The heading of a month given as `YYYY-MM`. */
export function formatMonth(month, locale) {
  return new Date(`${month}-01`).toLocaleDateString(locale, { month: 'long', year: 'numeric' });
}

export function formatCount(count, singular, plural = `${singular}s`) {
  return `${count} ${count === 1 ? singular : plural}`;
}
