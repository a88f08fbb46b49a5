import { fill, h } from '../dom.js';

const TABS = [
  ['', 'Expenses'],
  ['/balances', 'Balances'],
  ['/settle', 'Settle up'],
  ['/overview', 'Overview'],
];

/** The links between the screens of a group; `current` is the label of the one that is shown. */
export function groupTabs(groupId, current) {
  const links = TABS.map(([end, label]) =>
    h('a', { href: `/groups/${groupId}${end}`, 'aria-current': label === current && 'page' }, label),
  );
  return h('nav', { class: 'tabs', 'aria-label': 'Group' }, links);
}

/**
 * The heading of a screen of a group with the tabs below it. Its `update` shows the name once
 * it is known, and returns whether there is a group to show.
 */
export function groupHeader(app, groupId, current) {
  const title = h('h1');
  const name = h('p', { class: 'eyebrow' });
  const ofItself = current === 'Expenses';
  const node = h('header', { class: 'group-header' }, name, title, groupTabs(groupId, current));

  function update({ group, loading }) {
    if (!group || group.id !== groupId) {
      fill(title, loading ? 'Loading…' : 'This group cannot be shown');
      fill(name);
      app.setTitle(loading ? '' : 'Group');
      return false;
    }
    fill(title, ofItself ? group.name : current);
    fill(name, ofItself ? '' : group.name);
    app.setTitle(ofItself ? group.name : `${current} – ${group.name}`);
    return true;
  }
  return { node, update };
}

/** Tells the names of a group's members from their ids. */
export function namesOf(group) {
  const names = new Map(group.members.map((member) => [member.id, member.name]));
  return (id) => names.get(id) ?? 'someone';
}
