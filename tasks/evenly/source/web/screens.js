import { activityView } from './views/activity.js';
import { balancesView } from './views/balances.js';
import { expenseFormView } from './views/expenseForm.js';
import { groupView } from './views/group.js';
import { groupListView } from './views/groupList.js';
import { overviewScreen } from './views/overview.js';
import { searchView } from './views/search.js';
import { settingsView } from './views/settings.js';
import { settleView } from './views/settle.js';

/**
 * The screens by their addresses. A screen is a function of the app and the parameters of
 * its address that returns `{ node, enter?, leave?, update?, reload? }`: what to show, what to do
 * when it has been shown and when it goes, with each new state of the store, and when the
 * server is back after it could not be reached.
 */
export const SCREENS = [
  { path: '/', screen: groupListView },
  { path: '/groups/:groupId', screen: groupView },
  { path: '/groups/:groupId/balances', screen: balancesView },
  { path: '/groups/:groupId/settle', screen: settleView },
  { path: '/groups/:groupId/overview', screen: overviewScreen },
  { path: '/groups/:groupId/expenses/new', screen: expenseFormView },
  { path: '/groups/:groupId/expenses/:expenseId', screen: expenseFormView },
  { path: '/search', screen: searchView },
  { path: '/activity', screen: activityView },
  { path: '/settings', screen: settingsView },
];
