import { isCalendarDate, today } from '../../shared/dates.js';
import { activeMembers } from '../../shared/members.js';
import { AmountError, parseAmount, toDecimal } from '../../shared/money.js';
import { fill, h } from '../dom.js';
import { currencySelect, describeError, field, options, select, showErrors, whileBusy } from '../form.js';
import { formatDate, formatMoney } from '../format.js';
import { groupHeader, namesOf } from './groupHeader.js';

/** The amount and the date of a form as a payment takes them, or what is wrong with them. */
export function readPayment({ amount, date }, currency) {
  const errors = {};
  let value = 0;
  try {
    value = parseAmount(amount, currency);
    if (value === 0) errors.amount = 'The amount must be more than 0';
  } catch (error) {
    if (!(error instanceof AmountError)) throw error;
    errors.amount = error.message;
  }
  if (!isCalendarDate(date)) errors.date = 'Enter a date';
  return { amount: value, date, errors };
}

/** Copies a text, where the browser lets a page do that. */
async function copy(text, input) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    input.select();
    return false;
  }
}

function linkRow(url, toasts) {
  const link = h('input', { value: url, readOnly: true });
  const { node } = field('Payment link', link);
  async function onCopy() {
    toasts.show((await copy(url, link)) ? 'Link copied' : 'The link is selected. Copy it with the keyboard.');
  }
  return h('div', { class: 'stack' }, node, h('button', { type: 'button', onClick: onCopy }, 'Copy link'));
}

/** A suggested payment that can be recorded in full or in part, or asked for through Evenly Cloud. */
function suggestionForm(app, { from, to, amount }, currency, nameOf) {
  const { store, cloud, session, toasts } = app;
  const what = `${nameOf(from)} pays ${nameOf(to)} ${formatMoney(amount, currency)}`;
  const fields = {
    amount: field(
      'Amount',
      h('input', { value: toDecimal(amount, currency), inputMode: 'decimal', autocomplete: 'off' }),
    ),
    date: field('Date', h('input', { type: 'date', value: today() })),
  };
  const message = h('p', { class: 'problem', role: 'alert' });
  const link = h('div');
  const recordButton = h('button', { class: 'primary' }, 'Record payment');
  const requestButton = h('button', { type: 'button', onClick: request }, 'Request payment');

  function read() {
    const { errors, ...payment } = readPayment(
      { amount: fields.amount.control.value, date: fields.date.control.value },
      currency,
    );
    fill(message, showErrors(fields, errors));
    return Object.keys(errors).length > 0 ? null : payment;
  }

  async function record(event) {
    event.preventDefault();
    const payment = read();
    if (!payment) return;
    try {
      await whileBusy(recordButton, () => store.recordPayment({ ...payment, from, to, currency }));
      toasts.show(`${nameOf(from)} paid ${nameOf(to)} ${formatMoney(payment.amount, currency)}`);
    } catch (error) {
      fill(message, describeError(error));
    }
  }

  async function request() {
    const payment = read();
    if (!payment) return;
    const asked = {
      amount: payment.amount,
      currency,
      from: nameOf(from),
      to: nameOf(to),
      note: store.state.group.name,
    };
    try {
      const { url } = await whileBusy(requestButton, () => cloud.requestPayment(asked));
      fill(link, linkRow(url, toasts));
    } catch (error) {
      fill(message, error.message);
    }
  }

  return h(
    'form',
    { class: 'panel stack', 'aria-label': what, noValidate: true, onSubmit: record },
    h('h3', null, what),
    h('div', { class: 'pair' }, fields.amount.node, fields.date.node),
    message,
    h('div', { class: 'toolbar' }, recordButton, session.state.signedIn && requestButton),
    link,
  );
}

