/** How many decimal digits the minor unit of each supported currency has (ISO 4217). */
const MINOR_DIGITS = {
  AUD: 2,
  BHD: 3,
  CAD: 2,
  CHF: 2,
  CZK: 2,
  DKK: 2,
  EUR: 2,
  GBP: 2,
  ISK: 0,
  JPY: 0,
  KRW: 0,
  KWD: 3,
  NOK: 2,
  NZD: 2,
  PLN: 2,
  SEK: 2,
  TND: 3,
  USD: 2,
};

export function isCurrency(code) {
  return typeof code === 'string' && Object.hasOwn(MINOR_DIGITS, code);
}

export function minorDigits(code) {
  if (!isCurrency(code)) throw new RangeError(`Unknown currency: ${code}`);
  return MINOR_DIGITS[code];
}

export function currencyCodes() {
  return Object.keys(MINOR_DIGITS);
}
