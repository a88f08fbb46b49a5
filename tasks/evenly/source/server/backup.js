import { isCalendarDate } from '../shared/dates.js';
import { BACKUP_LIMIT, HttpError, readJson, sendDownload } from './http.js';
import { migrate, SCHEMA_VERSION } from './migrations.js';
import { answerOnce } from './receipts.js';
import { newId } from './store.js';
import { validateBudget, validateExpense, validateGroup, validatePayment, validateRecurring } from './validate.js';

const FORMAT = 'evenly-backup';

/** Everything that belongs to a group, in the shape of the data file. */
export function backupOf(store, groupId) {
  const group = store.getGroup(groupId);
  return {
    format: FORMAT,
    schemaVersion: SCHEMA_VERSION,
    groups: [group],
    expenses: store.listExpenses(groupId),
    payments: store.listPayments(groupId),
    recurring: store.listRecurring(groupId),
    budgets: store.listBudgets(groupId),
  };
}

const refuse = (message, fields) => new HttpError(422, message, fields);

/** The backup in the present schema; throws 422 if it is none, or not one that can be read. */
function inPresentSchema(backup) {
  if (backup.format !== FORMAT) throw refuse('This is not a backup of an Evenly group');
  const version = backup.schemaVersion ?? 1;
  if (!Number.isInteger(version) || version < 1 || version > SCHEMA_VERSION) {
    throw refuse(`The backup has schema version ${version}; this Evenly reads 1 to ${SCHEMA_VERSION}`);
  }
  let data;
  try {
    data = migrate(backup);
  } catch {
    throw refuse('The backup is damaged: its records do not have the form of its schema version');
  }
  for (const kind of ['groups', 'expenses', 'payments', 'recurring', 'budgets']) {
    const records = data[kind];
    const isList = Array.isArray(records) && records.every((record) => record !== null && typeof record === 'object');
    if (!isList) throw refuse(`The backup is damaged: ${kind} is not a list of records`);
  }
  if (data.groups.length !== 1) throw refuse('A backup holds one group');
  return data;
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z$/;
const isInstant = (value) => typeof value === 'string' && INSTANT.test(value) && !Number.isNaN(Date.parse(value));

/** A group with new ids for itself and its members, and the new id of each old one. */
function restoredGroup(stored, now) {
  const members = Array.isArray(stored.members) ? stored.members : [];
  const { name, currency, memberNames } = validateGroup({
    name: stored.name,
    currency: stored.currency,
    members: members.map((member) => member?.name),
  });
  const ids = new Map(members.map((member) => [member.id, newId()]));
  if (ids.size !== members.length || ![...ids.keys()].every((id) => typeof id === 'string')) {
    throw refuse('Some fields are not right', { members: 'must have ids of their own' });
  }
  const group = {
    id: newId(),
    name,
    currency,
    wholeUnits: stored.wholeUnits === true,
    members: members.map((member, index) => ({
      id: ids.get(member.id),
      name: memberNames[index],
      archived: member.archived === true,
    })),
    createdAt: isInstant(stored.createdAt) ? stored.createdAt : now,
  };
  return { group, ids };
}

const renameKeys = (object, ids) => Object.fromEntries(Object.entries(object).map(([id, value]) => [ids.get(id), value]));

function restoredSplit(split, ids) {
  switch (split.mode) {
    case 'equal':
      return { mode: 'equal', members: split.members.map((id) => ids.get(id)) };
    case 'shares':
      return { mode: 'shares', shares: renameKeys(split.shares, ids) };
    default:
      return { mode: 'exact', amounts: renameKeys(split.amounts, ids) };
  }
}

const restoredFields = (fields, ids) => ({
  ...fields,
  paidBy: ids.get(fields.paidBy),
  split: restoredSplit(fields.split, ids),
});

/** Where an expense came from; what it says about members and rules is about the restored ones. */
function restoredSource(source, ids, ruleIds) {
  if (source?.kind === 'recurring') {
    return { source: { kind: 'recurring', ruleId: ruleIds.get(source.ruleId) ?? null, date: source.date } };
  }
  if (source?.kind !== 'csv') return {};
  const { kind, line = null, exportedId = null, amount = null } = source;
  const shares = Object.entries(source.shares ?? {}).filter(([id]) => ids.has(id));
  return { source: { kind, line, exportedId, amount, shares: renameKeys(Object.fromEntries(shares), ids) } };
}

const textsIn = (list) => (Array.isArray(list) ? list.filter((item) => typeof item === 'string') : []);

function times(stored, now) {
  const createdAt = isInstant(stored.createdAt) ? stored.createdAt : now;
  return { createdAt, updatedAt: isInstant(stored.updatedAt) ? stored.updatedAt : createdAt };
}

/** Runs `read` on each record; what is wrong with one is reported under its kind and place. */
function readEach(records, kind, read) {
  return records.map((record, index) => {
    try {
      return read(record);
    } catch (error) {
      if (!(error instanceof HttpError) || !error.fields) throw error;
      const details = Object.entries(error.fields).map(([field, message]) => `${field} ${message}`);
      throw refuse('The backup is damaged', { [`${kind}.${index}`]: details.join('; ') });
    }
  });
}

/**
 * Turns a backup into records of a new group that refer to nothing but each other. Throws
 * a 422 before anything is stored if one of them is not right. The ids that an expense has
 * had are kept in `formerIds`, so that an export of the original is recognised.
 */
export function recordsOf(backup, now = new Date().toISOString()) {
  const data = inPresentSchema(backup);
  const { group, ids } = restoredGroup(data.groups[0], now);
  const original = { ...group, members: group.members.map((member, index) => ({ ...member, id: [...ids.keys()][index] })) };
  const everyone = original.members;
  const ruleIds = new Map(data.recurring.map((rule) => [rule.id, newId()]));

  const expenses = readEach(data.expenses, 'expenses', (stored) => ({
    id: newId(),
    groupId: group.id,
    ...restoredFields(validateExpense(stored, original, everyone), ids),
    ...restoredSource(stored.source, ids, ruleIds),
    version: Number.isSafeInteger(stored.version) && stored.version > 0 ? stored.version : 1,
    formerIds: textsIn([...textsIn(stored.formerIds), stored.id]),
    ...times(stored, now),
  }));
  const payments = readEach(data.payments, 'payments', (stored) => {
    const { from, to, ...fields } = validatePayment(stored, original, everyone);
    return { id: newId(), groupId: group.id, ...fields, from: ids.get(from), to: ids.get(to), createdAt: times(stored, now).createdAt };
  });
  const recurring = readEach(data.recurring, 'recurring', (stored) => {
    const rule = validateRecurring(stored, original, everyone);
    return {
      id: ruleIds.get(stored.id),
      groupId: group.id,
      ...rule,
      expense: restoredFields(rule.expense, ids),
      doneThrough: isCalendarDate(stored.doneThrough) ? stored.doneThrough : null,
      createdAt: times(stored, now).createdAt,
    };
  });
  const budgets = readEach(data.budgets, 'budgets', (stored) => ({ id: newId(), groupId: group.id, ...validateBudget(stored) }));
  return { group, expenses, payments, recurring, budgets };
}

export function addBackupRoutes(router, store) {
  router.on('GET', '/api/groups/:groupId/backup.json', ({ res, params }) => {
    const backup = backupOf(store, params.groupId);
    sendDownload(res, {
      type: 'application/json',
      filename: 'evenly-backup.json',
      body: JSON.stringify(backup, null, 2),
    });
  });

  router.on('POST', '/api/groups/restore', async (context) => {
    const backup = await readJson(context.req, BACKUP_LIMIT);
    await answerOnce(store, context, backup, () => ({ status: 201, value: store.addAll(recordsOf(backup)) }));
  });
}
