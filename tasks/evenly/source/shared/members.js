import { participants } from './split.js';

/** The members who can take part in something new. */
export function activeMembers(group) {
  return group.members.filter((member) => !member.archived);
}

/** Ids of everyone an expense, or the template of one, is about. */
export function involvedIn(expense) {
  return new Set([expense.paidBy, ...participants(expense.split)]);
}

/** The members an expense may name after a change: the active ones and whoever it is about already. */
export function membersForChange(group, expense) {
  const present = involvedIn(expense);
  return group.members.filter((member) => !member.archived || present.has(member.id));
}
