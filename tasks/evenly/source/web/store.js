const NO_GROUP = { groupId: null, group: null, query: '', expenses: [], total: 0, balances: [], payments: [] };
const INITIAL = { ...NO_GROUP, groups: [], loading: false, message: '' };

/**
 * The state of the page and everything that changes it. Views read `state`, call the
 * actions and redraw when `subscribe` tells them to; they hold no server data themselves.
 */
export function createStore(api) {
  let state = INITIAL;
  const listeners = new Set();

  function set(change) {
    state = { ...state, ...change };
    for (const listener of listeners) listener(state);
  }

  /** Runs an action whose failure is shown at the top of the page. */
  async function reporting(action) {
    try {
      await action();
    } catch (error) {
      set({ loading: false, message: error.message });
    }
  }

  async function fetchGroup(groupId, query) {
    const [group, found, { currencies }, { payments }] = await Promise.all([
      api.getGroup(groupId),
      api.listExpenses(groupId, query),
      api.getBalances(groupId),
      api.listPayments(groupId),
    ]);
    return { group, expenses: found.expenses, total: found.total, balances: currencies, payments };
  }

  function loadGroups() {
    set({ ...NO_GROUP, loading: true, message: '' });
    return reporting(async () => {
      const { groups } = await api.listGroups();
      set({ groups, loading: false });
    });
  }

  function openGroup(groupId) {
    set({ ...NO_GROUP, groupId, loading: true, message: '' });
    return reporting(async () => {
      set({ ...(await fetchGroup(groupId, '')), loading: false });
    });
  }

  /** Fetches again what is on screen; called now and then, and after every change. */
  function refresh() {
    const { groupId, query } = state;
    if (!groupId) return Promise.resolve();
    return reporting(async () => {
      set(await fetchGroup(groupId, query));
    });
  }

  function search(query) {
    set({ query });
    return reporting(async () => {
      const { expenses, total } = await api.listExpenses(state.groupId, query);
      set({ expenses, total });
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

  /** Creates an expense, or replaces the one with `expenseId`. */
  async function saveExpense(fields, expenseId) {
    if (expenseId) await api.updateExpense(state.groupId, expenseId, fields);
    else await api.createExpense(state.groupId, fields);
    await refresh();
  }

  async function deleteExpense(expenseId) {
    await api.deleteExpense(state.groupId, expenseId);
    await refresh();
  }

  function recordPayment(fields) {
    return reporting(async () => {
      await api.createPayment(state.groupId, fields);
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
    exportUrl: () => api.exportUrl(state.groupId),
    loadGroups,
    openGroup,
    refresh,
    search,
    createGroup,
    restoreGroup,
    addMember,
    setWholeUnits,
    saveExpense,
    deleteExpense,
    recordPayment,
    importCsv,
  };
}
