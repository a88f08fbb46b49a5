import { fill, h } from './dom.js';
import { formatCount } from './format.js';
import { observable } from './listeners.js';

const TRY_EVERY_MS = 5_000;

/**
 * Whether the server can be reached, as the API client last found out. While it cannot,
 * `ping` is called every few seconds; `onBack` is called when it can again.
 */
export function createConnection({ ping, onBack }) {
  const connection = observable({ reachable: true });
  let timer = null;

  return {
    get state() {
      return connection.state;
    },
    subscribe: connection.subscribe,
    report(reachable) {
      if (reachable === connection.state.reachable) return;
      connection.set({ reachable });
      clearInterval(timer);
      if (reachable) onBack();
      else timer = setInterval(ping, TRY_EVERY_MS);
    },
  };
}

/** The banner that says that the server is out of reach, or what still has to be sent. */
export function connectionBanner({ connection, outbox, onRetry }) {
  const node = h('div', { class: 'banner', role: 'status', 'aria-label': 'Connection' });

  function draw() {
    const waiting = outbox.state.entries.filter((entry) => entry.problem === null).length;
    node.hidden = connection.state.reachable;
    if (connection.state.reachable) return fill(node);
    const kept = waiting > 0 && ` ${formatCount(waiting, 'expense')} waiting to be sent.`;
    return fill(
      node,
      h('span', null, 'The server cannot be reached. New expenses are kept here until it is back.', kept),
      h('button', { class: 'quiet', onClick: onRetry }, 'Try again'),
    );
  }

  connection.subscribe(draw);
  outbox.subscribe(draw);
  draw();
  return node;
}
