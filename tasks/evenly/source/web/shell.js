import { fill, h } from './dom.js';

const LINKS = [
  ['/', 'Groups'],
  ['/search', 'Search'],
  ['/activity', 'Activity'],
  ['/settings', 'Settings'],
];

const isWithin = (pathname, address) =>
  address === '/' ? pathname === '/' || pathname.startsWith('/groups/') : pathname === address;

/** The header with the navigation; `mark` shows in it where one is. */
export function pageHeader(node) {
  const links = LINKS.map(([href, label]) => h('a', { href }, label));
  const nav = h(
    'nav',
    { 'aria-label': 'Main' },
    h(
      'ul',
      null,
      links.map((link) => h('li', null, link)),
    ),
  );
  fill(node, h('a', { class: 'brand', href: '/', 'aria-label': 'Evenly, home' }, 'Evenly'), nav);

  return {
    mark(pathname) {
      for (const link of links) {
        if (isWithin(pathname, link.getAttribute('href'))) link.setAttribute('aria-current', 'page');
        else link.removeAttribute('aria-current');
      }
    },
  };
}

/** The message of the store at the top of the page. */
export function messageBar(store) {
  const node = h('div', { class: 'message', role: 'alert' });
  let shown = null;

  function draw({ message }) {
    if (message === shown) return;
    shown = message;
    node.hidden = message === '';
    fill(node, message, message && h('button', { class: 'quiet', onClick: store.dismissMessage }, 'Dismiss'));
  }

  store.subscribe(draw);
  draw(store.state);
  return node;
}

/** Applies the chosen theme; "system" leaves it to the browser. */
export function applyTheme(theme, root = document.documentElement) {
  if (theme === 'system') root.removeAttribute('data-theme');
  else root.setAttribute('data-theme', theme);
}
