import { isCurrency } from '../shared/currencies.js';
import { isCalendarDate } from '../shared/dates.js';
import { activeMembers } from '../shared/members.js';
import { isAmount, sum } from '../shared/money.js';
import { MAX_INTERVAL, UNITS } from '../shared/recurrence.js';
import { MAX_SHARES, SPLIT_MODES } from '../shared/split.js';
import { isTag, normalizeTag } from '../shared/tags.js';
import { HttpError } from './http.js';

/**
 * Each function takes a request body and returns a new object holding only the known
 * fields in their stored form, or throws a 422 naming every field that is wrong.
 */

/** How many members a group can have. */
export const MAX_MEMBERS = 50;

class Problems {
  fields = {};

  add(field, message) {
    this.fields[field] ??= message;
  }

  throwIfAny() {
    if (Object.keys(this.fields).length > 0) {
      throw new HttpError(422, 'Some fields are not right', this.fields);
    }
  }
}

function text(problems, body, field, { max, optional = false }) {
  const value = body[field];
  if (optional && (value === undefined || value === null)) return '';
  if (typeof value !== 'string') {
    problems.add(field, 'must be text');
    return '';
  }
  const trimmed = value.trim();
  if (!optional && trimmed === '') problems.add(field, 'must not be empty');
  if (trimmed.length > max) problems.add(field, `must be at most ${max} characters`);
  return trimmed;
}

function check(problems, field, ok, message) {
  if (!ok) problems.add(field, message);
}

export function validateMember(body) {
  const problems = new Problems();
  const name = text(problems, body, 'name', { max: 60 });
  problems.throwIfAny();
  return { name };
}

/** A change to a member: a new name, or whether they are archived. */
export function validateMemberChange(body) {
  const problems = new Problems();
  const change = {};
  if ('archived' in body) {
    check(problems, 'archived', typeof body.archived === 'boolean', 'must be true or false');
    change.archived = body.archived;
  }
  if ('name' in body || !('archived' in body)) change.name = text(problems, body, 'name', { max: 60 });
  problems.throwIfAny();
  return change;
}

export function validateGroup(body) {
  const problems = new Problems();
  const name = text(problems, body, 'name', { max: 80 });
  check(problems, 'currency', isCurrency(body.currency), 'is not a supported currency');
  const memberNames = body.members ?? [];
  const named = Array.isArray(memberNames) && memberNames.every((item) => typeof item === 'string' && item.trim());
  check(problems, 'members', named, 'must be a list of names');
  if (named) {
    const distinct = new Set(memberNames.map((item) => item.trim()));
    check(problems, 'members', distinct.size === memberNames.length, 'must be different from each other');
    check(problems, 'members', memberNames.length <= MAX_MEMBERS, `must be at most ${MAX_MEMBERS}`);
  }
  problems.throwIfAny();
  return { name, currency: body.currency, memberNames: memberNames.map((item) => item.trim()) };
}

/** A change to a group: any of name, currency and wholeUnits. */
export function validateGroupChange(body) {
  const problems = new Problems();
  const change = {};
  if ('name' in body) change.name = text(problems, body, 'name', { max: 80 });
  if ('currency' in body) {
    check(problems, 'currency', isCurrency(body.currency), 'is not a supported currency');
    change.currency = body.currency;
  }
  if ('wholeUnits' in body) {
    check(problems, 'wholeUnits', typeof body.wholeUnits === 'boolean', 'must be true or false');
    change.wholeUnits = body.wholeUnits;
  }
  problems.throwIfAny();
  return change;
}

