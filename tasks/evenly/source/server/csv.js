import { activeMembers } from '../shared/members.js';
import { owedBy } from '../shared/split.js';
import { HttpError } from './http.js';
import { validateExpense } from './validate.js';

const COLUMNS = ['evenly id', 'date', 'description', 'note', 'amount', 'currency', 'paid by'];
const REQUIRED = ['date', 'description', 'amount', 'paid by'];

const quote = (cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
const toLine = (cells) => `${cells.map(quote).join(',')}\r\n`;

/** Splits CSV text into rows of cells, with quoting as in RFC 4180. */
export function parseCsv(text) {
  const rows = [];
  let row = [];
  let cell = '';
  let quoted = false;

  const endCell = () => {
    row.push(cell);
    cell = '';
  };
  const endRow = () => {
    endCell();
    rows.push(row);
    row = [];
  };

  const source = text.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n');
  for (let index = 0; index < source.length; index += 1) {
    const char = source[index];
    if (quoted) {
      if (char !== '"') cell += char;
      else if (source[index + 1] === '"') {
        cell += '"';
        index += 1;
      } else quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === ',') endCell();
    else if (char === '\n') endRow();
    else cell += char;
  }
  if (quoted) throw new HttpError(422, 'The CSV file ends inside a quoted cell');
  if (cell !== '' || row.length > 0) endRow();
  return rows;
}

const writeAmount = (amount) => (amount / 100).toFixed(2);

function readAmount(cell) {
  const value = Number(cell);
  if (cell.trim() === '' || Number.isNaN(value)) {
    throw new HttpError(422, 'Some fields are not right', { amount: `"${cell}" is not an amount` });
  }
  return Math.round(value * 100);
}

/** One line per expense, then one column per member with what that member owes for it. */
export function exportExpenses(group, expenses) {
  const lines = [toLine([...COLUMNS, ...group.members.map((member) => member.name)])];
  for (const expense of expenses) {
    const payer = group.members.find((member) => member.id === expense.paidBy);
    const owed = owedBy(expense);
    lines.push(
      toLine([
        expense.id,
        expense.date,
        expense.description,
        expense.note ?? '',
        writeAmount(expense.amount),
        expense.currency,
        payer.name,
        ...group.members.map((member) => (member.id in owed ? writeAmount(owed[member.id]) : '')),
      ]),
    );
  }
  return lines.join('');
}

/**
 * Reads expenses from a spreadsheet: our own export, or any file with the required
 * columns. Rows that fill in member columns are split exactly as given, also among archived
 * members; others equally between all who are not archived. Rows whose `evenly id` is in
 * `knownIds`, or has been read from an earlier row, are skipped.
 *
 * @returns {{ rows: { fields: object, source: object }[], skipped: number,
 *   errors: { line: number, message: string }[] }}
 */
export function importExpenses(group, text, knownIds = new Set()) {
  const [header, ...body] = parseCsv(text);
  const names = (header ?? []).map((cell) => cell.trim());
  const column = (name) => names.findIndex((cell) => cell.toLowerCase() === name);
  const missing = REQUIRED.filter((name) => column(name) === -1);
  if (missing.length > 0) throw new HttpError(422, `The CSV file has no column: ${missing.join(', ')}`);

  const memberColumns = group.members
    .map((member) => ({ member, index: names.indexOf(member.name) }))
    .filter(({ index }) => index !== -1);

  const seenIds = new Set(knownIds);
  const result = { rows: [], skipped: 0, errors: [] };
  for (const [index, cells] of body.entries()) {
    const line = index + 2;
    if (cells.every((cell) => cell.trim() === '')) continue;
    const cell = (name) => (cells[column(name)] ?? '').trim();
    const exportedId = cell('evenly id');
    if (seenIds.has(exportedId)) {
      result.skipped += 1;
      continue;
    }

    try {
      result.rows.push(readRow(group, memberColumns, cell, cells, line));
      if (exportedId !== '') seenIds.add(exportedId);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      const details = Object.entries(error.fields ?? {}).map(([field, message]) => `${field} ${message}`);
      result.errors.push({ line, message: details.join('; ') || error.message });
    }
  }
  return result;
}

function readRow(group, memberColumns, cell, cells, line) {
  const payer = group.members.find((member) => member.name === cell('paid by'));
  const given = memberColumns
    .map(({ member, index }) => [member.id, (cells[index] ?? '').trim()])
    .filter(([, share]) => share !== '');

  const split =
    given.length > 0
      ? { mode: 'exact', amounts: Object.fromEntries(given.map(([id, share]) => [id, readAmount(share)])) }
      : { mode: 'equal', members: activeMembers(group).map((member) => member.id) };

  const fields = validateExpense(
    {
      description: cell('description'),
      note: cell('note'),
      amount: readAmount(cell('amount')),
      currency: cell('currency') || group.currency,
      paidBy: payer?.id,
      date: cell('date'),
      split,
    },
    group,
    group.members,
  );

  // What the file said, so that a figure can be traced back to it.
  const source = {
    kind: 'csv',
    line,
    exportedId: cell('evenly id') || null,
    amount: cell('amount'),
    shares: Object.fromEntries(given),
  };
  return { fields, source };
}
