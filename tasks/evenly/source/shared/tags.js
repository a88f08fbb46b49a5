const TAG = /(?<![\p{L}\p{N}_#])#(\p{L}[\p{L}\p{N}_-]*)/gu;

/** A tag as it is compared and stored: no hash, no capitals. Accents tell tags apart. */
export function normalizeTag(text) {
  return text.replace(/^#/, '').toLowerCase();
}

/** True for a tag in its stored form. */
export function isTag(value) {
  return typeof value === 'string' && value.length <= 40 && /^\p{L}[\p{L}\p{N}_-]*$/u.test(value) && value.toLowerCase() === value;
}

/** The tags of an expense, each once: the words with a hash in its description and note. */
export function tagsOf({ description, note }) {
  const found = [description, note ?? ''].flatMap((text) => [...text.matchAll(TAG)].map(([, tag]) => normalizeTag(tag)));
  return [...new Set(found)];
}
