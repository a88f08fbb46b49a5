import { currencyCodes } from '../../shared/currencies.js';
import { balancesIn } from '../../shared/rates.js';
import { fill, h } from '../dom.js';
import { field, select } from '../form.js';
import { formatDate, formatPosition } from '../format.js';
import { groupHeader, namesOf } from './groupHeader.js';

/** Members with their positions, and a bar for each as long as its share of the largest. */
function positionList(label, net, currency, nameOf) {
  const largest = Math.max(1, ...Object.values(net).map(Math.abs));
  const row = ([id, amount]) => {
    const bar = h('span', { class: amount < 0 ? 'bar owes' : 'bar', 'aria-hidden': 'true' });
    bar.style.width = `${(Math.abs(amount) / largest) * 100}%`;
    return h(
      'li',
      { class: 'position' },
      h('span', null, `${nameOf(id)} ${formatPosition(amount, currency)}`),
      h('span', { class: 'track' }, bar),
    );
  };
  return h('ul', { class: 'plain', 'aria-label': label }, Object.entries(net).map(row));
}

/** The balances of a group in one currency of one's choice, at the rates of Evenly Cloud. */
function convertedPanel(app) {
  const { store } = app;
  const tables = new Map();
  const chosen = field(
    'All in',
    select(
      currencyCodes().map((code) => [code, code]),
      app.settings.state.preferences.currency,
      { onChange: load },
    ),
  );
  const message = h('p', { class: 'faint', role: 'status', 'aria-label': 'Exchange rates' });
  const body = h('div');
  const retry = h('button', { onClick: load }, 'Try again');
  const node = h(
    'section',
    { class: 'panel stack', 'aria-label': 'All in one currency' },
    h('h2', null, 'All in one currency'),
    chosen.node,
    message,
    retry,
    body,
  );

  function draw() {
    const currency = chosen.control.value;
    const table = tables.get(currency);
    const { group, balances } = store.state;
    node.hidden = !group || balances.length === 0;
    retry.hidden = true;
    fill(body);
    if (node.hidden || !table) return;
    const { net, missing } = balancesIn(currency, balances, table);
    fill(body, positionList(`All in ${currency}`, net, currency, namesOf(group)));
    const without = missing.length > 0 ? ` Without ${missing.join(', ')}, for which there is no rate.` : '';
    fill(message, `Rates of ${formatDate(table.date)}.${without}`);
  }

  async function load() {
    const currency = chosen.control.value;
    if (!tables.has(currency)) {
      fill(message, 'Fetching exchange rates…');
      try {
        tables.set(currency, await app.cloud.getRates(currency));
      } catch (error) {
        draw();
        fill(message, `There are no exchange rates at the moment. ${error.message}`);
        retry.hidden = false;
        return;
      }
    }
    draw();
  }
  return { node, load, draw };
}

/** Who is owed and who owes, in each currency and all in one. */
export function balancesView(app, { groupId }) {
  const { store } = app;
  const header = groupHeader(app, groupId, 'Balances');
  const ledgers = h('div', { class: 'stack' });
  const converted = convertedPanel(app);
  const body = h('div', { class: 'columns' }, ledgers, h('aside', null, converted.node));
  const node = h('section', null, header.node, body);

  function ledgerPanel({ currency, net }, nameOf) {
    return h(
      'section',
      { class: 'panel', 'aria-label': currency },
      h('h2', null, currency),
      positionList(`Balances in ${currency}`, net, currency, nameOf),
    );
  }

  function update(state) {
    body.hidden = !header.update(state);
    if (body.hidden) return;
    const nameOf = namesOf(state.group);
    const panels = state.balances.map((ledger) => ledgerPanel(ledger, nameOf));
    fill(ledgers, panels.length > 0 ? panels : h('p', { class: 'empty' }, 'Nothing to settle yet.'));
    converted.draw();
  }

  function enter() {
    converted.load();
    return store.visitGroup(groupId);
  }

  return { node, enter, reload: () => store.visitGroup(groupId), update };
}
