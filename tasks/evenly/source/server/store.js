import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { balancesByCurrency } from '../shared/balances.js';
import { involvedIn } from '../shared/members.js';
import { HttpError, notFound } from './http.js';
import { emptyData, migrate, SCHEMA_VERSION } from './migrations.js';
import { newestFirst } from './paging.js';
import { MAX_MEMBERS } from './validate.js';

/** Answers to requests with a key are remembered for this many creations. */
const RECEIPTS_KEPT = 1000;

export const newId = () => randomBytes(8).toString('hex');
const byId = (records) => new Map(records.map((record) => [record.id, record]));

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
  #recurring;
  #budgets;
  #receipts;
  #scheduled = false;
  #writing = Promise.resolve();

  constructor(data = emptyData(), { file = null, now = () => new Date().toISOString() } = {}) {
    this.#file = file;
    this.#now = now;
    this.#groups = byId(data.groups);
    this.#expenses = byId(data.expenses);
    this.#payments = byId(data.payments);
    this.#recurring = byId(data.recurring);
    this.#budgets = byId(data.budgets);
    this.#receipts = byId(data.receipts);
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
      recurring: [...this.#recurring.values()],
      budgets: [...this.#budgets.values()],
      receipts: [...this.#receipts.values()],
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
      members: memberNames.map((memberName) => ({ id: newId(), name: memberName, archived: false })),
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
    if (group.members.length >= MAX_MEMBERS) throw new HttpError(409, `A group has at most ${MAX_MEMBERS} members`);
    const member = { id: newId(), name, archived: false };
    this.updateGroup(groupId, { members: [...group.members, member] });
    return member;
  }

  /** Renames a member, archives one or takes one back. */
  updateMember(groupId, memberId, change) {
    const group = this.getGroup(groupId);
    const current = group.members.find((member) => member.id === memberId);
    if (!current) throw notFound('Member');
    if (change.name !== undefined) this.#requireFreeName(group, change.name, memberId);
    if (change.archived && !current.archived) this.#requireSettled(groupId, memberId);
    const updated = { ...current, ...change };
    this.updateGroup(groupId, { members: group.members.map((member) => (member === current ? updated : member)) });
    return updated;
  }

  removeMember(groupId, memberId) {
    const group = this.getGroup(groupId);
    if (!group.members.some((member) => member.id === memberId)) throw notFound('Member');
    const used =
      this.listExpenses(groupId).some((expense) => involvedIn(expense).has(memberId)) ||
      this.listPayments(groupId).some((payment) => payment.from === memberId || payment.to === memberId) ||
      this.listRecurring(groupId).some((rule) => involvedIn(rule.expense).has(memberId));
    if (used) throw new HttpError(409, 'This member takes part in expenses or payments');
    this.updateGroup(groupId, { members: group.members.filter((member) => member.id !== memberId) });
  }

  /** Net positions of a group's members, per currency. */
  balances(groupId) {
    return balancesByCurrency(
      this.getGroup(groupId).members,
      this.listExpenses(groupId),
      this.listPayments(groupId),
    );
  }

  #requireSettled(groupId, memberId) {
    const open = Object.entries(this.balances(groupId)).filter(([, net]) => net[memberId] !== 0);
    if (open.length === 0) return;
    const currencies = open.map(([currency]) => currency).sort();
    throw new HttpError(409, `This member is not settled up in ${currencies.join(', ')}`);
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

  // Recurring expenses

  listRecurring(groupId) {
    return [...this.#recurring.values()].filter((rule) => rule.groupId === groupId);
  }

  getRecurring(groupId, ruleId) {
    const rule = this.#recurring.get(ruleId);
    if (!rule || rule.groupId !== groupId) throw notFound('Recurring expense');
    return rule;
  }

  createRecurring(groupId, fields) {
    return this.#put(this.#recurring, { id: newId(), groupId, ...fields, doneThrough: null, createdAt: this.#now() });
  }

  updateRecurring(groupId, ruleId, change) {
    return this.#put(this.#recurring, { ...this.getRecurring(groupId, ruleId), ...change });
  }

  deleteRecurring(groupId, ruleId) {
    this.getRecurring(groupId, ruleId);
    this.#recurring.delete(ruleId);
    this.#changed();
  }

  // Budgets: at most one per tag and currency

  listBudgets(groupId) {
    return [...this.#budgets.values()]
      .filter((budget) => budget.groupId === groupId)
      .sort((a, b) => (a.tag === b.tag ? a.currency.localeCompare(b.currency) : a.tag.localeCompare(b.tag)));
  }

  putBudget(groupId, { tag, currency, amount }) {
    const current = this.listBudgets(groupId).find((budget) => budget.tag === tag && budget.currency === currency);
    return this.#put(this.#budgets, { id: current?.id ?? newId(), groupId, tag, currency, amount });
  }

  deleteBudget(groupId, budgetId) {
    if (this.#budgets.get(budgetId)?.groupId !== groupId) throw notFound('Budget');
    this.#budgets.delete(budgetId);
    this.#changed();
  }

  // Receipts for what was created under a key

  getReceipt(receiptId) {
    return this.#receipts.get(receiptId);
  }

  addReceipt(receipt) {
    this.#put(this.#receipts, receipt);
    const [oldest] = this.#receipts.keys();
    if (this.#receipts.size > RECEIPTS_KEPT) this.#receipts.delete(oldest);
  }

  // Whole groups

  /** Adds a group with all that belongs to it, as prepared by server/backup.js. */
  addAll({ group, expenses, payments, recurring, budgets }) {
    this.#put(this.#groups, group);
    for (const expense of expenses) this.#put(this.#expenses, expense);
    for (const payment of payments) this.#put(this.#payments, payment);
    for (const rule of recurring) this.#put(this.#recurring, rule);
    for (const budget of budgets) this.#put(this.#budgets, budget);
    return group;
  }

  #put(map, record) {
    map.set(record.id, record);
    this.#changed();
    return record;
  }
}
