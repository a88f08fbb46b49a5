/**
 * Expenses and payments happen on a calendar date: a `YYYY-MM-DD` string with no time
 * and no time zone. Such strings sort and compare as text.
 */

const pad = (number, width = 2) => String(number).padStart(width, '0');

export function isCalendarDate(value) {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return false;
  const [year, month, day] = value.split('-').map(Number);
  if (month < 1 || month > 12 || day < 1) return false;
  return day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** Today's calendar date where the code runs. */
export function today(now = new Date()) {
  return `${pad(now.getFullYear(), 4)}-${pad(now.getMonth() + 1)}-${pad(now.getDate())}`;
}

/** The `YYYY-MM` a calendar date falls in. */
export function monthOf(date) {
  return date.slice(0, 7);
}

/** Splits records that are already sorted by date into `[month, records]` pairs. */
export function groupByMonth(records) {
  const months = new Map();
  for (const record of records) {
    const month = monthOf(record.date);
    if (!months.has(month)) months.set(month, []);
    months.get(month).push(record);
  }
  return [...months];
}
