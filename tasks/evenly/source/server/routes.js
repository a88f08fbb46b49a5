import { balancesByCurrency } from '../shared/balances.js';
import { matchesQuery } from '../shared/search.js';
import { suggestTransfers } from '../shared/settle.js';
import { exportExpenses, importExpenses } from './csv.js';
import { readCsv, readJson, sendDownload, sendJson, sendNothing } from './http.js';
import { Router } from './router.js';
import { validateExpense, validateGroup, validateGroupChange, validateMember, validatePayment } from './validate.js';

/** A list of expenses never holds more than this many, newest first. */
export const LIST_LIMIT = 200;

const fileName = (name) => name.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^-+|-+$/g, '') || 'group';

export function createRoutes(store) {
  const router = new Router();

  router.on('GET', '/api/groups', ({ res }) => {
    sendJson(res, 200, { groups: store.listGroups() });
  });

  router.on('POST', '/api/groups', async ({ req, res }) => {
    sendJson(res, 201, store.createGroup(validateGroup(await readJson(req))));
  });

  router.on('GET', '/api/groups/:groupId', ({ res, params }) => {
    sendJson(res, 200, store.getGroup(params.groupId));
  });

  router.on('PATCH', '/api/groups/:groupId', async ({ req, res, params }) => {
    const change = validateGroupChange(await readJson(req));
    sendJson(res, 200, store.updateGroup(params.groupId, change));
  });

  router.on('POST', '/api/groups/:groupId/members', async ({ req, res, params }) => {
    sendJson(res, 201, store.addMember(params.groupId, validateMember(await readJson(req))));
  });

  router.on('PATCH', '/api/groups/:groupId/members/:memberId', async ({ req, res, params }) => {
    const member = validateMember(await readJson(req));
    sendJson(res, 200, store.renameMember(params.groupId, params.memberId, member));
  });

  router.on('DELETE', '/api/groups/:groupId/members/:memberId', ({ res, params }) => {
    store.removeMember(params.groupId, params.memberId);
    sendNothing(res);
  });

  router.on('GET', '/api/groups/:groupId/expenses', ({ res, params, query }) => {
    const group = store.getGroup(params.groupId);
    const search = query.get('q') ?? '';
    const found = store.listExpenses(group.id).filter((expense) => matchesQuery(expense, search, group.members));
    sendJson(res, 200, { expenses: found.slice(0, LIST_LIMIT), total: found.length });
  });

  router.on('POST', '/api/groups/:groupId/expenses', async ({ req, res, params }) => {
    const body = await readJson(req);
    const group = store.getGroup(params.groupId);
    sendJson(res, 201, store.createExpense(group.id, validateExpense(body, group)));
  });

  router.on('GET', '/api/groups/:groupId/expenses/:expenseId', ({ res, params }) => {
    sendJson(res, 200, store.getExpense(params.groupId, params.expenseId));
  });

  router.on('PUT', '/api/groups/:groupId/expenses/:expenseId', async ({ req, res, params }) => {
    const body = await readJson(req);
    const group = store.getGroup(params.groupId);
    const fields = validateExpense(body, group);
    sendJson(res, 200, store.updateExpense(group.id, params.expenseId, fields));
  });

  router.on('DELETE', '/api/groups/:groupId/expenses/:expenseId', ({ res, params }) => {
    store.deleteExpense(params.groupId, params.expenseId);
    sendNothing(res);
  });

  router.on('GET', '/api/groups/:groupId/payments', ({ res, params }) => {
    const group = store.getGroup(params.groupId);
    sendJson(res, 200, { payments: store.listPayments(group.id) });
  });

  router.on('POST', '/api/groups/:groupId/payments', async ({ req, res, params }) => {
    const body = await readJson(req);
    const group = store.getGroup(params.groupId);
    sendJson(res, 201, store.createPayment(group.id, validatePayment(body, group)));
  });

  router.on('DELETE', '/api/groups/:groupId/payments/:paymentId', ({ res, params }) => {
    store.deletePayment(params.groupId, params.paymentId);
    sendNothing(res);
  });

  router.on('GET', '/api/groups/:groupId/balances', ({ res, params }) => {
    const group = store.getGroup(params.groupId);
    const byCurrency = balancesByCurrency(group.members, store.listExpenses(group.id), store.listPayments(group.id));
    const currencies = Object.entries(byCurrency).map(([currency, net]) => ({
      currency,
      net,
      transfers: suggestTransfers(net, { wholeUnits: group.wholeUnits }),
    }));
    sendJson(res, 200, { currencies });
  });

  router.on('GET', '/api/groups/:groupId/export.csv', ({ res, params }) => {
    const group = store.getGroup(params.groupId);
    sendDownload(res, {
      type: 'text/csv',
      filename: `evenly-${fileName(group.name)}.csv`,
      body: exportExpenses(group, store.listExpenses(group.id)),
    });
  });

  router.on('POST', '/api/groups/:groupId/import', async ({ req, res, params }) => {
    const text = await readCsv(req);
    const group = store.getGroup(params.groupId);
    const knownIds = new Set();
    for (const expense of store.listExpenses(group.id)) {
      knownIds.add(expense.id);
      if (expense.source?.exportedId) knownIds.add(expense.source.exportedId);
    }
    const { rows, skipped, errors } = importExpenses(group, text, knownIds);
    for (const { fields, source } of rows) store.createExpense(group.id, fields, source);
    sendJson(res, 200, { imported: rows.length, skipped, errors });
  });

  return router;
}
