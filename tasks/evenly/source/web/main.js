import { createApi } from './api.js';
import { fill, h } from './dom.js';
import { createOverview } from './overview.js';
import { createStore } from './store.js';
import { groupView } from './views/group.js';
import { groupListView } from './views/groupList.js';
import { overviewView } from './views/overview.js';

const REFRESH_EVERY_MS = 20_000;

const api = createApi();
const store = createStore(api);
const app = document.getElementById('app');
const message = document.getElementById('message');
let view = null;

/** Shows the page the address asks for: `#/`, `#/groups/<id>` or `#/groups/<id>/overview`. */
function navigate() {
  const overviewOf = /^#\/groups\/([^/]+)\/overview$/.exec(location.hash);
  const match = /^#\/groups\/([^/]+)$/.exec(location.hash);
  if (overviewOf) {
    const groupId = decodeURIComponent(overviewOf[1]);
    const overview = createOverview(api, groupId);
    view = overviewView(overview, groupId);
    fill(app, view.node);
    overview.load();
  } else if (match) {
    const groupId = decodeURIComponent(match[1]);
    view = groupView(store);
    fill(app, view.node);
    store.openGroup(groupId);
  } else {
    view = groupListView(store);
    fill(app, view.node);
    store.loadGroups();
  }
}

store.subscribe((state) => {
  message.hidden = state.message === '';
  fill(message, state.message, h('button', { class: 'quiet', onClick: store.dismissMessage }, 'Dismiss'));
  view?.update(state);
});

window.addEventListener('hashchange', navigate);
setInterval(() => {
  if (!document.hidden) store.refresh();
}, REFRESH_EVERY_MS);
navigate();
