import { addDays, addMonths, monthOf } from './dates.js';

/** The days of a week by their numbers, as `Date` counts them: 0 is Sunday. */
export const FIRST_DAYS = { monday: 1, sunday: 0, saturday: 6 };

function weekdayOf(date) {
  return new Date(`${date}T00:00:00Z`).getUTCDay();
}

/** The day on which the week of `date` began. */
export function startOfWeek(date, firstDay) {
  return addDays(date, -((weekdayOf(date) - FIRST_DAYS[firstDay] + 7) % 7));
}

function monthFrom(date) {
  const start = `${monthOf(date)}-01`;
  return { from: start, to: addDays(addMonths(start, 1), -1) };
}

/** The days from and to which a named period goes, seen from `date`. */
export function periodOf(name, date, firstDay) {
  switch (name) {
    case 'week': {
      const from = startOfWeek(date, firstDay);
      return { from, to: addDays(from, 6) };
    }
    case 'month':
      return monthFrom(date);
    case 'lastMonth':
      return monthFrom(addMonths(`${monthOf(date)}-01`, -1));
    case 'year':
      return { from: `${date.slice(0, 4)}-01-01`, to: `${date.slice(0, 4)}-12-31` };
    default:
      return { from: '', to: '' };
  }
}
