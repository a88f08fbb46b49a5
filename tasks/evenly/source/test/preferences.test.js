import assert from 'node:assert/strict';
import test from 'node:test';
import { periodOf, startOfWeek } from '../shared/periods.js';
import { DEFAULT_PREFERENCES, newerPreferences, readPreferences } from '../shared/preferences.js';

test('preferences that make no sense give way to the defaults', () => {
  assert.deepEqual(readPreferences(null), DEFAULT_PREFERENCES);
  const odd = { theme: 'pink', language: 'de', currency: 'XXX', weekStart: 'sunday', extra: 1 };
  assert.deepEqual(readPreferences(odd), { ...DEFAULT_PREFERENCES, language: 'de', weekStart: 'sunday' });
});

test('the preferences that were changed last are kept', () => {
  const older = { preferences: { theme: 'light' }, updatedAt: '2024-05-01T10:00:00Z' };
  const newer = { preferences: { theme: 'dark' }, updatedAt: '2024-05-01T10:00:00.500Z' };
  const never = { preferences: { theme: 'system' }, updatedAt: null };
  assert.equal(newerPreferences(older, newer), newer);
  assert.equal(newerPreferences(newer, older), newer);
  assert.equal(newerPreferences(never, older), older);
  assert.equal(newerPreferences(older, never), older);
  const account = { ...older };
  assert.equal(newerPreferences(older, account), account);
});

test('weeks begin on the day that was chosen', () => {
  assert.equal(startOfWeek('2024-05-15', 'monday'), '2024-05-13');
  assert.equal(startOfWeek('2024-05-13', 'monday'), '2024-05-13');
  assert.equal(startOfWeek('2024-05-12', 'monday'), '2024-05-06');
  assert.equal(startOfWeek('2024-05-12', 'sunday'), '2024-05-12');
  assert.equal(startOfWeek('2024-05-10', 'saturday'), '2024-05-04');
});

test('periods hold their first and last day', () => {
  assert.deepEqual(periodOf('week', '2024-05-15', 'sunday'), { from: '2024-05-12', to: '2024-05-18' });
  assert.deepEqual(periodOf('month', '2024-02-15', 'monday'), { from: '2024-02-01', to: '2024-02-29' });
  assert.deepEqual(periodOf('lastMonth', '2024-03-31', 'monday'), { from: '2024-02-01', to: '2024-02-29' });
  assert.deepEqual(periodOf('year', '2024-03-31', 'monday'), { from: '2024-01-01', to: '2024-12-31' });
  assert.deepEqual(periodOf('', '2024-03-31', 'monday'), { from: '', to: '' });
});