/** A payment between any two members, whatever has been suggested. */
function otherPaymentForm(app, group) {
  const { store, toasts } = app;
  const pairs = activeMembers(group).map(({ id, name }) => [id, name]);
  const fields = {
    from: field('From', select(pairs, pairs[0]?.[0])),
    to: field('To', select(pairs, pairs[1]?.[0])),
    amount: field('Amount', h('input', { inputMode: 'decimal', autocomplete: 'off' })),
    currency: field('Currency', currencySelect(group.currency)),
    date: field('Date', h('input', { type: 'date', value: today() })),
  };
  const message = h('p', { class: 'problem', role: 'alert' });
  const button = h('button', null, 'Record payment');
  const value = (name) => fields[name].control.value;

  async function record(event) {
    event.preventDefault();
    const { errors, ...payment } = readPayment({ amount: value('amount'), date: value('date') }, value('currency'));
    if (value('from') === value('to')) errors.to = 'Choose somebody else';
    fill(message, showErrors(fields, errors));
    if (Object.keys(errors).length > 0) return;
    try {
      const whole = { ...payment, from: value('from'), to: value('to'), currency: value('currency') };
      await whileBusy(button, () => store.recordPayment(whole));
      fields.amount.control.value = '';
      toasts.show('Payment recorded');
    } catch (error) {
      fill(message, describeError(error));
    }
  }

  /** Takes over a change of the members, and keeps who was chosen. */
  function setMembers(members) {
    const known = members.map(({ id, name }) => [id, name]);
    for (const name of ['from', 'to']) fill(fields[name].control, options(known, value(name)));
  }

  const node = h(
    'form',
    { class: 'panel stack', 'aria-label': 'Other payment', noValidate: true, onSubmit: record },
    h('h2', null, 'Other payment'),
    h('div', { class: 'pair' }, fields.from.node, fields.to.node),
    h('div', { class: 'pair' }, fields.amount.node, fields.currency.node),
    fields.date.node,
    message,
    button,
  );
  return { node, setMembers };
}

/** The payments that were recorded, each of which can be deleted, and brought back for a while. */
function paymentHistory(app) {
  const { store, toasts } = app;
  const list = h('ul', { class: 'plain list', 'aria-label': 'Payments' });
  const node = h(
    'section',
    { class: 'panel', 'aria-label': 'Payment history' },
    h('h2', null, 'Payment history'),
    list,
  );

  async function remove({ id, from, to, amount, currency, date }) {
    await store.deletePayment(id);
    if (store.state.payments.some((payment) => payment.id === id)) return;
    const undo = () =>
      store.recordPayment({ from, to, amount, currency, date }).catch((error) => store.report(describeError(error)));
    toasts.show('Payment deleted', { label: 'Undo', action: undo });
  }

  function row(payment, nameOf) {
    const { from, to, amount, currency, date } = payment;
    const what = `${nameOf(from)} paid ${nameOf(to)} ${formatMoney(amount, currency)}`;
    const button = h(
      'button',
      { class: 'quiet', 'aria-label': `Delete: ${what}`, onClick: () => whileBusy(button, () => remove(payment)) },
      'Delete',
    );
    return h('li', { class: 'row' }, h('span', null, what), button, h('span', { class: 'faint' }, formatDate(date)));
  }

  function update({ payments, group }) {
    const nameOf = namesOf(group);
    fill(
      list,
      payments.length > 0
        ? payments.map((payment) => row(payment, nameOf))
        : h('li', { class: 'faint' }, 'No payments yet.'),
    );
  }
  return { node, update };
}

/** What to pay to be settled up, and what has been paid. */
export function settleView(app, { groupId }) {
  const { store } = app;
  const header = groupHeader(app, groupId, 'Settle up');
  const suggestions = h('div', { class: 'stack' });
  const other = h('div');
  const history = paymentHistory(app);
  const hint =
    !app.session.state.signedIn &&
    h(
      'p',
      { class: 'faint' },
      h('a', { href: '/settings' }, 'Sign in to Evenly Cloud'),
      ' to ask for payments with a link.',
    );
  const body = h(
    'div',
    { class: 'columns' },
    h('div', { class: 'stack' }, h('h2', null, 'Suggested payments'), suggestions, hint),
    h('aside', { class: 'stack' }, other, history.node),
  );
  const node = h('section', null, header.node, body);
  let drawn = null;
  let otherForm = null;

  /** Draws the suggestions anew only when they have changed: somebody may be typing in them. */
  function drawSuggestions({ balances, group }) {
    const wanted = JSON.stringify([balances, group.members]);
    if (wanted === drawn) return;
    drawn = wanted;
    const nameOf = namesOf(group);
    const forms = balances.flatMap(({ currency, transfers }) =>
      transfers.map((transfer) => suggestionForm(app, transfer, currency, nameOf)),
    );
    fill(suggestions, forms.length > 0 ? forms : h('p', { class: 'empty' }, 'Everybody is settled up.'));
  }

  function drawOther({ group }) {
    if (otherForm) {
      otherForm.setMembers(activeMembers(group));
      return;
    }
    otherForm = otherPaymentForm(app, group);
    fill(other, otherForm.node);
  }

  function update(state) {
    body.hidden = !header.update(state);
    if (body.hidden) return;
    drawSuggestions(state);
    drawOther(state);
    history.update(state);
  }

  return { node, enter: () => store.visitGroup(groupId), reload: () => store.visitGroup(groupId), update };
}
