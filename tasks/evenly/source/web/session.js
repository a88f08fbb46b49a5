import { CloudError } from './cloud.js';
import { observable } from './listeners.js';

/**
 * Whether somebody is signed in to Evenly Cloud on this device, and who. What is known of
 * them is kept in `storage`, so that their name is there before the cloud has answered.
 */
export function createSession({ cloud, storage }) {
  const session = observable({ signedIn: cloud.isSignedIn(), me: storage.read('me') });

  function remember(me) {
    storage.write('me', me);
    session.set({ signedIn: me !== null, me });
  }

  return {
    get state() {
      return session.state;
    },
    subscribe: session.subscribe,

    /** Looks whether the token still counts. While the cloud cannot be reached, it does. */
    async check() {
      if (!cloud.isSignedIn()) return;
      try {
        remember(await cloud.getMe());
      } catch (error) {
        if (!(error instanceof CloudError)) throw error;
      }
    },
    requestCode: (email) => cloud.requestCode(email),
    async signIn(email, code) {
      remember(await cloud.signIn(email, code));
    },
    async signOut() {
      await cloud.signOut();
      remember(null);
    },
    async rename(name) {
      remember(await cloud.updateMe({ name }));
    },
    /** To be called when the cloud has refused the token. */
    forget: () => remember(null),
  };
}
