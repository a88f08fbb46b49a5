import { HttpError } from './http.js';

/** A list never holds more than this many. */
export const LIST_LIMIT = 200;

/**
 * The order of lists. The id decides between records of one day that were created in the
 * same millisecond, as an import does, so that every record has one place.
 */
export function newestFirst(a, b) {
  if (a.date !== b.date) return a.date < b.date ? 1 : -1;
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? 1 : -1;
  if (a.id !== b.id) return a.id < b.id ? 1 : -1;
  return 0;
}

function encodeCursor({ date, createdAt, id }) {
  return Buffer.from(JSON.stringify([date, createdAt, id])).toString('base64url');
}

function decodeCursor(text) {
  try {
    const [date, createdAt, id] = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    if ([date, createdAt, id].every((part) => typeof part === 'string')) return { date, createdAt, id };
  } catch {
    // Falls through to the answer below: it is no cursor of ours.
  }
  throw new HttpError(422, 'Some fields are not right', { cursor: 'is not one that a list has given' });
}

function readLimit(text) {
  if (text === null) return LIST_LIMIT;
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > LIST_LIMIT) {
    throw new HttpError(422, 'Some fields are not right', { limit: `must be from 1 to ${LIST_LIMIT}` });
  }
  return limit;
}

/**
 * One page of records that are sorted by `newestFirst`. A cursor is the place of the last
 * record of a page, not a count, so the next page starts behind it whatever has been
 * added, changed or deleted in the meantime, that record included.
 *
 * @returns {{ items: object[], next: string | null }}
 */
export function page(records, query) {
  const limit = readLimit(query.get('limit'));
  const cursor = query.get('cursor');
  const after = cursor === null ? null : decodeCursor(cursor);
  const rest = after === null ? records : records.filter((record) => newestFirst(after, record) < 0);
  const items = rest.slice(0, limit);
  return { items, next: rest.length > limit ? encodeCursor(items.at(-1)) : null };
}
