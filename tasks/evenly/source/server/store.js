import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { participants } from '../shared/split.js';
import { HttpError, notFound } from './http.js';
import { emptyData, migrate, SCHEMA_VERSION } from './migrations.js';

const newId = () => randomBytes(8).toString('hex');
const byId = (records) => new Map(records.map((record) => [record.id, record]));

const newestFirst = (a, b) => {
  if (a.date !== b.date) return a.date < b.date ? 1 : -1;
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? 1 : -1;
  return 0;
};

async function writeAtomically(file, text) {
  const temporary = `${file}.tmp`;
  await writeFile(temporary, text);
  await rename(temporary, file);
}

/**
 * Everything Evenly knows, in memory, written to one JSON file after each change.
 * Records are replaced, never mutated, so what a method returned stays as it was.
 */
export class Store {
  #file;
  #now;
  #groups;
  #expenses;
  #payments;
  #scheduled = false;
  #writing = Promise.resolve();

  constructor(data = emptyData(), { file = null, now = () => new Date().toISOString() } = {}) {
    this.#file = file;
    this.#now = now;
    this.#groups = byId(data.groups);
    this.#expenses = byId(data.expenses);
    this.#payments = byId(data.payments);
  }

  /** Opens a data file, migrating it first (and keeping a copy) if it is from an earlier version. */
  static async open(file, options = {}) {
    await mkdir(path.dirname(file), { recursive: true });
    let data = emptyData();
    try {
      data = JSON.parse(await readFile(file, 'utf8'));
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
    }
    const version = data.schemaVersion ?? 1;
    if (version < SCHEMA_VERSION) await copyFile(file, `${file}.v${version}.bak`);
    const store = new Store(migrate(data), { ...options, file });
    if (version < SCHEMA_VERSION) {
      store.#changed();
      await store.flush();
    }
    return store;
  }

  snapshot() {
    return {
      schemaVersion: SCHEMA_VERSION,
      groups: [...this.#groups.values()],
      expenses: [...this.#expenses.values()],
      payments: [...this.#payments.values()],
    };
  }

  /** Resolves once every change made so far is on disk. */
  async flush() {
    await this.#writing;
  }

  #changed() {
    if (!this.#file || this.#scheduled) return;
    this.#scheduled = true;
    this.#writing = this.#writing.then(async () => {
      this.#scheduled = false;
      try {
        await writeAtomically(this.#file, JSON.stringify(this.snapshot(), null, 2));
      } catch (error) {
        console.error('Could not write the data file:', error);
      }
    });
  }

  // Groups and members

  listGroups() {
    return [...this.#groups.values()].sort((a, b) => a.name.localeCompare(b.name));
  }

  getGroup(groupId) {
    const group = this.#groups.get(groupId);
    if (!group) throw notFound('Group');
    return group;
  }

  createGroup({ name, currency, memberNames }) {
    const group = {
      id: newId(),
      name,
      currency,
      wholeUnits: false,
      members: memberNames.map((memberName) => ({ id: newId(), name: memberName })),
      createdAt: this.#now(),
    };
    return this.#put(this.#groups, group);
  }

  updateGroup(groupId, change) {
    return this.#put(this.#groups, { ...this.getGroup(groupId), ...change });
  }

  addMember(groupId, { name }) {
    const group = this.getGroup(groupId);
    this.#requireFreeName(group, name);
    const member = { id: newId(), name };
    this.updateGroup(groupId, { members: [...group.members, member] });
    return member;
  }

  renameMember(groupId, memberId, { name }) {
    const group = this.getGroup(groupId);
    if (!group.members.some((member) => member.id === memberId)) throw notFound('Member');
    this.#requireFreeName(group, name, memberId);
    const members = group.members.map((member) => (member.id === memberId ? { ...member, name } : member));
    this.updateGroup(groupId, { members });
    return { id: memberId, name };
  }

  removeMember(groupId, memberId) {
    const group = this.getGroup(groupId);
    if (!group.members.some((member) => member.id === memberId)) throw notFound('Member');
    const used =
      this.listExpenses(groupId).some(
        (expense) => expense.paidBy === memberId || participants(expense.split).includes(memberId),
      ) || this.listPayments(groupId).some((payment) => payment.from === memberId || payment.to === memberId);
    if (used) throw new HttpError(409, 'This member takes part in expenses or payments');
    this.updateGroup(groupId, { members: group.members.filter((member) => member.id !== memberId) });
  }

  #requireFreeName(group, name, exceptId) {
    if (group.members.some((member) => member.name === name && member.id !== exceptId)) {
      throw new HttpError(422, 'Some fields are not right', { name: 'is taken in this group' });
    }
  }

  // Expenses

  listExpenses(groupId) {
    return [...this.#expenses.values()].filter((expense) => expense.groupId === groupId).sort(newestFirst);
  }

  getExpense(groupId, expenseId) {
    const expense = this.#expenses.get(expenseId);
    if (!expense || expense.groupId !== groupId) throw notFound('Expense');
    return expense;
  }

  createExpense(groupId, fields, source) {
    const now = this.#now();
    const expense = {
      id: newId(),
      groupId,
      ...fields,
      ...(source ? { source } : {}),
      version: 1,
      createdAt: now,
      updatedAt: now,
    };
    return this.#put(this.#expenses, expense);
  }

  updateExpense(groupId, expenseId, fields) {
    const current = this.getExpense(groupId, expenseId);
    return this.#put(this.#expenses, {
      ...current,
      ...fields,
      version: current.version + 1,
      updatedAt: this.#now(),
    });
  }

  deleteExpense(groupId, expenseId) {
    this.getExpense(groupId, expenseId);
    this.#expenses.delete(expenseId);
    this.#changed();
  }

  // Payments

  listPayments(groupId) {
    return [...this.#payments.values()].filter((payment) => payment.groupId === groupId).sort(newestFirst);
  }

  createPayment(groupId, fields) {
    return this.#put(this.#payments, { id: newId(), groupId, ...fields, createdAt: this.#now() });
  }

  deletePayment(groupId, paymentId) {
    if (this.#payments.get(paymentId)?.groupId !== groupId) throw notFound('Payment');
    this.#payments.delete(paymentId);
    this.#changed();
  }

  #put(map, record) {
    map.set(record.id, record);
    this.#changed();
    return record;
  }
}
