const byAmount = (a, b) => b.amount - a.amount || (a.id < b.id ? -1 : 1);

/**
 * Suggests payments that bring the balances of one currency to zero, matching the
 * largest debt with the largest credit until one side runs out. At most
 * `members - 1` payments.
 *
 * With `wholeUnits`, each payment is rounded to whole units of the currency; what
 * rounding leaves over stays in the balances.
 *
 * @param {Record<string, number>} net positions of one currency, as from `balancesByCurrency`
 * @returns {{ from: string, to: string, amount: number }[]}
 */
export function suggestTransfers(net, { wholeUnits = false } = {}) {
  const step = wholeUnits ? 100 : 1;
  const entries = Object.entries(net);
  const debtors = entries
    .filter(([, amount]) => amount < 0)
    .map(([id, amount]) => ({ id, amount: -amount }))
    .sort(byAmount);
  const creditors = entries
    .filter(([, amount]) => amount > 0)
    .map(([id, amount]) => ({ id, amount }))
    .sort(byAmount);

  const transfers = [];
  while (debtors.length > 0 && creditors.length > 0) {
    const debtor = debtors[0];
    const creditor = creditors[0];
    const amount = Math.min(debtor.amount, creditor.amount);

    const rounded = Math.round(amount / step) * step;
    if (rounded > 0) transfers.push({ from: debtor.id, to: creditor.id, amount: rounded });

    debtor.amount -= amount;
    creditor.amount -= amount;
    if (debtor.amount === 0) debtors.shift();
    if (creditor.amount === 0) creditors.shift();
    debtors.sort(byAmount);
    creditors.sort(byAmount);
  }
  return transfers;
}
