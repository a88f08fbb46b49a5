import { currencyCodes } from '../../shared/currencies.js';
import { today } from '../../shared/dates.js';
import { filtersFrom, isFiltered, NO_FILTERS, queryOf, totalsByCurrency } from '../../shared/filters.js';
import { highlight } from '../../shared/highlight.js';
import { periodOf } from '../../shared/periods.js';
import { fill, h } from '../dom.js';
import { field, options, select } from '../form.js';
import { formatCount, formatDate, formatMoney } from '../format.js';
import { searchAll } from '../searchAll.js';
import { namesOf } from './groupHeader.js';

const TYPING_PAUSE_MS = 250;
const SHOWN_AT_ONCE = 50;

const PERIODS = [
  ['', 'Any time'],
  ['week', 'This week'],
  ['month', 'This month'],
  ['lastMonth', 'Last month'],
  ['year', 'This year'],
];

const anyOr = (label, pairs) => [['', label], ...pairs];
const marked = (text, query) =>
  highlight(text, query).map((piece) => (piece.match ? h('mark', null, piece.text) : piece.text));

/** The fields of the search, which hold what `filters` says. */
function searchFields(filters) {
  const text = (name, props) => h('input', { name, value: filters[name], autocomplete: 'off', ...props });
  return {
    q: field('Text', text('q', { type: 'search' })),
    group: field('Group', select(anyOr('All groups', []), '', { name: 'group' })),
    member: field('Member', select(anyOr('Anybody', []), '', { name: 'member' })),
    tag: field('Tag', text('tag', { placeholder: '#food' })),
    currency: field(
      'Currency',
      select(
        anyOr(
          'Any',
          currencyCodes().map((code) => [code, code]),
        ),
        filters.currency,
        { name: 'currency' },
      ),
    ),
    from: field('From', text('from', { type: 'date' })),
    to: field('To', text('to', { type: 'date' })),
    min: field('Amount from', text('min', { inputMode: 'decimal' })),
    max: field('Amount to', text('max', { inputMode: 'decimal' })),
  };
}

/** The members of all groups that can be meant, each name once. */
function memberNames(groups, groupId) {
  const meant = groups.filter((group) => groupId === '' || group.id === groupId);
  return [...new Set(meant.flatMap((group) => group.members.map(({ name }) => name)))].sort((a, b) =>
    a.localeCompare(b),
  );
}

/** Expenses of all groups, by text and filters. What is searched for is kept in the address. */
export function searchView(app) {
  const { api, router, settings } = app;
  app.setTitle('Search');
  let filters = filtersFrom(router.query);
  let groups = [];
  let found = [];
  let shown = SHOWN_AT_ONCE;
  let asked = 0;
  let typing;

  const fields = searchFields(filters);
  const period = field('Period', select(PERIODS, '', { onChange: choosePeriod }));
  const state = h('p', { role: 'status', 'aria-label': 'Search results' });
  const sums = h('ul', { class: 'sums-list', 'aria-label': 'Sums' });
  const list = h('ul', { class: 'plain list', 'aria-label': 'Found expenses' });
  const more = h('button', { onClick: showMore }, 'Show more');

  const form = h(
    'form',
    { class: 'panel stack', role: 'search', noValidate: true, onSubmit: submit, onInput: inputLater, onChange: submit },
    fields.q.node,
    h(
      'div',
      { class: 'fields' },
      ['group', 'member', 'tag', 'currency'].map((name) => fields[name].node),
    ),
    h(
      'div',
      { class: 'fields' },
      period.node,
      ['from', 'to', 'min', 'max'].map((name) => fields[name].node),
    ),
    h(
      'div',
      { class: 'toolbar' },
      h('button', { class: 'primary' }, 'Search'),
      h('button', { type: 'button', onClick: clear }, 'Clear filters'),
    ),
  );
  const node = h('section', null, h('h1', null, 'Search'), form, state, sums, list, more);

  function drawChoices() {
    fill(
      fields.group.control,
      options(
        anyOr(
          'All groups',
          groups.map(({ id, name }) => [id, name]),
        ),
        filters.group,
      ),
    );
    fill(
      fields.member.control,
      options(
        anyOr(
          'Anybody',
          memberNames(groups, filters.group).map((name) => [name, name]),
        ),
        filters.member,
      ),
    );
  }

  function row({ group, expense }) {
    const nameOf = namesOf(group);
    const details = [group.name, formatDate(expense.date), `paid by ${nameOf(expense.paidBy)}`].join(', ');
    return h(
      'li',
      null,
      h(
        'a',
        { class: 'row', href: `/groups/${group.id}/expenses/${expense.id}` },
        h('span', { class: 'what' }, marked(expense.description, filters.q)),
        h('span', { class: 'amount' }, formatMoney(expense.amount, expense.currency)),
        h('span', { class: 'faint' }, marked(details, filters.q)),
        expense.note && h('span', { class: 'faint' }, marked(expense.note, filters.q)),
      ),
    );
  }

  function draw() {
    fill(list, found.slice(0, shown).map(row));
    more.hidden = found.length <= shown;
    const totals = totalsByCurrency(found.map(({ expense }) => expense));
    fill(
      sums,
      totals.map(([currency, amount]) => h('li', null, formatMoney(amount, currency))),
    );
    if (!isFiltered(filters)) fill(state, 'Enter what you are looking for, or choose a filter.');
    else fill(state, found.length > 0 ? `${formatCount(found.length, 'expense')} found` : 'Nothing was found.');
  }

  function showMore() {
    shown += SHOWN_AT_ONCE;
    draw();
  }

  /** Looks for what the filters say; an answer that was overtaken is dropped. */
  async function run() {
    asked += 1;
    const own = asked;
    shown = SHOWN_AT_ONCE;
    found = [];
    if (!isFiltered(filters)) {
      draw();
      return;
    }
    fill(state, 'Searching…');
    try {
      const answer = await searchAll(api, groups, filters);
      if (own !== asked) return;
      found = answer;
      draw();
    } catch (error) {
      if (own === asked) fill(state, error.message);
    }
  }

  function read() {
    const values = Object.entries(fields).map(([name, { control }]) => [name, control.value]);
    const wanted = filtersFrom(new URLSearchParams(values));
    if (queryOf(wanted) === queryOf(filters)) return;
    const otherGroup = wanted.group !== filters.group;
    filters = wanted;
    if (otherGroup) drawChoices();
    router.setQuery(queryOf(filters));
    run();
  }

  function submit(event) {
    event.preventDefault();
    clearTimeout(typing);
    read();
  }

  function inputLater() {
    clearTimeout(typing);
    typing = setTimeout(read, TYPING_PAUSE_MS);
  }

  function choosePeriod() {
    const { from, to } = periodOf(period.control.value, today(), settings.state.preferences.weekStart);
    fields.from.control.value = from;
    fields.to.control.value = to;
  }

  function clear() {
    for (const [name, { control }] of Object.entries(fields)) control.value = NO_FILTERS[name];
    period.control.value = '';
    read();
    fields.q.control.focus();
  }

  async function enter() {
    draw();
    try {
      ({ groups } = await api.listGroups());
    } catch (error) {
      fill(state, error.message);
      return;
    }
    drawChoices();
    await run();
  }

  return { node, enter, reload: enter, leave: () => clearTimeout(typing) };
}
