import { minorDigits } from '../shared/currencies.js';

const DATE_STYLES = {
  medium: { day: 'numeric', month: 'short', year: 'numeric' },
  long: { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' },
  numeric: { day: '2-digit', month: '2-digit', year: 'numeric' },
};

/** How numbers and dates are written; `useFormats` follows the preferences. */
let formats = { language: undefined, dateFormat: 'medium' };

export function useFormats({ language, dateFormat }) {
  formats = { language, dateFormat };
}

export function formatMoney(amount, currency, locale = formats.language) {
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

export function formatDate(value, locale = formats.language) {
  if (formats.dateFormat === 'iso') return new Date(value).toLocaleDateString('sv-SE');
  return new Date(value).toLocaleDateString(locale, DATE_STYLES[formats.dateFormat]);
}

/** The time of day of an instant, where the page is. */
export function formatTime(instant, locale = formats.language) {
  return new Date(instant).toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit' });
}

/** The heading of a month given as `YYYY-MM`. */
export function formatMonth(month, locale = formats.language) {
  return new Date(`${month}-01`).toLocaleDateString(locale, { month: 'long', year: 'numeric' });
}

export function formatCount(count, singular, plural = `${singular}s`) {
  return `${count} ${count === 1 ? singular : plural}`;
}
