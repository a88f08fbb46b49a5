import { isCurrency } from './currencies.js';
import { FIRST_DAYS } from './periods.js';

/** What a person can choose, and from what. The language is that of numbers and dates. */
export const THEMES = ['system', 'light', 'dark'];
export const LANGUAGES = ['en', 'de', 'fr'];
export const DATE_FORMATS = ['medium', 'long', 'numeric', 'iso'];
export const WEEK_STARTS = Object.keys(FIRST_DAYS);

export const DEFAULT_PREFERENCES = {
  theme: 'system',
  language: 'en',
  currency: 'EUR',
  weekStart: 'monday',
  dateFormat: 'medium',
};

const ALLOWED = {
  theme: (value) => THEMES.includes(value),
  language: (value) => LANGUAGES.includes(value),
  currency: isCurrency,
  weekStart: (value) => WEEK_STARTS.includes(value),
  dateFormat: (value) => DATE_FORMATS.includes(value),
};

/** The preferences in `value`, with the default in place of what is missing or not allowed. */
export function readPreferences(value) {
  const given = value !== null && typeof value === 'object' ? value : {};
  const entries = Object.entries(DEFAULT_PREFERENCES);
  return Object.fromEntries(entries.map(([name, usual]) => [name, ALLOWED[name](given[name]) ? given[name] : usual]));
}

/**
 * Which of two `{ preferences, updatedAt }` is kept when a device and the account differ: the
 * one that was changed last. One that was never changed (`updatedAt` null) gives way, and a
 * tie goes to the account, so that all devices end up with the same.
 */
export function newerPreferences(local, remote) {
  if (local.updatedAt === null) return remote;
  if (remote.updatedAt === null) return local;
  return Date.parse(local.updatedAt) > Date.parse(remote.updatedAt) ? local : remote;
}
