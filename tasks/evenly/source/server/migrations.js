/**
 * `MIGRATIONS[n]` turns data of schema version n into data of version n + 1. A
 * migration is a pure function of the whole data file and is never changed once
 * released: data files of every earlier version are still out there.
 */
const MIGRATIONS = {
  // Expenses were always split equally and had no version; there were expenses and groups alone.
  1: (data) => ({
    ...data,
    groups: data.groups.map((group) => ({
      ...group,
      wholeUnits: group.wholeUnits ?? false,
      members: group.members.map((member) => ({ ...member, archived: false })),
    })),
    expenses: data.expenses.map(({ splitBetween, ...expense }) => ({
      ...expense,
      split: { mode: 'equal', members: splitBetween },
      version: 1,
    })),
    payments: data.payments ?? [],
    recurring: [],
    budgets: [],
    receipts: [],
  }),
};

export const SCHEMA_VERSION = 2;

export function emptyData() {
  return { schemaVersion: SCHEMA_VERSION, groups: [], expenses: [], payments: [], recurring: [], budgets: [], receipts: [] };
}

export function migrate(data) {
  let version = data.schemaVersion ?? 1;
  if (version > SCHEMA_VERSION) {
    throw new Error(`The data file has schema version ${version}; this Evenly reads up to ${SCHEMA_VERSION}`);
  }
  let current = data;
  while (version < SCHEMA_VERSION) {
    current = MIGRATIONS[version](current);
    version += 1;
  }
  return { ...current, schemaVersion: SCHEMA_VERSION };
}
