import { balancesByCurrency } from '../shared/balances.js';
import { membersForChange } from '../shared/members.js';
import { matchesQuery } from '../shared/search.js';
import { suggestTransfers } from '../shared/settle.js';
import { addBackupRoutes } from './backup.js';
import { addBudgetRoutes } from './budgets.js';
import { exportExpenses, importExpenses } from './csv.js';
import { readCsv, readJson, sendDownload, sendJson, sendNothing, sendUnlessKnown } from './http.js';
import { page } from './paging.js';
import { answerOnce } from './receipts.js';
import { addRecurringRoutes } from './recurring.js';
import { Router } from './router.js';
import {
  validateExpense,
  validateGroup,
  validateGroupChange,
  validateMember,
  validateMemberChange,
  validatePayment,
} from './validate.js';

const fileName = (name) => name.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^-+|-+$/g, '') || 'group';

/** Ids under which an export may hold what the group already has. */
function knownIdsOf(store, group) {
  const known = new Set();
  for (const expense of store.listExpenses(group.id)) {
    known.add(expense.id);
    if (expense.source?.exportedId) known.add(expense.source.exportedId);
    for (const id of expense.formerIds ?? []) known.add(id);
  }
  return known;
}

export function createRoutes(store) {
  const router = new Router();

  router.on('GET', '/api/groups', ({ req, res }) => {
    sendUnlessKnown(req, res, { groups: store.listGroups() });
  });

  router.on('POST', '/api/groups', async (context) => {
    const body = await readJson(context.req);
    await answerOnce(store, context, body, () => ({ status: 201, value: store.createGroup(validateGroup(body)) }));
  });

  router.on('GET', '/api/groups/:groupId', ({ res, params }) => {
    sendJson(res, 200, store.getGroup(params.groupId));
  });

  router.on('PATCH', '/api/groups/:groupId', async ({ req, res, params }) => {
    const change = validateGroupChange(await readJson(req));
    sendJson(res, 200, store.updateGroup(params.groupId, change));
  });

  router.on('POST', '/api/groups/:groupId/members', async (context) => {
    const body = await readJson(context.req);
    const group = store.getGroup(context.params.groupId);
    await answerOnce(store, context, body, () => ({ status: 201, value: store.addMember(group.id, validateMember(body)) }));
  });

  router.on('PATCH', '/api/groups/:groupId/members/:memberId', async ({ req, res, params }) => {
    const change = validateMemberChange(await readJson(req));
    sendJson(res, 200, store.updateMember(params.groupId, params.memberId, change));
  });

  router.on('DELETE', '/api/groups/:groupId/members/:memberId', ({ res, params }) => {
    store.removeMember(params.groupId, params.memberId);
    sendNothing(res);
  });

  router.on('GET', '/api/groups/:groupId/expenses', ({ req, res, params, query }) => {
    const group = store.getGroup(params.groupId);
    const search = query.get('q') ?? '';
    const found = store.listExpenses(group.id).filter((expense) => matchesQuery(expense, search, group.members));
    const { items, next } = page(found, query);
    sendUnlessKnown(req, res, { expenses: items, total: found.length, next });
  });

  router.on('POST', '/api/groups/:groupId/expenses', async (context) => {
    const body = await readJson(context.req);
    const group = store.getGroup(context.params.groupId);
    await answerOnce(store, context, body, () => ({
      status: 201,
      value: store.createExpense(group.id, validateExpense(body, group)),
    }));
  });

  router.on('GET', '/api/groups/:groupId/expenses/:expenseId', ({ res, params }) => {
    sendJson(res, 200, store.getExpense(params.groupId, params.expenseId));
  });

  router.on('PUT', '/api/groups/:groupId/expenses/:expenseId', async ({ req, res, params }) => {
    const body = await readJson(req);
    const group = store.getGroup(params.groupId);
    const current = store.getExpense(group.id, params.expenseId);
    const fields = validateExpense(body, group, membersForChange(group, current));
    sendJson(res, 200, store.updateExpense(group.id, params.expenseId, fields));
  });

  router.on('DELETE', '/api/groups/:groupId/expenses/:expenseId', ({ res, params }) => {
    store.deleteExpense(params.groupId, params.expenseId);
    sendNothing(res);
  });

  router.on('GET', '/api/groups/:groupId/payments', ({ req, res, params }) => {
    const group = store.getGroup(params.groupId);
    sendUnlessKnown(req, res, { payments: store.listPayments(group.id) });
  });

  router.on('POST', '/api/groups/:groupId/payments', async (context) => {
    const body = await readJson(context.req);
    const group = store.getGroup(context.params.groupId);
    await answerOnce(store, context, body, () => ({
      status: 201,
      value: store.createPayment(group.id, validatePayment(body, group)),
    }));
  });

  router.on('DELETE', '/api/groups/:groupId/payments/:paymentId', ({ res, params }) => {
    store.deletePayment(params.groupId, params.paymentId);
    sendNothing(res);
  });

  router.on('GET', '/api/groups/:groupId/balances', ({ req, res, params }) => {
    const group = store.getGroup(params.groupId);
    const byCurrency = balancesByCurrency(group.members, store.listExpenses(group.id), store.listPayments(group.id));
    const currencies = Object.entries(byCurrency).map(([currency, net]) => ({
      currency,
      net,
      transfers: suggestTransfers(net, { wholeUnits: group.wholeUnits }),
    }));
    sendUnlessKnown(req, res, { currencies });
  });

  router.on('GET', '/api/groups/:groupId/export.csv', ({ res, params }) => {
    const group = store.getGroup(params.groupId);
    sendDownload(res, {
      type: 'text/csv',
      filename: `evenly-${fileName(group.name)}.csv`,
      body: exportExpenses(group, store.listExpenses(group.id)),
    });
  });

  router.on('POST', '/api/groups/:groupId/import', async (context) => {
    const text = await readCsv(context.req);
    const group = store.getGroup(context.params.groupId);
    await answerOnce(store, context, text, () => {
      const { rows, skipped, errors } = importExpenses(group, text, knownIdsOf(store, group));
      for (const { fields, source } of rows) store.createExpense(group.id, fields, source);
      return { status: 200, value: { imported: rows.length, skipped, errors } };
    });
  });

  addBackupRoutes(router, store);
  addBudgetRoutes(router, store);
  addRecurringRoutes(router, store);
  return router;
}
