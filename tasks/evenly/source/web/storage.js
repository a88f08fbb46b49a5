/**
 * JSON in the browser's storage under names of our own. A browser may refuse to store
 * anything; what was written is then gone with the page, and nothing else happens.
 */
export function createStorage(backend) {
  return {
    read(name, otherwise = null) {
      try {
        return JSON.parse(backend.getItem(`evenly.${name}`)) ?? otherwise;
      } catch {
        return otherwise;
      }
    },
    write(name, value) {
      try {
        if (value === null) backend.removeItem(`evenly.${name}`);
        else backend.setItem(`evenly.${name}`, JSON.stringify(value));
      } catch {
        // The page works without it.
      }
    },
  };
}
