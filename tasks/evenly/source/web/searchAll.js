import { passes } from '../shared/filters.js';

async function expensesOf(api, group, query) {
  const found = [];
  let cursor = null;
  do {
    const page = await api.listExpenses(group.id, query, cursor === null ? {} : { cursor });
    found.push(...page.expenses);
    cursor = page.next;
  } while (cursor !== null);
  return found;
}

function newestFirst(a, b) {
  if (a.expense.date !== b.expense.date) return a.expense.date < b.expense.date ? 1 : -1;
  return a.expense.createdAt < b.expense.createdAt ? 1 : -1;
}

/**
 * Searches all groups, or the one that the filters name. The server looks for the text, and
 * the other filters are applied here.
 *
 * @returns {Promise<{ group: object, expense: object }[]>} newest first
 */
export async function searchAll(api, groups, filters) {
  const asked = groups.filter((group) => filters.group === '' || group.id === filters.group);
  const lists = await Promise.all(asked.map((group) => expensesOf(api, group, filters.q)));
  const found = asked.flatMap((group, index) =>
    lists[index].filter((expense) => passes(expense, group, filters)).map((expense) => ({ group, expense })),
  );
  return found.sort(newestFirst);
}
