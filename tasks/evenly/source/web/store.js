import { sum } from '../shared/money.js';
import { newKey } from './outbox.js';

/** As many expenses are shown at first, and more with each "Show more". */
export const PAGE_SIZE = 50;

const NO_GROUP = {
  groupId: null,
  group: null,
  query: '',
  expenses: [],
  total: 0,
  next: null,
  balances: [],
  payments: [],
};
const INITIAL = { ...NO_GROUP, groups: [], openAmounts: {}, loading: false, message: '' };

/**
 * The state of the page and everything that changes it. Views read `state`, call the
 * actions and redraw when `subscribe` tells them to; they hold no server data themselves.
 * An expense that cannot be sent is handed to `outbox`.
 */
export function createStore(api, outbox) {
  let state = INITIAL;
  const listeners = new Set();

  function set(change) {
    state = { ...state, ...change };
    for (const listener of listeners) listener(state);
  }

  /**
   * Runs an action whose failure is shown at the top of the page. That the server cannot be
   * reached is said there anyway.
   */
  async function reporting(action) {
    try {
      await action();
    } catch (error) {
      set({ loading: false, message: error.status === 0 ? '' : error.message });
    }
  }

  /** The newest expenses that match, page by page until there are `count`. */
  async function fetchExpenses(groupId, query, count) {
    let found = await api.listExpenses(groupId, query, { limit: PAGE_SIZE });
    let { expenses } = found;
    while (found.next !== null && expenses.length < count) {
      found = await api.listExpenses(groupId, query, { limit: PAGE_SIZE, cursor: found.next });
      expenses = [...expenses, ...found.expenses];
    }
    return { expenses, total: found.total, next: found.next };
  }

  async function fetchGroup(groupId, query, count = PAGE_SIZE) {
    const [group, found, { currencies }, { payments }] = await Promise.all([
      api.getGroup(groupId),
      fetchExpenses(groupId, query, count),
      api.getBalances(groupId),
      api.listPayments(groupId),
    ]);
    return { group, ...found, balances: currencies, payments };
  }

  /** What is to be paid in each group until it is settled up, as `[currency, amount]` pairs. */
  async function fetchOpenAmounts(groups) {
    const known = await Promise.all(groups.map(({ id }) => api.getBalances(id)));
    const open = known.map(({ currencies }) =>
      currencies
        .map(({ currency, net }) => [currency, sum(Object.values(net).filter((amount) => amount > 0))])
        .filter(([, amount]) => amount > 0),
    );
    return Object.fromEntries(groups.map(({ id }, index) => [id, open[index]]));
  }

  function loadGroups() {
    set({ ...NO_GROUP, loading: true, message: '' });
    return reporting(async () => {
      const { groups } = await api.listGroups();
      set({ groups, loading: false });
      set({ openAmounts: await fetchOpenAmounts(groups) });
    });
  }

  function openGroup(groupId) {
    set({ ...NO_GROUP, groupId, loading: true, message: '' });
    return reporting(async () => {
      set({ ...(await fetchGroup(groupId, '')), loading: false });
    });
  }

  /** To be called by screens that are about no group: there is then nothing to refresh. */
  function closeGroup() {
    set({ ...NO_GROUP, loading: false, message: '' });
  }

  /** Opens a group, or fetches it again when it is the one that is open. */
  function visitGroup(groupId) {
    if (state.groupId !== groupId || !state.group) return openGroup(groupId);
    set({ message: '' });
    return refresh();
  }

  /**
   * Fetches again what is on screen; called now and then, and after every change. Nothing is
   * redrawn when nothing is new, so that whoever is at a control stays there.
   */
  function refresh() {
    const { groupId, query } = state;
    if (!groupId) return Promise.resolve();
    return reporting(async () => {
      const fetched = await fetchGroup(groupId, query, state.expenses.length);
      const shown = Object.fromEntries(Object.keys(fetched).map((name) => [name, state[name]]));
      if (JSON.stringify(fetched) !== JSON.stringify(shown)) set(fetched);
    });
  }

  function showMore() {
    const { groupId, query, next } = state;
    return reporting(async () => {
      const found = await api.listExpenses(groupId, query, { limit: PAGE_SIZE, cursor: next });
      set({ expenses: [...state.expenses, ...found.expenses], total: found.total, next: found.next });
    });
  }

  function search(query) {
    set({ query });
    return reporting(async () => {
      set(await fetchExpenses(state.groupId, query, PAGE_SIZE));
    });
  }

  async function createGroup(fields) {
    const group = await api.createGroup(fields);
    await loadGroups();
    return group;
  }

  async function restoreGroup(text) {
    const { id } = await api.restoreGroup(text);
    await loadGroups();
    return id;
  }

  async function addMember(name) {
    await api.addMember(state.groupId, name);
    await refresh();
  }

  function setWholeUnits(wholeUnits) {
    return reporting(async () => {
      await api.updateGroup(state.groupId, { wholeUnits });
      await refresh();
    });
  }

  /** Creates an expense; false if it has to wait in the outbox. Its key is that of the one attempt made here. */
  async function createExpense(fields) {
    const { groupId } = state;
    const key = newKey();
    try {
      await api.createExpense(groupId, fields, key);
      return true;
    } catch (error) {
      if (error.status !== 0) throw error;
      outbox.add(key, groupId, fields);
      return false;
    }
  }

  /** Creates an expense, or replaces the one with `expenseId`; false if it has to wait. */
  async function saveExpense(fields, expenseId) {
    let sent = true;
    if (expenseId) await api.updateExpense(state.groupId, expenseId, fields);
    else sent = await createExpense(fields);
    await refresh();
    return sent;
  }

  async function deleteExpense(expenseId) {
    await api.deleteExpense(state.groupId, expenseId);
    await refresh();
  }

  /** Brings back what was deleted; with the same `key`, only once. */
  async function createAgain(groupId, fields, key) {
    await api.createExpense(groupId, fields, key);
    await refresh();
  }

  async function recordPayment(fields) {
    await api.createPayment(state.groupId, fields);
    await refresh();
  }

  function deletePayment(paymentId) {
    return reporting(async () => {
      await api.deletePayment(state.groupId, paymentId);
      await refresh();
    });
  }

  function importCsv(text) {
    return reporting(async () => {
      const { imported, skipped, errors } = await api.importCsv(state.groupId, text);
      await refresh();
      const problems = errors.map(({ line, message }) => `line ${line}: ${message}`);
      set({ message: [`Imported ${imported}, skipped ${skipped}`, ...problems].join('; ') });
    });
  }

  return {
    get state() {
      return state;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    dismissMessage: () => set({ message: '' }),
    report: (message) => set({ message }),
    exportUrl: () => api.exportUrl(state.groupId),
    loadGroups,
    openGroup,
    closeGroup,
    visitGroup,
    showMore,
    refresh,
    search,
    createGroup,
    restoreGroup,
    addMember,
    setWholeUnits,
    saveExpense,
    deleteExpense,
    createAgain,
    recordPayment,
    deletePayment,
    importCsv,
  };
}
