import { activeMembers } from '../../shared/members.js';
import { currencyCodes } from '../../shared/currencies.js';
import { today } from '../../shared/dates.js';
import { AmountError, parseAmount } from '../../shared/money.js';
import { describeSchedule, UNITS } from '../../shared/recurrence.js';
import { fill, h } from '../dom.js';
import { formatCount, formatMoney } from '../format.js';
import { createOverview } from '../overview.js';
import { groupTabs } from './groupHeader.js';

const label = (text, control) => h('label', null, text, control);
const options = (values, chosen) => values.map((value) => h('option', { value, selected: value === chosen }, value));

function summaryPanel({ currency, total, untagged, tags, members }, nameOf) {
  const rows = (entries) =>
    entries.map(([label, amount]) => h('li', null, `${label}: ${formatMoney(amount, currency)}`));
  const byAmount = (a, b) => b[1] - a[1];
  return [
    h('h3', null, `${currency}: ${formatMoney(total, currency)}`),
    h(
      'ul',
      { class: 'plain' },
      rows(
        Object.entries(tags)
          .map(([tag, amount]) => [`#${tag}`, amount])
          .sort(byAmount),
      ),
    ),
    untagged > 0 && h('p', { class: 'faint' }, `Without a tag: ${formatMoney(untagged, currency)}`),
    h(
      'ul',
      { class: 'plain' },
      rows(
        Object.entries(members)
          .map(([id, amount]) => [nameOf(id), amount])
          .sort(byAmount),
      ),
    ),
  ];
}

