/** A value that others can watch: `set` merges a change into it and tells everybody. */
export function observable(initial) {
  let state = initial;
  const listeners = new Set();
  return {
    get state() {
      return state;
    },
    set(change) {
      state = { ...state, ...change };
      for (const listener of listeners) listener(state);
    },
    /** Calls `listener` with every new state, until the function that is returned is called. */
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
