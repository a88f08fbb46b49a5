import { owedBy } from './split.js';

/**
 * Net position of every member per currency: positive is owed money, negative owes.
 * Currencies are never added together. Within each currency the positions sum to zero.
 *
 * @returns {Record<string, Record<string, number>>} `{ EUR: { memberId: net } }`
 */
export function balancesByCurrency(members, expenses, payments = []) {
  const result = {};

  const ledger = (currency) => {
    result[currency] ??= Object.fromEntries(members.map((member) => [member.id, 0]));
    return result[currency];
  };

  for (const expense of expenses) {
    const net = ledger(expense.currency);
    net[expense.paidBy] += expense.amount;
    for (const [memberId, owed] of Object.entries(owedBy(expense))) net[memberId] -= owed;
  }

  for (const payment of payments) {
    const net = ledger(payment.currency);
    net[payment.from] += payment.amount;
    net[payment.to] -= payment.amount;
  }

  return result;
}
