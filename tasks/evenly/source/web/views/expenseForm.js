import { currencyCodes } from '../../shared/currencies.js';
import { today } from '../../shared/dates.js';
import { activeMembers, membersForChange } from '../../shared/members.js';
import { AmountError, parseAmount, toDecimal } from '../../shared/money.js';
import { participants } from '../../shared/split.js';
import { fill, h } from '../dom.js';

const MODE_LABELS = { equal: 'Equally', shares: 'By shares', exact: 'Exact amounts' };

/** What the form starts from: the expense being edited, or a new one. */
function draftOf(expense, group) {
  if (expense) {
    return {
      description: expense.description,
      note: expense.note ?? '',
      amount: toDecimal(expense.amount, expense.currency),
      currency: expense.currency,
      paidBy: expense.paidBy,
      date: expense.date,
      mode: expense.split.mode,
      members: participants(expense.split),
      shares: expense.split.shares ?? {},
      amounts: expense.split.amounts ?? {},
    };
  }
  return {
    description: '',
    note: '',
    amount: '',
    currency: group.currency,
    paidBy: activeMembers(group)[0].id,
    date: today(),
    mode: 'equal',
    members: activeMembers(group).map((member) => member.id),
    shares: {},
    amounts: {},
  };
}

function select(name, options, chosen, onChange) {
  return h(
    'select',
    { name, onChange },
    options.map(([value, label]) => h('option', { value, selected: value === chosen }, label)),
  );
}

/** Opens the form in a dialog, for a new expense or to edit `expense`. */
export function openExpenseForm(store, expense) {
  const { group } = store.state;
  const draft = draftOf(expense, group);
  const members = expense ? membersForChange(group, expense) : activeMembers(group);

  const description = h('input', { name: 'description', value: draft.description, required: true, maxLength: 120 });
  const note = h('input', { name: 'note', value: draft.note, maxLength: 500 });
  const amount = h('input', { name: 'amount', value: draft.amount, required: true, inputMode: 'decimal' });
  const currency = select('currency', currencyCodes().map((code) => [code, code]), draft.currency);
  const paidBy = select('paidBy', members.map(({ id, name }) => [id, name]), draft.paidBy);
  const date = h('input', { name: 'date', type: 'date', value: draft.date, required: true });
  const mode = select('mode', Object.entries(MODE_LABELS), draft.mode, drawParts);
  const parts = h('fieldset', { class: 'stack' });
  const problem = h('p', { class: 'problem', role: 'status' });
  let partInputs = new Map();

  function partInput(memberId) {
    switch (mode.value) {
      case 'equal':
        return h('input', { type: 'checkbox', checked: draft.members.includes(memberId) });
      case 'shares':
        return h('input', { type: 'number', min: 0, step: 1, value: String(draft.shares[memberId] ?? 1) });
      default: {
        const known = draft.amounts[memberId];
        return h('input', { inputMode: 'decimal', value: known ? toDecimal(known, draft.currency) : '' });
      }
    }
  }

  function drawParts() {
    partInputs = new Map(members.map(({ id }) => [id, partInput(id)]));
    const labels = members.map(({ id, name }) => h('label', { class: 'inline' }, partInputs.get(id), name));
    fill(parts, h('legend', null, 'Split between'), labels);
  }

  function readSplit() {
    const inputs = [...partInputs];
    switch (mode.value) {
      case 'equal':
        return { mode: 'equal', members: inputs.filter(([, input]) => input.checked).map(([id]) => id) };
      case 'shares':
        return { mode: 'shares', shares: Object.fromEntries(inputs.map(([id, input]) => [id, Number(input.value)])) };
      default: {
        const filled = inputs.filter(([, input]) => input.value.trim() !== '');
        const amounts = filled.map(([id, input]) => [id, parseAmount(input.value, currency.value)]);
        return { mode: 'exact', amounts: Object.fromEntries(amounts) };
      }
    }
  }

  /** Runs a change and closes the dialog, or says what was wrong and leaves it open. */
  async function finish(change) {
    fill(problem);
    try {
      await change();
      dialog.close();
    } catch (error) {
      const details = Object.entries(error.fields ?? {}).map(([field, text]) => `${field} ${text}`);
      fill(problem, details.join('; ') || error.message);
      if (!(error instanceof AmountError) && error.name !== 'ApiError') throw error;
    }
  }

  function save(event) {
    event.preventDefault();
    return finish(() =>
      store.saveExpense(
        {
          description: description.value,
          note: note.value,
          amount: parseAmount(amount.value, currency.value),
          currency: currency.value,
          paidBy: paidBy.value,
          date: date.value,
          split: readSplit(),
        },
        expense?.id,
      ),
    );
  }

  const remove = () => finish(() => store.deleteExpense(expense.id));

  const dialog = h(
    'dialog',
    { onClose: () => dialog.remove() },
    h(
      'form',
      { class: 'stack', onSubmit: save },
      h('h2', null, expense ? 'Edit expense' : 'New expense'),
      h('label', null, 'Description', description),
      h('div', { class: 'pair' }, h('label', null, 'Amount', amount), h('label', null, 'Currency', currency)),
      h('div', { class: 'pair' }, h('label', null, 'Paid by', paidBy), h('label', null, 'Date', date)),
      h('label', null, 'Split', mode),
      parts,
      h('label', null, 'Note', note),
      problem,
      h(
        'div',
        { class: 'toolbar' },
        h('button', { class: 'primary' }, 'Save'),
        h('button', { type: 'button', onClick: () => dialog.close() }, 'Cancel'),
        expense && h('button', { type: 'button', class: 'danger', onClick: remove }, 'Delete'),
      ),
    ),
  );

  drawParts();
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
