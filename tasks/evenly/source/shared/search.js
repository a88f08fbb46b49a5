/** Lower case without accents, so that "Café" is found by "cafe". */
export function fold(text) {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

/**
 * True when every word of `query` occurs in the expense: in its description, its note,
 * its currency, its date or the name of whoever paid.
 */
export function matchesQuery(expense, query, members) {
  const words = fold(query).split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const payer = members.find((member) => member.id === expense.paidBy);
  const text = fold(
    [expense.description, expense.note ?? '', expense.currency, expense.date, payer?.name ?? ''].join('\n'),
  );
  return words.every((word) => text.includes(word));
}