/** A month of a group in figures, its budgets, recurring expenses and members. */
export function overviewView(overview, groupId, setTitle) {
  const title = h('h1');
  const name = h('p', { class: 'eyebrow' });
  const message = h('p', { class: 'problem', role: 'status' });
  const month = h('input', {
    type: 'month',
    'aria-label': 'Month',
    onChange: () => month.value && overview.showMonth(month.value),
  });
  const figures = h('div');
  const budgets = h('ul', { class: 'plain' });
  const recurring = h('ul', { class: 'plain' });
  const members = h('ul', { class: 'plain' });
  const backup = h('a', { class: 'button', download: '' }, 'Download backup');

  const budgetTag = h('input', { placeholder: '#food', required: true });
  const budgetAmount = h('input', { required: true, inputMode: 'decimal' });
  const budgetCurrency = h('select', null, options(currencyCodes(), 'EUR'));

  const ruleWhat = h('input', { placeholder: 'Rent #home', required: true, maxLength: 120 });
  const ruleAmount = h('input', { required: true, inputMode: 'decimal' });
  const ruleEvery = h('select', null, options(UNITS, 'month'));
  const ruleStart = h('input', { type: 'date', value: today(), required: true });
  const rulePayer = h('select');

  /** Reads a form and hands it to `send`, or says which amount cannot be read. */
  function submit(event, read, send) {
    event.preventDefault();
    fill(message);
    try {
      return send(read());
    } catch (error) {
      if (!(error instanceof AmountError)) throw error;
      return fill(message, error.message);
    }
  }

  const readBudget = () => ({
    tag: budgetTag.value,
    currency: budgetCurrency.value,
    amount: parseAmount(budgetAmount.value, budgetCurrency.value),
  });

  function readRule() {
    const { group } = overview.state;
    return {
      every: ruleEvery.value,
      start: ruleStart.value,
      expense: {
        description: ruleWhat.value,
        amount: parseAmount(ruleAmount.value, group.currency),
        currency: group.currency,
        paidBy: rulePayer.value,
        split: { mode: 'equal', members: activeMembers(group).map(({ id }) => id) },
      },
    };
  }

  const node = h(
    'section',
    null,
    h('header', { class: 'group-header' }, name, title, groupTabs(groupId, 'Overview')),
    h('div', { class: 'toolbar' }, backup),
    message,
    h(
      'div',
      { class: 'columns' },
      h(
        'div',
        { class: 'stack' },
        h('div', { class: 'panel' }, h('h2', null, 'Month'), month, figures),
        h(
          'form',
          {
            class: 'panel stack',
            'aria-label': 'Budgets',
            onSubmit: (event) => submit(event, readBudget, overview.saveBudget),
          },
          h('h2', null, 'Budgets'),
          budgets,
          h(
            'div',
            { class: 'fields' },
            label('Tag', budgetTag),
            label('Amount per month', budgetAmount),
            label('Currency', budgetCurrency),
          ),
          h('button', null, 'Save budget'),
        ),
      ),
      h(
        'aside',
        { class: 'stack' },
        h(
          'form',
          {
            class: 'panel stack',
            'aria-label': 'Recurring expenses',
            onSubmit: (event) => submit(event, readRule, overview.createRecurring),
          },
          h('h2', null, 'Recurring expenses'),
          recurring,
          h('button', { type: 'button', onClick: overview.addDue }, 'Add what is due'),
          label('Description', ruleWhat),
          h('div', { class: 'pair' }, label('Amount', ruleAmount), label('Paid by', rulePayer)),
          h('div', { class: 'pair' }, label('Every', ruleEvery), label('From', ruleStart)),
          h('button', null, 'Add recurring expense'),
        ),
        h('div', { class: 'panel' }, h('h2', null, 'Members'), members),
      ),
    ),
  );

  const quiet = (label, onClick) => h('button', { type: 'button', class: 'quiet', onClick }, label);

  function budgetRow({ id, tag, currency, amount, spent, left }) {
    const state = left < 0 ? `${formatMoney(-left, currency)} over` : `${formatMoney(left, currency)} left`;
    return h(
      'li',
      null,
      `#${tag}: ${formatMoney(spent, currency)} of ${formatMoney(amount, currency)}, ${state}`,
      quiet('Remove', () => overview.deleteBudget(id)),
    );
  }

  function ruleRow(rule) {
    const { id, expense, paused, next } = rule;
    const when = paused ? 'paused' : `next ${next[0] ?? 'never'}`;
    return h(
      'li',
      null,
      `${expense.description}, ${formatMoney(expense.amount, expense.currency)}, ${describeSchedule(rule)}, ${when}`,
      quiet(paused ? 'Resume' : 'Pause', () => overview.setPaused(rule, !paused)),
      quiet('Remove', () => overview.deleteRecurring(id)),
    );
  }

  function memberRow({ id, name, archived }) {
    const label = archived ? 'Take back' : 'Archive';
    return h(
      'li',
      null,
      archived ? `${name} (archived)` : name,
      quiet(label, () => overview.setArchived(id, !archived)),
    );
  }

  function update(state) {
    fill(message, state.message);
    month.value = state.month;
    const { group, summary } = state;
    fill(title, group ? 'Overview' : 'Loading…');
    if (!group) return;
    fill(name, group.name);
    setTitle(`Overview – ${group.name}`);
    const names = new Map(group.members.map(({ id, name }) => [id, name]));
    const nameOf = (id) => names.get(id) ?? 'someone';

    backup.href = overview.backupUrl();
    const panels = summary.currencies.map((entry) => summaryPanel(entry, nameOf));
    fill(figures, panels.length > 0 ? panels : 'Nothing spent in this month.');
    fill(budgets, state.budgets.map(budgetRow));
    fill(recurring, state.recurring.map(ruleRow));
    fill(
      members,
      group.members.map(memberRow),
      h('li', { class: 'faint' }, formatCount(group.members.length, 'member')),
    );
    const chosen = rulePayer.value;
    fill(
      rulePayer,
      activeMembers(group).map(({ id, name }) => h('option', { value: id, selected: id === chosen }, name)),
    );
  }

  overview.subscribe(update);
  update(overview.state);
  return { node };
}

/** The overview as a screen, with a state of its own. */
export function overviewScreen(app, { groupId }) {
  const overview = createOverview(app.api, groupId);
  const { node } = overviewView(overview, groupId, app.setTitle);
  return { node, enter: overview.load, reload: overview.load };
}