function validateSplit(problems, split, amount, isMember) {
  if (split === null || typeof split !== 'object' || !SPLIT_MODES.includes(split.mode)) {
    problems.add('split', `must have a mode: ${SPLIT_MODES.join(', ')}`);
    return null;
  }

  if (split.mode === 'equal') {
    const ids = Array.isArray(split.members) ? split.members : [];
    const distinct = [...new Set(ids)];
    check(problems, 'split', distinct.length > 0, 'must have at least one participant');
    check(problems, 'split', distinct.every(isMember), 'names someone who is not in the group');
    return { mode: 'equal', members: distinct };
  }

  const field = split.mode === 'shares' ? 'shares' : 'amounts';
  const given = split[field];
  if (given === null || typeof given !== 'object') {
    problems.add('split', `must have ${field}`);
    return null;
  }
  const entries = Object.entries(given).filter(([, value]) => value !== 0);
  check(problems, 'split', entries.length > 0, 'must have at least one participant');
  check(problems, 'split', entries.every(([id]) => isMember(id)), 'names someone who is not in the group');

  if (split.mode === 'shares') {
    const valid = entries.every(([, value]) => Number.isInteger(value) && value > 0 && value <= MAX_SHARES);
    check(problems, 'split', valid, `must have whole shares from 1 to ${MAX_SHARES}`);
  } else {
    const valid = entries.every(([, value]) => isAmount(value));
    check(problems, 'split', valid, 'must have positive amounts');
    check(problems, 'split', sum(entries.map(([, value]) => value)) === amount, 'must add up to the amount');
  }
  return { mode: split.mode, [field]: Object.fromEntries(entries) };
}

/** `members` are those it may name: without it, those who are not archived. */
export function validateExpense(body, group, members = activeMembers(group)) {
  const problems = new Problems();
  const isMember = (id) => members.some((member) => member.id === id);

  const description = text(problems, body, 'description', { max: 120 });
  const note = text(problems, body, 'note', { max: 500, optional: true });
  check(problems, 'amount', isAmount(body.amount), 'must be a positive whole number of minor units');
  check(problems, 'currency', isCurrency(body.currency), 'is not a supported currency');
  check(problems, 'paidBy', isMember(body.paidBy), 'must be a member of the group');
  check(problems, 'date', isCalendarDate(body.date), 'must be a date like 2024-03-31');
  const split = validateSplit(problems, body.split ?? null, body.amount, isMember);

  problems.throwIfAny();
  const { amount, currency, paidBy, date } = body;
  return { description, note, amount, currency, paidBy, date, split };
}

export function validatePayment(body, group, members = activeMembers(group)) {
  const problems = new Problems();
  const isMember = (id) => members.some((member) => member.id === id);

  check(problems, 'amount', isAmount(body.amount), 'must be a positive whole number of minor units');
  check(problems, 'currency', isCurrency(body.currency), 'is not a supported currency');
  check(problems, 'from', isMember(body.from), 'must be a member of the group');
  check(problems, 'to', isMember(body.to), 'must be a member of the group');
  check(problems, 'to', body.to !== body.from, 'must be someone else');
  check(problems, 'date', isCalendarDate(body.date), 'must be a date like 2024-03-31');

  problems.throwIfAny();
  const { amount, currency, from, to, date } = body;
  return { amount, currency, from, to, date };
}

/** A schedule, and the expense to be made at each of its dates: one without a date of its own. */
export function validateRecurring(body, group, members = activeMembers(group)) {
  const problems = new Problems();
  const { every, interval = 1, start, until = null, paused = false } = body;
  check(problems, 'every', UNITS.includes(every), `must be one of ${UNITS.join(', ')}`);
  const paced = Number.isInteger(interval) && interval >= 1 && interval <= MAX_INTERVAL;
  check(problems, 'interval', paced, `must be from 1 to ${MAX_INTERVAL}`);
  check(problems, 'start', isCalendarDate(start) && start >= '1970-01-01', 'must be a date like 2024-03-31');
  check(problems, 'until', until === null || isCalendarDate(until), 'must be a date like 2024-03-31, or null');
  check(problems, 'until', until === null || until >= start, 'must not be before the start');
  check(problems, 'paused', typeof paused === 'boolean', 'must be true or false');

  const template = body.expense ?? null;
  if (template === null || typeof template !== 'object') problems.add('expense', 'must be an expense');
  problems.throwIfAny();
  const { date, ...expense } = validateExpense({ ...template, date: start }, group, members);
  return { every, interval, start, until, paused, expense };
}

export function validateBudget(body) {
  const problems = new Problems();
  const tag = typeof body.tag === 'string' ? normalizeTag(body.tag.trim()) : '';
  check(problems, 'tag', isTag(tag), 'must be a word of at most 40 letters, digits, - and _');
  check(problems, 'currency', isCurrency(body.currency), 'is not a supported currency');
  check(problems, 'amount', isAmount(body.amount), 'must be a positive whole number of minor units');
  problems.throwIfAny();
  return { tag, currency: body.currency, amount: body.amount };
}
