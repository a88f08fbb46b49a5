import { ApiError } from './api.js';
import { observable } from './listeners.js';

/** A key that nobody else will choose. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** True for an answer that will be the same however often the request is sent. */
const isFinal = (error) => error.status >= 400 && error.status < 500 && error.status !== 408 && error.status !== 429;

/**
 * Expenses that could not be sent because the server was out of reach. They wait in
 * `storage` and are sent, oldest first, when it is back. Each keeps the Idempotency-Key of
 * its first attempt: if that one did arrive and only its answer was lost, or if two tabs
 * send the same entry, the server creates nothing again. What the server refuses stays,
 * with the reason, until somebody discards it.
 */
export function createOutbox({ api, storage, onSent = () => {} }) {
  const outbox = observable({ entries: storage.read('outbox', []) });
  let sending = null;

  /** Changes what is stored now, which another tab may have changed since this one read it. */
  function change(edit) {
    const entries = edit(storage.read('outbox', []));
    storage.write('outbox', entries);
    outbox.set({ entries });
  }

  const remove = (key) => change((entries) => entries.filter((entry) => entry.key !== key));

  function refuse(key, problem) {
    change((entries) => entries.map((entry) => (entry.key === key ? { ...entry, problem } : entry)));
  }

  /** Sends one entry; false when the server cannot take anything at the moment. */
  async function sendOne({ key, groupId, fields }) {
    try {
      await api.createExpense(groupId, fields, key);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (!isFinal(error)) return false;
      refuse(key, error.message);
      return true;
    }
    remove(key);
    onSent(groupId);
    return true;
  }

  async function sendAll() {
    for (const entry of storage.read('outbox', [])) {
      if (entry.problem === null && !(await sendOne(entry))) return;
    }
  }

  return {
    get state() {
      return outbox.state;
    },
    subscribe: outbox.subscribe,
    entriesOf: (groupId) => outbox.state.entries.filter((entry) => entry.groupId === groupId),
    add: (key, groupId, fields) => change((entries) => [...entries, { key, groupId, fields, problem: null }]),
    discard: remove,
    /** Sends what is waiting; a call while that is under way waits for it. */
    flush() {
      sending ??= sendAll().finally(() => {
        sending = null;
      });
      return sending;
    },
  };
}
