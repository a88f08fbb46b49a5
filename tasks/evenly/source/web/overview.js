import { monthOf, today } from '../shared/dates.js';

const EMPTY = { group: null, summary: null, budgets: [], recurring: [], message: '' };

/**
 * The state of a group's overview page (members, a month in figures, budgets, recurring
 * expenses) and what changes it, in the manner of web/store.js.
 */
export function createOverview(api, groupId) {
  let state = { ...EMPTY, month: monthOf(today()) };
  let visit = 0;
  const listeners = new Set();

  function set(change) {
    state = { ...state, ...change };
    for (const listener of listeners) listener(state);
  }

  /** Fetches everything for the month in `state`; an answer that was overtaken is dropped. */
  async function load() {
    visit += 1;
    const asked = visit;
    try {
      const [group, summary, { recurring }] = await Promise.all([
        api.getGroup(groupId),
        api.getSummary(groupId, state.month),
        api.listRecurring(groupId),
      ]);
      if (asked === visit) set({ group, summary, budgets: summary.budgets, recurring });
    } catch (error) {
      if (asked === visit) set({ message: error.message });
    }
  }

  /** Runs a change, says what went wrong, and shows how things are after it. */
  async function change(action) {
    set({ message: '' });
    try {
      await action();
    } catch (error) {
      const details = Object.entries(error.fields ?? {}).map(([field, text]) => `${field} ${text}`);
      set({ message: details.join('; ') || error.message });
      return;
    }
    await load();
  }

  return {
    get state() {
      return state;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    load,
    backupUrl: () => api.backupUrl(groupId),
    showMonth(month) {
      set({ month });
      return load();
    },
    setArchived: (memberId, archived) => change(() => api.updateMember(groupId, memberId, { archived })),
    saveBudget: (fields) => change(() => api.putBudget(groupId, fields)),
    deleteBudget: (budgetId) => change(() => api.deleteBudget(groupId, budgetId)),
    createRecurring: (fields) => change(() => api.createRecurring(groupId, fields)),
    setPaused: (rule, paused) => change(() => api.updateRecurring(groupId, rule.id, { ...rule, paused })),
    deleteRecurring: (ruleId) => change(() => api.deleteRecurring(groupId, ruleId)),

    /** Adds the expenses that are due by today, where the page is. */
    addDue() {
      return change(async () => {
        const { created, blocked } = await api.runRecurring(groupId, today());
        const waiting = blocked.length > 0 ? `; ${blocked.length} waiting for an archived member` : '';
        set({ message: `Added ${created}${waiting}` });
      });
    },
  };
}
