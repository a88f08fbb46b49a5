import { groupByMonth, today } from '../../shared/dates.js';
import { activeMembers } from '../../shared/members.js';
import { fill, h } from '../dom.js';
import { describeError, field, fileButton, showErrors, whileBusy } from '../form.js';
import { formatCount, formatDate, formatMoney, formatMonth, formatPosition } from '../format.js';
import { groupHeader, namesOf } from './groupHeader.js';

/** So many of the latest payments are shown beside the expenses; all of them are at "Settle up". */
const PAYMENTS_SHOWN = 5;

export function groupView(app, { groupId }) {
  const { store, outbox } = app;
  const header = groupHeader(app, groupId, 'Expenses');
  const count = h('p', { class: 'faint', role: 'status' });
  const list = h('div', { class: 'expenses' });
  const waiting = h('div');
  const more = h('button', { onClick: () => whileBusy(more, store.showMore) }, 'Show more');
  const balances = h('div');
  const payments = h('ul', { class: 'plain' });
  const addExpense = h('a', { class: 'button primary', href: `/groups/${groupId}/expenses/new` }, 'Add expense');
  const exportLink = h('a', { class: 'button', download: '', href: app.api.exportUrl(groupId) }, 'Export CSV');
  const importButton = fileButton('Import CSV', '.csv,text/csv', async (file) => store.importCsv(await file.text()));
  const wholeUnits = h('input', { type: 'checkbox', onChange: () => store.setWholeUnits(wholeUnits.checked) });
  const searchBox = h('input', {
    type: 'search',
    placeholder: 'Search expenses',
    'aria-label': 'Search expenses',
    value: store.state.groupId === groupId ? store.state.query : '',
    onInput: () => store.search(searchBox.value),
  });
  const member = field('Name of the new member', h('input', { maxLength: 60, autocomplete: 'off' }));

  async function addMember(event) {
    event.preventDefault();
    try {
      await store.addMember(member.control.value);
      member.control.value = '';
      member.setError();
    } catch (error) {
      showErrors({ name: member }, { name: error.fields?.name ?? error.message });
    }
  }

  const node = h(
    'section',
    null,
    header.node,
    h('div', { class: 'toolbar' }, addExpense, exportLink, importButton),
    h(
      'div',
      { class: 'columns' },
      h('div', { class: 'stack' }, h('search', null, searchBox), count, waiting, list, more),
      h(
        'aside',
        { class: 'stack' },
        h(
          'section',
          { class: 'panel', 'aria-label': 'Balances' },
          h('h2', null, 'Balances'),
          balances,
          h('label', { class: 'inline' }, wholeUnits, 'Round suggestions to whole units'),
        ),
        h('section', { class: 'panel', 'aria-label': 'Latest payments' }, h('h2', null, 'Latest payments'), payments),
        h(
          'form',
          { class: 'panel stack', 'aria-label': 'New member', noValidate: true, onSubmit: addMember },
          h('h2', null, 'New member'),
          member.node,
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
        'a',
        { class: 'row', href: `/groups/${groupId}/expenses/${expense.id}` },
        h('span', { class: 'what' }, expense.description),
        h('span', { class: 'amount' }, formatMoney(expense.amount, expense.currency)),
        h('span', { class: 'faint' }, `${formatDate(expense.date)}, paid by ${nameOf(expense.paidBy)}${edited}`),
      ),
    );
  }

  function waitingRow({ key, fields, problem }) {
    return h(
      'li',
      { class: 'row' },
      h('span', { class: 'what' }, fields.description),
      h('span', { class: 'amount' }, formatMoney(fields.amount, fields.currency)),
      h('span', { class: 'faint' }, problem === null ? 'Waiting to be sent' : `Not accepted: ${problem}`),
      problem !== null && h('button', { class: 'quiet', onClick: () => outbox.discard(key) }, 'Discard'),
    );
  }

  function drawWaiting() {
    const entries = outbox.entriesOf(groupId);
    const rows = () => h('ul', { class: 'plain', 'aria-label': 'Waiting to be sent' }, entries.map(waitingRow));
    fill(waiting, entries.length > 0 && [h('h2', null, 'Waiting to be sent'), rows()]);
  }

  function transferRow({ from, to, amount }, currency, nameOf) {
    async function record() {
      try {
        await store.recordPayment({ from, to, amount, currency, date: today() });
      } catch (error) {
        store.report(describeError(error));
      }
    }
    const what = `${nameOf(from)} pays ${nameOf(to)} ${formatMoney(amount, currency)}`;
    const paid = h(
      'button',
      { class: 'quiet', 'aria-label': `Paid: ${what}`, onClick: () => whileBusy(paid, record) },
      'Paid',
    );
    return h('li', null, what, paid);
  }

  function balancePanel({ currency, net, transfers }, nameOf) {
    return [
      h('h3', null, currency),
      h(
        'ul',
        { class: 'plain' },
        Object.entries(net).map(([id, amount]) => h('li', null, `${nameOf(id)} ${formatPosition(amount, currency)}`)),
      ),
      h(
        'ul',
        { class: 'plain' },
        transfers.map((transfer) => transferRow(transfer, currency, nameOf)),
      ),
    ];
  }

  function paymentRow({ from, to, amount, currency, date }, nameOf) {
    return h('li', null, `${formatDate(date)}: ${nameOf(from)} paid ${nameOf(to)} ${formatMoney(amount, currency)}`);
  }

  function drawExpenses(state, nameOf) {
    const shown = state.expenses.length < state.total ? `, newest ${state.expenses.length} shown` : '';
    fill(count, `${formatCount(state.total, 'expense')}${state.query ? ` for “${state.query}”` : ''}${shown}`);
    const months = groupByMonth(state.expenses).map(([month, expenses]) => [
      h('h2', null, formatMonth(month)),
      h(
        'ul',
        { class: 'plain list' },
        expenses.map((expense) => expenseRow(expense, nameOf)),
      ),
    ]);
    const nothing = state.query ? 'Nothing matches your search.' : 'No expenses yet. Add the first one.';
    fill(list, months.length > 0 ? months : h('p', { class: 'empty' }, nothing));
    more.hidden = state.next === null;
  }

  function update(state) {
    const { group } = state;
    const shown = header.update(state);
    for (const part of node.children) part.hidden = !shown && part !== header.node;
    if (!shown) return;
    const nameOf = namesOf(group);
    addExpense.hidden = activeMembers(group).length === 0;
    wholeUnits.checked = group.wholeUnits;
    drawExpenses(state, nameOf);
    drawWaiting();
    const panels = state.balances.map((entry) => balancePanel(entry, nameOf));
    fill(balances, panels.length > 0 ? panels : 'Nothing to settle yet.');
    const latest = state.payments.slice(0, PAYMENTS_SHOWN).map((payment) => paymentRow(payment, nameOf));
    fill(payments, latest.length > 0 ? latest : h('li', { class: 'faint' }, 'No payments yet.'));
  }

  return {
    node,
    enter: () => store.visitGroup(groupId),
    reload: () => store.visitGroup(groupId),
    update,
  };
}
