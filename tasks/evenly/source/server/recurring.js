import { isCalendarDate } from '../shared/dates.js';
import { activeMembers, involvedIn, membersForChange } from '../shared/members.js';
import { datesDue } from '../shared/recurrence.js';
import { HttpError, readJson, sendJson, sendNothing, sendUnlessKnown } from './http.js';
import { answerOnce } from './receipts.js';
import { validateRecurring } from './validate.js';

/** One run makes at most this many expenses from a rule; the next run goes on from there. */
const PER_RUN = 400;
const LAST_DATE = '9999-12-31';

/** The dates a rule will make expenses for next, at most `limit`. */
function comingDates(rule, limit) {
  return rule.paused ? [] : datesDue(rule, { after: rule.doneThrough, upTo: LAST_DATE, limit });
}

const withComing = (rule) => ({ ...rule, next: comingDates(rule, 3) });

/**
 * Makes the expenses that are due up to and including `upTo`. A rule remembers how far it
 * has come in `doneThrough`; nothing before that is made again, also where someone has
 * deleted or moved an expense, or changed the schedule.
 *
 * A rule that names an archived member waits, and is reported, until it is changed or the
 * member is back.
 */
function runRules(store, groupId, upTo) {
  const group = store.getGroup(groupId);
  const active = new Set(activeMembers(group).map((member) => member.id));
  const result = { created: 0, blocked: [], complete: true };
  for (const rule of store.listRecurring(groupId)) {
    if (rule.paused) continue;
    const dates = datesDue(rule, { after: rule.doneThrough, upTo, limit: PER_RUN });
    if (dates.length === 0) continue;
    const missing = [...involvedIn(rule.expense)].filter((id) => !active.has(id));
    if (missing.length > 0) {
      result.blocked.push({ id: rule.id, members: missing });
      continue;
    }
    for (const date of dates) {
      store.createExpense(groupId, { ...rule.expense, date }, { kind: 'recurring', ruleId: rule.id, date });
    }
    store.updateRecurring(groupId, rule.id, { doneThrough: dates.at(-1) });
    result.created += dates.length;
    if (dates.length === PER_RUN) result.complete = false;
  }
  return result;
}

export function addRecurringRoutes(router, store) {
  router.on('GET', '/api/groups/:groupId/recurring', ({ req, res, params }) => {
    const group = store.getGroup(params.groupId);
    sendUnlessKnown(req, res, { recurring: store.listRecurring(group.id).map(withComing) });
  });

  router.on('POST', '/api/groups/:groupId/recurring', async (context) => {
    const body = await readJson(context.req);
    const group = store.getGroup(context.params.groupId);
    await answerOnce(store, context, body, () => ({
      status: 201,
      value: withComing(store.createRecurring(group.id, validateRecurring(body, group))),
    }));
  });

  router.on('PUT', '/api/groups/:groupId/recurring/:ruleId', async ({ req, res, params }) => {
    const body = await readJson(req);
    const group = store.getGroup(params.groupId);
    const rule = store.getRecurring(group.id, params.ruleId);
    const fields = validateRecurring(body, group, membersForChange(group, rule.expense));
    sendJson(res, 200, withComing(store.updateRecurring(group.id, rule.id, fields)));
  });

  router.on('DELETE', '/api/groups/:groupId/recurring/:ruleId', ({ res, params }) => {
    store.deleteRecurring(params.groupId, params.ruleId);
    sendNothing(res);
  });

  router.on('POST', '/api/groups/:groupId/recurring/run', async ({ req, res, params }) => {
    const { upTo } = await readJson(req);
    if (!isCalendarDate(upTo)) {
      throw new HttpError(422, 'Some fields are not right', { upTo: 'must be a date like 2024-03-31' });
    }
    sendJson(res, 200, runRules(store, params.groupId, upTo));
  });
}
