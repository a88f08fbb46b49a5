import { minorDigits } from './currencies.js';

/**
 * Money is an integer count of the currency's minor unit: 1250 is EUR 12.50,
 * JPY 1250 or KWD 1.250. Text becomes money in `parseAmount` and money becomes
 * text in `toDecimal`; in between there are only integers.
 */

export const MAX_AMOUNT = 1e12;

export class AmountError extends Error {
  constructor(message) {
    super(message);
    this.name = 'AmountError';
  }
}

/** Reads what a person typed ("12", "12.5", "12,50", "1 250.00") as minor units. */
export function parseAmount(text, currency) {
  const digits = minorDigits(currency);
  const compact = String(text).replace(/[\s\u00a0\u202f]/g, '');
  const match = /^(\d+)(?:[.,](\d+))?$/.exec(compact);
  if (!match) throw new AmountError(`"${text}" is not an amount`);

  const [, whole, fraction = ''] = match;
  if (fraction.length > digits) {
    throw new AmountError(
      digits === 0
        ? `${currency} amounts have no decimals`
        : `${currency} amounts have at most ${digits} decimals`,
    );
  }
  const amount = Number(whole + fraction.padEnd(digits, '0'));
  if (amount > MAX_AMOUNT) throw new AmountError('The amount is too large');
  return amount;
}

/** The plain decimal form of an amount, without grouping or symbol: "12.50", "1250", "-0.250". */
export function toDecimal(amount, currency) {
  const digits = minorDigits(currency);
  const sign = amount < 0 ? '-' : '';
  const text = String(Math.abs(amount)).padStart(digits + 1, '0');
  if (digits === 0) return sign + text;
  return `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

export function sum(amounts) {
  let total = 0;
  for (const amount of amounts) total += amount;
  return total;
}

export function isAmount(value) {
  return Number.isSafeInteger(value) && value > 0 && value <= MAX_AMOUNT;
}
