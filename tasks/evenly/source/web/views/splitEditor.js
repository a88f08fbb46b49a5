import { fill, h } from '../dom.js';
import { previewSplit } from '../expenseDraft.js';
import { field, select } from '../form.js';
import { formatMoney } from '../format.js';

const MODES = [
  ['equal', 'Equally'],
  ['shares', 'By shares'],
  ['exact', 'Exact amounts'],
];

/** How far the parts are from the amount, in words. */
function balanceOf({ left, problem }, currency) {
  if (problem) return problem;
  if (left === null) return 'Enter an amount to see who owes what';
  if (left > 0) return `${formatMoney(left, currency)} left to assign`;
  if (left < 0) return `${formatMoney(-left, currency)} too much assigned`;
  return 'Everything is assigned';
}

/**
 * The part of the expense form that says who owes what, with a preview that follows what is
 * typed. It works on `draft`, which it changes; `show` is to be called when others have.
 */
export function splitEditor(members, draft) {
  const mode = field('Split', select(MODES, draft.mode, { onChange: changeMode }));
  const parts = h('fieldset', { class: 'parts' });
  const owed = h('ul', { class: 'plain', 'aria-label': 'Who owes what' });
  const left = h('p', { class: 'left', role: 'status', 'aria-label': 'Left to assign' });
  const problem = h('p', { class: 'problem', role: 'alert' });

  function changeMode() {
    draft.mode = mode.control.value;
    show();
  }

  function checkbox({ id, name }) {
    const input = h('input', {
      type: 'checkbox',
      checked: draft.members.includes(id),
      onChange() {
        draft.members = members
          .map((member) => member.id)
          .filter((each) => (each === id ? input.checked : draft.members.includes(each)));
        preview();
      },
    });
    return h('label', { class: 'inline' }, input, name);
  }

  function textInput({ id, name }, texts, what, inputMode) {
    const input = h('input', {
      value: texts[id] ?? '',
      inputMode,
      autocomplete: 'off',
      'aria-label': `${what} of ${name}`,
      onInput() {
        texts[id] = input.value;
        preview();
      },
    });
    return h('label', { class: 'part' }, h('span', null, name), input);
  }

  function partOf(member) {
    if (draft.mode === 'equal') return checkbox(member);
    if (draft.mode === 'shares') return textInput(member, draft.shares, 'Shares', 'numeric');
    return textInput(member, draft.amounts, 'Amount', 'decimal');
  }

  function preview() {
    const state = previewSplit(draft);
    const rows = members.filter(({ id }) => state.owed[id] > 0);
    fill(
      owed,
      rows.map(({ id, name }) => h('li', null, `${name} owes ${formatMoney(state.owed[id], draft.currency)}`)),
    );
    fill(left, balanceOf(state, draft.currency));
    left.classList.toggle('open', state.left !== 0);
  }

  function show() {
    mode.control.value = draft.mode;
    fill(parts, h('legend', null, 'Split between'), members.map(partOf));
    fill(problem);
    preview();
  }

  show();
  return {
    node: h('div', { class: 'stack' }, mode.node, parts, problem, h('div', { class: 'preview' }, owed, left)),
    control: mode.control,
    setError: (text = '') => fill(problem, text),
    preview,
    show,
  };
}
