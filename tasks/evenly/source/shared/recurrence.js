import { addDays, addMonths } from './dates.js';

export const UNITS = ['week', 'month', 'year'];
export const MAX_INTERVAL = 60;

/**
 * A schedule is `{ every, interval, start, until }`: every `interval` weeks, months or
 * years from `start` on, up to and including `until` (or for ever if that is null).
 *
 * Each date is counted from `start`, not from the one before: what begins on the 31st
 * falls on the last day of shorter months and on the 31st again after them.
 */
function dateAt({ every, interval, start }, index) {
  switch (every) {
    case 'week':
      return addDays(start, 7 * interval * index);
    case 'month':
      return addMonths(start, interval * index);
    case 'year':
      return addMonths(start, 12 * interval * index);
    default:
      throw new RangeError(`Unknown unit: ${every}`);
  }
}

/** The first `limit` dates of a schedule after `after` (or from its start if null), up to and including `upTo`. */
export function datesDue(schedule, { after = null, upTo, limit = Infinity }) {
  const last = schedule.until !== null && schedule.until < upTo ? schedule.until : upTo;
  const dates = [];
  for (let index = 0; dates.length < limit; index += 1) {
    const date = dateAt(schedule, index);
    if (date > last) break;
    if (after === null || date > after) dates.push(date);
  }
  return dates;
}

const WORDS = { week: ['week', 'weeks'], month: ['month', 'months'], year: ['year', 'years'] };

/** A schedule in words: "every month from 2024-01-31", "every 2 weeks from 2024-01-01 until 2024-06-30". */
export function describeSchedule({ every, interval, start, until }) {
  const [one, many] = WORDS[every];
  const pace = interval === 1 ? `every ${one}` : `every ${interval} ${many}`;
  return `${pace} from ${start}${until === null ? '' : ` until ${until}`}`;
}
