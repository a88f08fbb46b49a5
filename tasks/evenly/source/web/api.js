/** Methods that can be sent again when the connection failed before an answer came. */
const REPEATABLE = new Set(['GET', 'PUT', 'DELETE']);

export class ApiError extends Error {
  constructor(status, message, fields = {}) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.fields = fields;
  }
}

/**
 * The one place where the front end talks to the server. `onConnection` is told after each
 * request whether the server could be reached.
 */
export function createApi({ base = '/api', fetch = globalThis.fetch.bind(globalThis), onConnection = () => {} } = {}) {
  async function attempt(method, url, init) {
    try {
      return await fetch(url, { method, ...init });
    } catch (error) {
      if (!REPEATABLE.has(method)) throw error;
      return fetch(url, { method, ...init });
    }
  }

  async function send(method, path, { body, type = 'application/json', key } = {}) {
    const init = body === undefined ? {} : { body, headers: { 'content-type': type } };
    if (key !== undefined) init.headers['idempotency-key'] = key;
    let response;
    try {
      response = await attempt(method, base + path, init);
    } catch {
      onConnection(false);
      throw new ApiError(0, 'The server cannot be reached');
    }
    onConnection(true);
    if (response.status === 204) return undefined;
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new ApiError(response.status, answer.error ?? 'Something went wrong', answer.fields);
    return answer;
  }

  const get = (path) => send('GET', path);
  const sendJson = (method, path, value, key) => send(method, path, { body: JSON.stringify(value), key });
  const group = (groupId) => `/groups/${encodeURIComponent(groupId)}`;
  const expense = (groupId, expenseId) => `${group(groupId)}/expenses/${encodeURIComponent(expenseId)}`;
  const recurring = (groupId, ruleId) => `${group(groupId)}/recurring/${encodeURIComponent(ruleId)}`;

  return {
    listGroups: () => get('/groups'),
    createGroup: (fields) => sendJson('POST', '/groups', fields),
    getGroup: (groupId) => get(group(groupId)),
    updateGroup: (groupId, change) => sendJson('PATCH', group(groupId), change),
    addMember: (groupId, name) => sendJson('POST', `${group(groupId)}/members`, { name }),

    updateMember: (groupId, memberId, change) =>
      sendJson('PATCH', `${group(groupId)}/members/${encodeURIComponent(memberId)}`, change),

    /** One page of the expenses; `rest` may hold a `limit` and the `cursor` of the page before. */
    listExpenses: (groupId, query = '', rest = {}) =>
      get(`${group(groupId)}/expenses?${new URLSearchParams({ q: query, ...rest })}`),
    getExpense: (groupId, expenseId) => get(expense(groupId, expenseId)),
    /** Sent again with the same `key`, it creates the expense only once. */
    createExpense: (groupId, fields, key) => sendJson('POST', `${group(groupId)}/expenses`, fields, key),
    updateExpense: (groupId, expenseId, fields) => sendJson('PUT', expense(groupId, expenseId), fields),
    deleteExpense: (groupId, expenseId) => send('DELETE', expense(groupId, expenseId)),

    getBalances: (groupId) => get(`${group(groupId)}/balances`),
    listPayments: (groupId) => get(`${group(groupId)}/payments`),
    createPayment: (groupId, fields) => sendJson('POST', `${group(groupId)}/payments`, fields),
    deletePayment: (groupId, paymentId) =>
      send('DELETE', `${group(groupId)}/payments/${encodeURIComponent(paymentId)}`),

    getSummary: (groupId, month) => get(`${group(groupId)}/summary?month=${encodeURIComponent(month)}`),
    putBudget: (groupId, fields) => sendJson('PUT', `${group(groupId)}/budgets`, fields),
    deleteBudget: (groupId, budgetId) => send('DELETE', `${group(groupId)}/budgets/${encodeURIComponent(budgetId)}`),

    listRecurring: (groupId) => get(`${group(groupId)}/recurring`),
    createRecurring: (groupId, fields) => sendJson('POST', `${group(groupId)}/recurring`, fields),
    updateRecurring: (groupId, ruleId, fields) => sendJson('PUT', recurring(groupId, ruleId), fields),
    deleteRecurring: (groupId, ruleId) => send('DELETE', recurring(groupId, ruleId)),
    runRecurring: (groupId, upTo) => sendJson('POST', `${group(groupId)}/recurring/run`, { upTo }),

    backupUrl: (groupId) => `${base}${group(groupId)}/backup.json`,
    restoreGroup: (text) => send('POST', '/groups/restore', { body: text }),

    importCsv: (groupId, text) => send('POST', `${group(groupId)}/import`, { body: text, type: 'text/csv' }),
    exportUrl: (groupId) => `${base}${group(groupId)}/export.csv`,
  };
}
