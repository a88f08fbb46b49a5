import { newerPreferences, readPreferences } from '../shared/preferences.js';
import { CloudError } from './cloud.js';
import { observable } from './listeners.js';

/**
 * The preferences of whoever uses this device: stored here, and kept the same as those of
 * their account while they are signed in. Where the two differ, what was changed last is
 * kept (`newerPreferences`). `sync` is `local` while nobody is signed in, `synced` when
 * device and account hold the same, and `waiting` while the cloud cannot be asked.
 */
export function createSettings({ cloud, storage, now = () => new Date().toISOString() }) {
  const stored = storage.read('settings', {});
  const settings = observable({
    preferences: readPreferences(stored.preferences),
    updatedAt: stored.updatedAt ?? null,
    sync: 'local',
  });

  let exchanging = false;

  function keep({ preferences, updatedAt }, sync) {
    storage.write('settings', { preferences, updatedAt });
    settings.set({ preferences, updatedAt, sync });
  }

  async function push() {
    const sent = settings.state;
    const { updatedAt } = await cloud.putSettings(sent.preferences);
    if (settings.state.updatedAt === sent.updatedAt) keep({ preferences: sent.preferences, updatedAt }, 'synced');
    else await push();
  }

  async function pull() {
    const answer = await cloud.getSettings();
    const remote = { preferences: readPreferences(answer.settings), updatedAt: answer.updatedAt };
    if (newerPreferences(settings.state, remote) === remote) keep(remote, 'synced');
    else await push();
  }

  /** Runs an exchange with the cloud, one at a time; when that fails, a later one makes up for it. */
  async function exchange(action) {
    if (exchanging) return;
    if (!cloud.isSignedIn()) {
      settings.set({ sync: 'local' });
      return;
    }
    exchanging = true;
    settings.set({ sync: 'waiting' });
    try {
      await action();
    } catch (error) {
      if (!(error instanceof CloudError)) throw error;
      if (error.kind === 'signedOut') settings.set({ sync: 'local' });
    } finally {
      exchanging = false;
    }
  }

  return {
    get state() {
      return settings.state;
    },
    subscribe: settings.subscribe,
    sync: () => exchange(pull),
    signedOut: () => settings.set({ sync: 'local' }),
    /** Sets one preference or several, here at once and in the account as soon as possible. */
    change(change) {
      const preferences = readPreferences({ ...settings.state.preferences, ...change });
      keep({ preferences, updatedAt: now() }, settings.state.sync);
      return exchange(push);
    },
  };
}
