import { h } from './dom.js';

const SHOWN_FOR_MS = 10_000;

/** Short messages at the edge of the page, read out as they come, some with an action such as "Undo". */
export function createToasts(region) {
  function show(text, { label, action } = {}) {
    let timer;
    function close() {
      clearTimeout(timer);
      toast.remove();
    }
    const toast = h(
      'div',
      { class: 'toast' },
      h('span', null, text),
      action &&
        h(
          'button',
          {
            onClick: () => {
              close();
              action();
            },
          },
          label,
        ),
      h('button', { class: 'quiet', 'aria-label': 'Close message', onClick: close }, '×'),
    );
    timer = setTimeout(close, SHOWN_FOR_MS);
    region.append(toast);
    return close;
  }
  return { show };
}
