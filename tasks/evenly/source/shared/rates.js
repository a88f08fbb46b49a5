import { minorDigits } from './currencies.js';

/**
 * Exchange rates are `{ base, date, rates: { USD: '1.0850' } }`: how much of each currency one
 * unit of the base is worth on that day, as decimal text. Amounts are converted for display
 * only. This is the one place where they are rounded, and no binary fraction is involved.
 */

const SCALE = 10n ** 9n;

/** Decimal text as an integer and a power of ten: "1.085" is 1085 / 10^3. */
function fractionOf(text) {
  const [whole, decimals = ''] = String(text).split('.');
  return { over: BigInt(whole + decimals), under: 10n ** BigInt(decimals.length) };
}

function rateOf(table, currency) {
  if (currency === table.base) return { over: 1n, under: 1n };
  if (!Object.hasOwn(table.rates, currency)) throw new RangeError(`There is no rate for ${currency}`);
  return fractionOf(table.rates[currency]);
}

export function hasRate(table, currency) {
  return currency === table.base || Object.hasOwn(table.rates, currency);
}

function divideDown(over, under) {
  const quotient = over / under;
  return over % under < 0n ? quotient - 1n : quotient;
}

/** An amount in another currency, in billionths of its minor unit. */
function convertFinely(amount, from, to, table) {
  const source = rateOf(table, from);
  const target = rateOf(table, to);
  const over = BigInt(amount) * SCALE * target.over * source.under * 10n ** BigInt(minorDigits(to));
  const under = target.under * source.over * 10n ** BigInt(minorDigits(from));
  return divideDown(over, under);
}

/** An amount in minor units of another currency; halves are rounded away from zero. */
export function convert(amount, from, to, table) {
  if (from === to) return amount;
  const size = Number((2n * convertFinely(Math.abs(amount), from, to, table) + SCALE) / (2n * SCALE));
  return amount < 0 ? -size : size;
}

/** Rounds parts that add up to about zero so that they do exactly: the largest remainders are rounded up. */
function roundToZero(parts) {
  const rounded = parts.map(([id, fine]) => {
    const amount = divideDown(fine, SCALE);
    return { id, amount: Number(amount), remainder: fine - amount * SCALE };
  });
  let left = -rounded.reduce((total, { amount }) => total + amount, 0);
  const byRemainder = [...rounded].sort((a, b) => (a.remainder < b.remainder ? 1 : a.remainder > b.remainder ? -1 : 0));
  for (const part of byRemainder) {
    if (left <= 0) break;
    part.amount += 1;
    left -= 1;
  }
  return Object.fromEntries(rounded.map(({ id, amount }) => [id, amount]));
}

/**
 * The balances of a group in one currency. What a member is owed in one currency and owes in
 * another is added up before it is rounded, and the result sums to zero.
 *
 * @param {{ currency: string, net: Record<string, number> }[]} ledgers
 * @returns {{ net: Record<string, number>, missing: string[] }} `missing` are the currencies
 *   without a rate, which are left out
 */
export function balancesIn(currency, ledgers, table) {
  const known = ledgers.filter((ledger) => hasRate(table, ledger.currency));
  const fine = new Map();
  for (const ledger of known) {
    for (const [id, amount] of Object.entries(ledger.net)) {
      fine.set(id, (fine.get(id) ?? 0n) + convertFinely(amount, ledger.currency, currency, table));
    }
  }
  const missing = ledgers.filter((ledger) => !known.includes(ledger)).map((ledger) => ledger.currency);
  return { net: roundToZero([...fine]), missing };
}
