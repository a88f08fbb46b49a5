import { isCurrency } from '../../shared/currencies.js';
import { fill, h } from '../dom.js';
import { formatDate, formatMoney, formatTime } from '../format.js';

/** What an entry of the feed says, by its kind. Kinds that are new to this version say it themselves. */
const SENTENCES = {
  'expense.created': ({ actor, subject }) => `${actor} added “${subject}”`,
  'expense.updated': ({ actor, subject }) => `${actor} changed “${subject}”`,
  'expense.deleted': ({ actor, subject }) => `${actor} deleted “${subject}”`,
  'payment.created': ({ actor, subject }) => `${actor} paid ${subject}`,
  'payment.requested': ({ actor, subject }) => `${actor} asked ${subject} to pay`,
  'member.added': ({ actor, subject }) => `${actor} added ${subject} to the group`,
};

export function describeActivity(entry) {
  const say = SENTENCES[entry.kind] ?? (({ actor, subject }) => `${actor}: ${subject}`);
  const money = entry.amount && isCurrency(entry.currency) ? `, ${formatMoney(entry.amount, entry.currency)}` : '';
  return say(entry) + money;
}

/** The entries, which come newest first, by the day they happened on where the page is. */
export function byDay(entries) {
  const days = new Map();
  for (const entry of entries) {
    const day = formatDate(entry.at);
    if (!days.has(day)) days.set(day, []);
    days.get(day).push(entry);
  }
  return [...days];
}

const distinctNames = (groups) => [...new Set(groups.map(({ name }) => name))];

/** What has happened in one's groups, on whatever device, as Evenly Cloud knows it. */
export function activityView(app) {
  const { api, cloud, session } = app;
  app.setTitle('Activity');
  const message = h('p', { role: 'status', class: 'faint', 'aria-label': 'Activity' });
  const retry = h('button', { onClick: load }, 'Try again');
  const feed = h('div', { class: 'stack' });
  const node = h('section', null, h('h1', null, 'Activity'), message, retry, feed);

  function row(entry) {
    return h(
      'li',
      { class: 'row' },
      h('span', null, describeActivity(entry)),
      h('span', { class: 'faint' }, formatTime(entry.at)),
      h('span', { class: 'faint' }, entry.group),
    );
  }

  function draw(entries) {
    fill(message, entries.length === 0 && 'Nothing has happened yet.');
    fill(
      feed,
      byDay(entries).map(([day, ofDay]) =>
        h(
          'section',
          { class: 'panel', 'aria-label': day },
          h('h2', null, day),
          h('ul', { class: 'plain list' }, ofDay.map(row)),
        ),
      ),
    );
  }

  function askToSignIn() {
    fill(
      message,
      h('a', { href: '/settings' }, 'Sign in to Evenly Cloud'),
      ' to see what has happened in your groups.',
    );
    fill(feed);
  }

  async function load() {
    retry.hidden = true;
    if (!session.state.signedIn) {
      askToSignIn();
      return;
    }
    fill(message, 'Loading…');
    try {
      const { groups } = await api.listGroups();
      const { entries } = groups.length > 0 ? await cloud.getActivity(distinctNames(groups)) : { entries: [] };
      draw(entries);
    } catch (error) {
      if (!session.state.signedIn) {
        askToSignIn();
        return;
      }
      fill(message, error.message);
      retry.hidden = false;
    }
  }

  const stop = session.subscribe(({ signedIn }) => {
    if (!signedIn) askToSignIn();
  });
  return { node, enter: load, reload: load, leave: stop };
}
