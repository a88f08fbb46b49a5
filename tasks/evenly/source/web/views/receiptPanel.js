import { isCurrency } from '../../shared/currencies.js';
import { toDecimal } from '../../shared/money.js';
import { receiptGap, receiptTotal, splitReceipt, unassignedLines } from '../../shared/receipts.js';
import { fill, h } from '../dom.js';
import { formatCount, formatMoney } from '../format.js';

const LARGEST_PHOTO = 8 * 1024 * 1024;

/** How a note names the receipt of its expense, so that others can look at it later. */
const IN_NOTE = /\breceipt (rcp_[A-Za-z0-9]+)\b/;

const withReceipt = (note, receiptId) =>
  IN_NOTE.test(note) ? note : [note, `receipt ${receiptId}`].filter(Boolean).join(', ');

/** Puts what a receipt says, split as assigned, into the draft of an expense. */
export function useReceipt(draft, receipt, assigned) {
  const { currency } = receipt;
  const owed = splitReceipt(receipt, assigned);
  draft.amount = toDecimal(receiptTotal(receipt), currency);
  draft.currency = currency;
  draft.description ||= receipt.merchant;
  draft.date = receipt.date;
  draft.note = withReceipt(draft.note, receipt.id);
  draft.mode = 'exact';
  draft.amounts = Object.fromEntries(Object.entries(owed).map(([id, amount]) => [id, toDecimal(amount, currency)]));
}

/** The lines of a receipt with a box for each member, and what comes of it. */
function assignment(receipt, members, onUse) {
  const { currency } = receipt;
  const assigned = receipt.lines.map(() => []);
  const state = h('p', { class: 'left', role: 'status', 'aria-label': 'Receipt' });
  const owed = h('ul', { class: 'plain', 'aria-label': 'Receipt by member' });
  const useButton = h('button', { type: 'button', class: 'primary', onClick: () => onUse(assigned) }, 'Use this split');
  const boxes = receipt.lines.map((_, index) => members.map((member) => box(index, member)));

  function box(index, { id }) {
    const input = h('input', {
      type: 'checkbox',
      onChange() {
        assigned[index] = members.map((member) => member.id).filter((_, place) => boxes[index][place].checked);
        draw();
      },
    });
    input.dataset.member = id;
    return input;
  }

  function assignAll() {
    for (const [index, row] of boxes.entries()) {
      for (const input of row) input.checked = true;
      assigned[index] = members.map((member) => member.id);
    }
    draw();
  }

  function lineRow({ text, amount }, index) {
    const title = `${text}, ${formatMoney(amount, currency)}`;
    const labels = members.map(({ name }, place) => h('label', { class: 'inline' }, boxes[index][place], name));
    return h('fieldset', { class: 'line' }, h('legend', null, title), labels);
  }

  function draw() {
    const open = unassignedLines(receipt, assigned).length;
    useButton.disabled = open > 0;
    state.classList.toggle('open', open > 0);
    fill(state, open > 0 ? `${formatCount(open, 'line')} not assigned yet` : 'Every line is assigned');
    const parts = open > 0 ? {} : splitReceipt(receipt, assigned);
    const rows = members.filter(({ id }) => parts[id]);
    fill(
      owed,
      rows.map(({ id, name }) => h('li', null, `${name}: ${formatMoney(parts[id], currency)}`)),
    );
  }

  draw();
  return [
    receipt.lines.map(lineRow),
    h('button', { type: 'button', onClick: assignAll }, 'Assign everything to everybody'),
    state,
    owed,
    useButton,
  ];
}

/** What is printed at the end of a receipt. */
function summary({ merchant, tax, tip, total, currency }) {
  const rows = [
    ['Tax', tax],
    ['Tip', tip],
    ['Total', total],
  ];
  return [
    h('h3', null, merchant),
    h(
      'dl',
      { class: 'sums' },
      rows.map(([label, amount]) => [h('dt', null, label), h('dd', null, formatMoney(amount, currency))]),
    ),
  ];
}

/** The photo of a receipt beside the expense form: read by Evenly Cloud, its lines assigned to members. */
export function receiptPanel(app, { members, draft, onUse }) {
  const { cloud, session } = app;
  const message = h('p', { class: 'faint', role: 'status', 'aria-label': 'Receipt status' });
  const body = h('div', { class: 'stack' });
  const photo = h('input', { type: 'file', accept: 'image/*', onChange: upload });

  function show(receipt) {
    const gap = receiptGap(receipt);
    const doubt =
      gap !== 0 && `The lines, tax and tip differ from the total by ${formatMoney(Math.abs(gap), receipt.currency)}.`;
    fill(
      body,
      receipt.imageUrl &&
        h(
          'a',
          { href: receipt.imageUrl, target: '_blank', rel: 'noreferrer' },
          h('img', { class: 'receipt', src: receipt.imageUrl, alt: `Receipt of ${receipt.merchant}` }),
        ),
      summary(receipt),
      doubt && h('p', { class: 'problem' }, doubt),
      assignment(receipt, members, (assigned) => {
        useReceipt(draft, receipt, assigned);
        onUse();
        fill(message, 'The split has been put into the expense.');
      }),
    );
  }

  /** Shows the receipt that `ask` answers, or says why there is none. */
  async function load(text, ask) {
    fill(message, text);
    fill(body);
    try {
      const receipt = await ask();
      if (!isCurrency(receipt.currency)) throw new Error(`Evenly does not know the currency ${receipt.currency}.`);
      fill(message);
      show(receipt);
    } catch (error) {
      fill(message, error.message);
    }
  }

  async function upload() {
    const [chosen] = photo.files;
    if (!chosen) return;
    if (chosen.size > LARGEST_PHOTO) fill(message, 'The photo is larger than 8 MB.');
    else await load('Reading the receipt…', () => cloud.uploadReceipt(chosen));
    photo.value = '';
  }

  const [, known] = IN_NOTE.exec(draft.note) ?? [];
  const showKnown = () => load('Fetching the receipt…', () => cloud.getReceipt(known));
  const tools = session.state.signedIn
    ? [
        h('label', null, 'Photo of the receipt', photo),
        known && h('button', { type: 'button', onClick: showKnown }, 'Show receipt'),
      ]
    : h(
        'p',
        { class: 'faint' },
        h('a', { href: '/settings' }, 'Sign in to Evenly Cloud'),
        ' to read receipts from photos.',
      );
  return h('aside', { class: 'panel stack', 'aria-label': 'Receipt' }, h('h2', null, 'Receipt'), tools, message, body);
}
