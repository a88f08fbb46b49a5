/**
 * Expenses and payments happen on a calendar date: a `YYYY-MM-DD` string with no time
 * and no time zone. Such strings sort and compare as text.
 */

const pad = (number, width = 2) => String(number).padStart(width, '0');

const daysIn = (year, month) => new Date(Date.UTC(year, month, 0)).getUTCDate();

export function isCalendarDate(value) {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return false;
  const [year, month, day] = value.split('-').map(Number);
  if (month < 1 || month > 12 || day < 1) return false;
  return day <= daysIn(year, month);
}

/** True for a `YYYY-MM` that exists. */
export function isMonth(value) {
  return typeof value === 'string' && isCalendarDate(`${value}-01`);
}

/** Today's calendar date where the code runs. */
export function today(now = new Date()) {
  return `${pad(now.getFullYear(), 4)}-${pad(now.getMonth() + 1)}-${pad(now.getDate())}`;
}

/** The `YYYY-MM` a calendar date falls in. */
export function monthOf(date) {
  return date.slice(0, 7);
}

export function addDays(date, days) {
  const [year, month, day] = date.split('-').map(Number);
  return new Date(Date.UTC(year, month - 1, day + days)).toISOString().slice(0, 10);
}

/** The same day of a later month, or that month's last day where it has no such day. */
export function addMonths(date, months) {
  const [year, month, day] = date.split('-').map(Number);
  const index = year * 12 + (month - 1) + months;
  const [toYear, toMonth] = [Math.floor(index / 12), (index % 12) + 1];
  return `${pad(toYear, 4)}-${pad(toMonth)}-${pad(Math.min(day, daysIn(toYear, toMonth)))}`;
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
