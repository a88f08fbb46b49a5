import { groupByMonth, today } from '../../shared/dates.js';
import { activeMembers } from '../../shared/members.js';
import { fill, h } from '../dom.js';
import { formatCount, formatDate, formatMoney, formatMonth, formatPosition } from '../format.js';
import { openExpenseForm } from './expenseForm.js';

export function groupView(store) {
  const title = h('h1');
  const count = h('p', { class: 'faint', role: 'status' });
  const list = h('div', { class: 'expenses' });
  const balances = h('div');
  const payments = h('ul', { class: 'plain' });
  const exportLink = h('a', { class: 'button', download: '' }, 'Export CSV');
  const overviewLink = h('a', { class: 'button' }, 'Overview');
  const wholeUnits = h('input', { type: 'checkbox', onChange: () => store.setWholeUnits(wholeUnits.checked) });
  const searchBox = h('input', {
    type: 'search',
    placeholder: 'Search expenses',
    'aria-label': 'Search expenses',
    onInput: () => store.search(searchBox.value),
  });
  const file = h('input', {
    type: 'file',
    accept: '.csv,text/csv',
    onChange: async () => {
      const [chosen] = file.files;
      if (chosen) await store.importCsv(await chosen.text());
      file.value = '';
    },
  });
  const memberName = h('input', {
    placeholder: 'Name',
    required: true,
    maxLength: 60,
    'aria-label': 'Name of the new member',
  });
  const memberProblem = h('p', { class: 'problem', role: 'status' });

  async function addMember(event) {
    event.preventDefault();
    fill(memberProblem);
    try {
      await store.addMember(memberName.value);
      memberName.value = '';
    } catch (error) {
      fill(memberProblem, error.fields?.name ?? error.message);
    }
  }

  const addExpense = h('button', { class: 'primary', onClick: () => openExpenseForm(store) }, 'Add expense');

  const node = h(
    'section',
    null,
    title,
    h('div', { class: 'toolbar' }, addExpense, overviewLink, exportLink, h('label', { class: 'button' }, 'Import CSV', file)),
    h(
      'div',
      { class: 'columns' },
      h('div', null, searchBox, count, list),
      h(
        'aside',
        { class: 'stack' },
        h(
          'div',
          { class: 'panel' },
          h('h2', null, 'Balances'),
          balances,
          h('label', { class: 'inline' }, wholeUnits, 'Round suggestions to whole units'),
        ),
        h('div', { class: 'panel' }, h('h2', null, 'Payments'), payments),
        h(
          'form',
          { class: 'panel stack', onSubmit: addMember },
          h('h2', null, 'New member'),
          memberName,
          memberProblem,
          h('button', null, 'Add member'),
        ),
      ),
    ),
  );

  function expenseRow(expense, nameOf) {
    const edited = expense.version > 1 ? `, edited ${formatDate(expense.updatedAt)}` : '';
    return h(
      'li',
      null,
      h(
        'button',
        { class: 'row', onClick: () => openExpenseForm(store, expense) },
        h('span', { class: 'what' }, expense.description),
        h('span', { class: 'amount' }, formatMoney(expense.amount, expense.currency)),
        h('span', { class: 'faint' }, `${formatDate(expense.date)}, paid by ${nameOf(expense.paidBy)}${edited}`),
      ),
    );
  }

  function transferRow({ from, to, amount }, currency, nameOf) {
    const record = () => store.recordPayment({ from, to, amount, currency, date: today() });
    return h(
      'li',
      null,
      `${nameOf(from)} pays ${nameOf(to)} ${formatMoney(amount, currency)}`,
      h('button', { class: 'quiet', onClick: record }, 'Paid'),
    );
  }

  function balancePanel({ currency, net, transfers }, nameOf) {
    return [
      h('h3', null, currency),
      h(
        'ul',
        { class: 'plain' },
        Object.entries(net).map(([id, amount]) => h('li', null, `${nameOf(id)} ${formatPosition(amount, currency)}`)),
      ),
      h('ul', { class: 'plain' }, transfers.map((transfer) => transferRow(transfer, currency, nameOf))),
    ];
  }

  function update(state) {
    const { group } = state;
    addExpense.disabled = !group || activeMembers(group).length === 0;
    if (!group) {
      fill(title, state.loading ? 'Loading…' : 'Group');
      return;
    }
    const names = new Map(group.members.map((member) => [member.id, member.name]));
    const nameOf = (id) => names.get(id) ?? 'someone';

    document.title = `${group.name} – Evenly`;
    fill(title, group.name);
    exportLink.href = store.exportUrl();
    overviewLink.href = `#/groups/${group.id}/overview`;
    wholeUnits.checked = group.wholeUnits;

    const shown = state.expenses.length < state.total ? `, newest ${state.expenses.length} shown` : '';
    fill(count, `${formatCount(state.total, 'expense')}${state.query ? ` for “${state.query}”` : ''}${shown}`);
    fill(
      list,
      groupByMonth(state.expenses).map(([month, expenses]) => [
        h('h2', null, formatMonth(month)),
        h('ul', { class: 'plain' }, expenses.map((expense) => expenseRow(expense, nameOf))),
      ]),
    );
    const panels = state.balances.map((entry) => balancePanel(entry, nameOf));
    fill(balances, panels.length > 0 ? panels : 'Nothing to settle yet.');
    fill(
      payments,
      state.payments.map(({ from, to, amount, currency, date }) =>
        h('li', null, `${formatDate(date)}: ${nameOf(from)} paid ${nameOf(to)} ${formatMoney(amount, currency)}`),
      ),
    );
  }

  return { node, update };
}
