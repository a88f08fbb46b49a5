import { today } from '../../shared/dates.js';
import { activeMembers, membersForChange } from '../../shared/members.js';
import { toDecimal } from '../../shared/money.js';
import { participants } from '../../shared/split.js';
import { fill, h } from '../dom.js';
import { readExpense } from '../expenseDraft.js';
import { currencySelect, field, select, showErrors, whileBusy } from '../form.js';
import { newKey } from '../outbox.js';
import { receiptPanel } from './receiptPanel.js';
import { splitEditor } from './splitEditor.js';

const mapValues = (record, change) =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));

/** What the form starts from: the expense being edited, or a new one. */
export function draftOf(expense, group) {
  const ids = activeMembers(group).map((member) => member.id);
  const oneEach = Object.fromEntries(ids.map((id) => [id, '1']));
  if (expense) {
    const { description, note, amount, currency, paidBy, date, split } = expense;
    return {
      description,
      note: note ?? '',
      amount: toDecimal(amount, currency),
      currency,
      paidBy,
      date,
      mode: split.mode,
      members: participants(split),
      shares: split.shares ? mapValues(split.shares, String) : oneEach,
      amounts: mapValues(split.amounts ?? {}, (part) => toDecimal(part, currency)),
    };
  }
  return {
    description: '',
    note: '',
    amount: '',
    currency: group.currency,
    paidBy: ids[0],
    date: today(),
    mode: 'equal',
    members: ids,
    shares: oneEach,
    amounts: {},
  };
}

/** Opens the form for a new expense or to edit `expense`; `close` is called when it is done with. */
export function openExpenseForm(app, expense, close) {
  const { store } = app;
  const { group } = store.state;
  const draft = draftOf(expense, group);
  const members = expense ? membersForChange(group, expense) : activeMembers(group);

  const input = (name, props) =>
    h('input', {
      name,
      value: draft[name],
      autocomplete: 'off',
      ...props,
      onInput(event) {
        draft[name] = event.target.value;
        split.preview();
      },
    });
  const choice = {
    onChange(event) {
      draft[event.target.name] = event.target.value;
      split.preview();
    },
  };
  const split = splitEditor(members, draft);
  const fields = {
    description: field('Description', input('description', { maxLength: 120 }), {
      hint: 'Words with a hash are tags: Dinner #food',
    }),
    amount: field('Amount', input('amount', { inputMode: 'decimal' })),
    currency: field('Currency', currencySelect(draft.currency, { name: 'currency', ...choice })),
    paidBy: field(
      'Paid by',
      select(
        members.map(({ id, name }) => [id, name]),
        draft.paidBy,
        { name: 'paidBy', ...choice },
      ),
    ),
    date: field('Date', input('date', { type: 'date' })),
    split,
    note: field('Note', input('note', { maxLength: 500 })),
  };
  const problem = h('p', { class: 'problem', role: 'alert' });
  const saveButton = h('button', { class: 'primary' }, 'Save');

  /** Takes over what others have put into the draft. */
  function show() {
    for (const name of ['description', 'amount', 'currency', 'date', 'note']) fields[name].control.value = draft[name];
    split.show();
  }

  /** Runs a change and closes the form, or says what was wrong and leaves it open. */
  async function finish(button, change) {
    fill(problem);
    try {
      await whileBusy(button, change);
    } catch (error) {
      if (error.name !== 'ApiError') throw error;
      const others = showErrors(fields, error.fields);
      fill(problem, others || (Object.keys(error.fields).length === 0 && error.message));
      return;
    }
    close();
  }

  function save(event) {
    event.preventDefault();
    const { fields: read, errors } = readExpense(draft);
    fill(problem, showErrors(fields, errors));
    if (!read) return undefined;
    return finish(saveButton, async () => {
      const sent = await store.saveExpense(read, expense?.id);
      if (!sent) app.toasts.show(`“${read.description}” is waiting to be sent`);
    });
  }

  function offerUndo() {
    const { version, id, groupId, createdAt, updatedAt, source, ...fields } = expense;
    const key = newKey();
    async function undo() {
      try {
        await store.createAgain(groupId, fields, key);
      } catch (error) {
        store.report(`“${fields.description}” could not be brought back: ${error.message}`);
      }
    }
    app.toasts.show(`Deleted “${fields.description}”`, { label: 'Undo', action: undo });
  }

  const removeButton = h('button', { type: 'button', class: 'danger', onClick: remove }, 'Delete');
  function remove() {
    return finish(removeButton, async () => {
      await store.deleteExpense(expense.id);
      offerUndo();
    });
  }

  return h(
    'form',
    { class: 'columns', 'aria-label': 'Expense', noValidate: true, onSubmit: save },
    h(
      'div',
      { class: 'panel stack' },
      fields.description.node,
      h('div', { class: 'pair' }, fields.amount.node, fields.currency.node),
      h('div', { class: 'pair' }, fields.paidBy.node, fields.date.node),
      split.node,
      fields.note.node,
      problem,
      h(
        'div',
        { class: 'toolbar' },
        saveButton,
        h('button', { type: 'button', onClick: close }, 'Cancel'),
        expense && removeButton,
      ),
    ),
    receiptPanel(app, { members, draft, onUse: show }),
  );
}

/** The screen with the form. It is filled once, so that a refresh changes nothing that was typed. */
export function expenseFormView(app, { groupId, expenseId }) {
  const { store } = app;
  const heading = expenseId ? 'Edit expense' : 'New expense';
  const body = h('div', null, h('p', { class: 'empty' }, 'Loading…'));
  const back = `/groups/${groupId}`;
  const node = h(
    'section',
    null,
    h('a', { class: 'back', href: back }, 'Back to the group'),
    h('h1', null, heading),
    body,
  );
  let opened = false;
  app.setTitle(heading);

  async function findExpense() {
    if (!expenseId) return undefined;
    return store.state.expenses.find(({ id }) => id === expenseId) ?? app.api.getExpense(groupId, expenseId);
  }

  const cannot = (reason) => fill(body, h('p', { class: 'empty' }, reason));

  async function open() {
    if (opened) return;
    if (store.state.group?.id !== groupId) await store.openGroup(groupId);
    const { group } = store.state;
    if (opened || !node.isConnected) return;
    if (group?.id !== groupId) {
      cannot('This group cannot be shown.');
      return;
    }
    if (!expenseId && activeMembers(group).length === 0) {
      cannot('Add a member to the group first.');
      return;
    }
    try {
      const expense = await findExpense();
      if (opened || !node.isConnected) return;
      opened = true;
      app.setTitle(`${heading} – ${group.name}`);
      fill(
        body,
        openExpenseForm(app, expense, () => app.router.go(back)),
      );
    } catch (error) {
      cannot(error.status === 404 ? 'This expense is not there any more.' : error.message);
    }
  }

  return { node, enter: open, reload: open };
}
