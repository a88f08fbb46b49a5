import { isMonth } from '../shared/dates.js';
import { budgetStatus, summarizeMonth } from '../shared/summary.js';
import { HttpError, readJson, sendJson, sendNothing, sendUnlessKnown } from './http.js';
import { validateBudget } from './validate.js';

function readMonth(query) {
  const month = query.get('month');
  if (!isMonth(month)) {
    throw new HttpError(422, 'Some fields are not right', { month: 'must be a month like 2024-03' });
  }
  return month;
}

/** Budgets per tag and currency, and what a month has cost. */
export function addBudgetRoutes(router, store) {
  router.on('GET', '/api/groups/:groupId/budgets', ({ req, res, params }) => {
    const group = store.getGroup(params.groupId);
    sendUnlessKnown(req, res, { budgets: store.listBudgets(group.id) });
  });

  router.on('PUT', '/api/groups/:groupId/budgets', async ({ req, res, params }) => {
    const fields = validateBudget(await readJson(req));
    const group = store.getGroup(params.groupId);
    sendJson(res, 200, store.putBudget(group.id, fields));
  });

  router.on('DELETE', '/api/groups/:groupId/budgets/:budgetId', ({ res, params }) => {
    store.deleteBudget(params.groupId, params.budgetId);
    sendNothing(res);
  });

  router.on('GET', '/api/groups/:groupId/summary', ({ req, res, params, query }) => {
    const group = store.getGroup(params.groupId);
    const month = readMonth(query);
    const expenses = store.listExpenses(group.id);
    const currencies = Object.entries(summarizeMonth(expenses, month))
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([currency, entry]) => ({ currency, ...entry }));
    const budgets = store.listBudgets(group.id).map((budget) => budgetStatus(budget, expenses, month));
    sendUnlessKnown(req, res, { month, currencies, budgets });
  });
}
