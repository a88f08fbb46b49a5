import { currencyCodes } from '../shared/currencies.js';
import { fill, h } from './dom.js';

let fields = 0;

/**
 * A control with its label and a place for what is wrong with it, tied together for
 * everybody who does not see them next to each other.
 *
 * @returns {{ node: Element, control: Element, setError: (text?: string) => void }}
 */
export function field(label, control, { hint } = {}) {
  fields += 1;
  control.id = `field-${fields}`;
  const hintNode = hint && h('span', { class: 'faint', id: `${control.id}-hint` }, hint);
  const problem = h('span', { class: 'problem', id: `${control.id}-problem` });
  const described = [hintNode?.id, problem.id].filter(Boolean).join(' ');
  control.setAttribute('aria-describedby', described);

  function setError(text = '') {
    fill(problem, text);
    if (text) control.setAttribute('aria-invalid', 'true');
    else control.removeAttribute('aria-invalid');
  }
  return {
    node: h('div', { class: 'field' }, h('label', { htmlFor: control.id }, label), control, hintNode, problem),
    control,
    setError,
  };
}

/**
 * Shows errors at their fields and moves to the first of them.
 *
 * @returns {string} in one sentence, those that belong to no field here
 */
export function showErrors(byName, errors) {
  for (const [name, { setError }] of Object.entries(byName)) setError(errors[name]);
  const first = Object.keys(byName).find((name) => errors[name]);
  if (first) byName[first].control.focus();
  const others = Object.entries(errors).filter(([name]) => !(name in byName));
  return others.map(([name, text]) => `${name} ${text}`).join('; ');
}

/** What went wrong, with the server's remarks on single fields. */
export function describeError(error) {
  const details = Object.entries(error.fields ?? {}).map(([name, text]) => `${name} ${text}`);
  return details.join('; ') || error.message;
}

/** A choice between `[value, label]` pairs. */
export function select(pairs, chosen, props = {}) {
  return h('select', props, options(pairs, chosen));
}

export function options(pairs, chosen) {
  return pairs.map(([value, label]) => h('option', { value, selected: value === chosen }, label));
}

export function currencySelect(chosen, props) {
  return select(
    currencyCodes().map((code) => [code, code]),
    chosen,
    props,
  );
}

/** A button that opens the choice of a file, and hands the chosen one on. */
export function fileButton(label, accept, onChosen) {
  const input = h('input', {
    type: 'file',
    accept,
    onChange: async () => {
      const [chosen] = input.files;
      if (chosen) await onChosen(chosen);
      input.value = '';
    },
  });
  return h('label', { class: 'button' }, label, input);
}

/** Runs an action of a button, which cannot be pressed again until it is over. */
export async function whileBusy(button, action) {
  button.disabled = true;
  try {
    return await action();
  } finally {
    button.disabled = false;
  }
}
