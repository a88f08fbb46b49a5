/**
 * What the reference backend knows at first, and its clock and counters. A scenario can
 * replace any of it under `world`. Nothing here depends on when or where it runs.
 */

const EUR_RATES = {
  AUD: '1.6265',
  BHD: '0.4090',
  CAD: '1.4790',
  CHF: '0.9872',
  CZK: '24.705',
  DKK: '7.4607',
  GBP: '0.8563',
  ISK: '150.30',
  JPY: '169.16',
  KRW: '1472.5',
  KWD: '0.3334',
  NOK: '11.6435',
  NZD: '1.7749',
  PLN: '4.2688',
  SEK: '11.6425',
  TND: '3.3842',
  USD: '1.0850',
};

const DEFAULTS = {
  start: '2024-05-17T09:00:00Z',
  code: '246810',
  rates: { date: '2024-05-17', eur: EUR_RATES },
  receipts: [],
  activity: [],
};

const DEFAULT_SETTINGS = {
  theme: 'system',
  language: 'en',
  currency: 'EUR',
  weekStart: 'monday',
  dateFormat: 'medium',
};

export function createWorld(given = {}) {
  const { start, code, rates, receipts, activity } = { ...DEFAULTS, ...given };
  let now = Date.parse(start);
  const counters = new Map();
  const accounts = new Map();
  const tokens = new Map();
  const uploaded = new Map();
  const unread = [...receipts];

  const instant = () => new Date(now).toISOString().replace('.000Z', 'Z');

  /** Ids count up from 1 for each kind: `rcp_0001`, `rcp_0002`. */
  function nextId(kind) {
    const count = (counters.get(kind) ?? 0) + 1;
    counters.set(kind, count);
    return `${kind}_${String(count).padStart(4, '0')}`;
  }

  function accountOf(email) {
    if (!accounts.has(email)) {
      const [name] = email.split('@');
      const me = { id: nextId('usr'), email, name: name[0].toUpperCase() + name.slice(1) };
      accounts.set(email, {
        me,
        settings: { settings: DEFAULT_SETTINGS, updatedAt: null },
        ...given.accounts?.[email],
      });
    }
    return accounts.get(email);
  }

  return {
    code,
    rates,
    activity,
    uploaded,
    nextId,
    instant,
    tick() {
      now += 1000;
    },
    signIn(email) {
      const token = nextId('tok');
      tokens.set(token, accountOf(email));
      return token;
    },
    accountFor: (token) => tokens.get(token) ?? null,
    signOut: (token) => tokens.delete(token),
    /** What the next photo shows, or null if nothing can be read on it. */
    readReceipt: () => unread.shift() ?? null,
  };
}
