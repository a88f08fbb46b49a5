import { createApi } from './api.js';
import { createCloud, DEFAULT_ORIGIN } from './cloud.js';
import { connectionBanner, createConnection } from './connection.js';
import { fill } from './dom.js';
import { useFormats } from './format.js';
import { createOutbox } from './outbox.js';
import { createRouter } from './router.js';
import { SCREENS } from './screens.js';
import { createSession } from './session.js';
import { createSettings } from './settings.js';
import { applyTheme, messageBar, pageHeader } from './shell.js';
import { createStorage } from './storage.js';
import { createStore } from './store.js';
import { createToasts } from './toasts.js';
import { notFoundView } from './views/notFound.js';

const REFRESH_EVERY_MS = 20_000;

const main = document.getElementById('main');
const storage = createStorage(localStorage);
const toasts = createToasts(document.getElementById('toasts'));
const header = pageHeader(document.getElementById('header'));

const api = createApi({ onConnection: (reachable) => connection.report(reachable) });
const outbox = createOutbox({ api, storage, onSent });
const store = createStore(api, outbox);

function onSent(groupId) {
  toasts.show('A waiting expense has been sent');
  if (store.state.groupId === groupId) store.refresh();
}

/** What there was to be done while the server was out of reach. */
async function catchUp() {
  await outbox.flush();
  if (view?.reload) view.reload();
  else await store.refresh();
}

const connection = createConnection({ ping: () => api.listGroups().catch(() => {}), onBack: catchUp });

const cloud = createCloud({
  origin: import.meta.env.VITE_EVENLY_CLOUD || DEFAULT_ORIGIN,
  storage,
  onSignedOut() {
    session.forget();
    settings.signedOut();
  },
});
const session = createSession({ cloud, storage });
const settings = createSettings({ cloud, storage });

const app = { api, cloud, connection, outbox, session, settings, store, toasts, setTitle };
app.router = createRouter(SCREENS, showScreen);
let view = null;
let path = null;

function setTitle(title) {
  document.title = title ? `${title} – Evenly` : 'Evenly';
}

/** Puts the reader, and whoever uses the keyboard, at the beginning of a new screen. */
function focusHeading() {
  const heading = main.querySelector('h1');
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

function showScreen(match) {
  const isFirst = path === null;
  path = location.pathname;
  view?.leave?.();
  if (match?.params.groupId) store.dismissMessage();
  else store.closeGroup();
  view = match ? match.screen(app, match.params) : notFoundView(app);
  fill(main, view.node);
  header.mark(path);
  view.enter?.();
  if (!isFirst) focusHeading();
}

function usePreferences({ preferences }) {
  applyTheme(preferences.theme);
  useFormats(preferences);
  view?.update?.(store.state);
}

settings.subscribe(usePreferences);
usePreferences(settings.state);
store.subscribe((state) => view?.update?.(state));
outbox.subscribe(() => view?.update?.(store.state));
fill(
  document.getElementById('notices'),
  connectionBanner({ connection, outbox, onRetry: () => api.listGroups().catch(() => {}) }),
  messageBar(store),
);

setInterval(() => {
  outbox.flush();
  if (!document.hidden) store.refresh();
}, REFRESH_EVERY_MS);
app.router.start();
outbox.flush();
session.check().then(settings.sync);
