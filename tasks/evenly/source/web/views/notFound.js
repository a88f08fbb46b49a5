import { h } from '../dom.js';

export function notFoundView(app) {
  app.setTitle('Page not found');
  const node = h(
    'section',
    null,
    h('h1', null, 'Page not found'),
    h('p', null, 'There is nothing at this address. ', h('a', { href: '/' }, 'Go to your groups')),
  );
  return { node };
}
