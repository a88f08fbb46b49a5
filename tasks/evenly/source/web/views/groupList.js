import { currencyCodes } from '../../shared/currencies.js';
import { fill, h } from '../dom.js';
import { formatCount } from '../format.js';

export function groupListView(store) {
  const list = h('ul', { class: 'cards' });
  const problem = h('p', { class: 'problem', role: 'status' });
  const name = h('input', { name: 'name', required: true, maxLength: 80, placeholder: 'Summer in Lisbon' });
  const members = h('input', { name: 'members', placeholder: 'Ana, Bruno, Chiara' });
  const currency = h(
    'select',
    { name: 'currency' },
    currencyCodes().map((code) => h('option', { value: code, selected: code === 'EUR' }, code)),
  );

  async function create(event) {
    event.preventDefault();
    fill(problem);
    try {
      const group = await store.createGroup({
        name: name.value,
        currency: currency.value,
        members: members.value.split(',').map((item) => item.trim()).filter(Boolean),
      });
      location.hash = `#/groups/${group.id}`;
    } catch (error) {
      const details = Object.entries(error.fields ?? {}).map(([field, text]) => `${field} ${text}`);
      fill(problem, details.join('; ') || error.message);
    }
  }

  const file = h('input', {
    type: 'file',
    accept: '.json,application/json',
    onChange: async () => {
      const [chosen] = file.files;
      file.value = '';
      if (!chosen) return;
      fill(problem);
      try {
        location.hash = `#/groups/${await store.restoreGroup(await chosen.text())}`;
      } catch (error) {
        fill(problem, error.message);
      }
    },
  });

  const node = h(
    'section',
    null,
    h('h1', null, 'Your groups'),
    list,
    h(
      'form',
      { class: 'panel stack', onSubmit: create },
      h('h2', null, 'New group'),
      h('label', null, 'Name', name),
      h('label', null, 'Members, separated by commas', members),
      h('label', null, 'Main currency', currency),
      problem,
      h('button', { class: 'primary' }, 'Create group'),
      h('label', { class: 'button' }, 'Restore backup', file),
    ),
  );

  function update({ groups, loading }) {
    if (loading) return;
    if (groups.length === 0) {
      fill(list, h('li', { class: 'empty' }, 'No groups yet. Create one below.'));
      return;
    }
    fill(
      list,
      groups.map((group) =>
        h(
          'li',
          null,
          h('a', { href: `#/groups/${group.id}` }, group.name),
          h('span', { class: 'faint' }, `${formatCount(group.members.length, 'member')}, ${group.currency}`),
        ),
      ),
    );
  }

  return { node, update };
}
