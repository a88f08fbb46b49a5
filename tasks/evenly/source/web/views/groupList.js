import { fill, h } from '../dom.js';
import { currencySelect, describeError, field, fileButton, showErrors } from '../form.js';
import { formatCount, formatMoney } from '../format.js';

export function groupListView(app) {
  const { store } = app;
  app.setTitle('');
  const list = h('ul', { class: 'cards' });
  const problem = h('p', { class: 'problem', role: 'alert' });
  const fields = {
    name: field('Name', h('input', { name: 'name', maxLength: 80, autocomplete: 'off' }), {
      hint: 'For example “Summer in Lisbon”',
    }),
    members: field('Members', h('input', { name: 'members', autocomplete: 'off' }), {
      hint: 'Separated by commas: Ana, Bruno, Chiara',
    }),
    currency: field('Main currency', currencySelect(app.settings.state.preferences.currency, { name: 'currency' })),
  };
  const open = (groupId) => app.router.go(`/groups/${groupId}`);

  async function create(event) {
    event.preventDefault();
    const { name, members, currency } = fields;
    const missing = name.control.value.trim() === '' ? { name: 'Enter a name' } : {};
    fill(problem, showErrors(fields, missing));
    if (missing.name) return;
    try {
      const group = await store.createGroup({
        name: name.control.value,
        currency: currency.control.value,
        members: members.control.value
          .split(',')
          .map((item) => item.trim())
          .filter(Boolean),
      });
      open(group.id);
    } catch (error) {
      if (error.name !== 'ApiError') throw error;
      fill(problem, showErrors(fields, error.fields) || (Object.keys(error.fields).length > 0 ? '' : error.message));
    }
  }

  const restore = fileButton('Restore backup', '.json,application/json', async (file) => {
    fill(problem);
    try {
      open(await store.restoreGroup(await file.text()));
    } catch (error) {
      fill(problem, describeError(error));
    }
  });

  const node = h(
    'section',
    null,
    h('h1', null, 'Your groups'),
    h(
      'div',
      { class: 'columns' },
      list,
      h(
        'form',
        { class: 'panel stack', 'aria-label': 'New group', noValidate: true, onSubmit: create },
        h('h2', null, 'New group'),
        Object.values(fields).map((each) => each.node),
        problem,
        h('div', { class: 'toolbar' }, h('button', { class: 'primary' }, 'Create group'), restore),
      ),
    ),
  );

  /** What is left to pay in a group, or nothing while that is not known. */
  function glance(open) {
    if (!open) return null;
    if (open.length === 0) return h('span', { class: 'settled' }, 'Settled up');
    return h(
      'span',
      { class: 'open' },
      `${open.map(([currency, amount]) => formatMoney(amount, currency)).join(' + ')} to settle`,
    );
  }

  function card(group, open) {
    return h(
      'li',
      { class: 'card' },
      h('a', { href: `/groups/${group.id}` }, group.name),
      h('span', { class: 'faint' }, `${formatCount(group.members.length, 'member')}, ${group.currency}`),
      glance(open),
    );
  }

  function update({ groups, openAmounts, loading }) {
    list.setAttribute('aria-busy', String(loading));
    if (groups.length > 0)
      fill(
        list,
        groups.map((group) => card(group, openAmounts[group.id])),
      );
    else if (loading) fill(list, h('li', { class: 'empty' }, 'Loading…'));
    else fill(list, h('li', { class: 'empty' }, 'No groups yet. Create one to begin.'));
  }

  return { node, enter: store.loadGroups, reload: store.loadGroups, update };
}
