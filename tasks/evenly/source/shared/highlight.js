import { fold } from './search.js';

/** A text folded for searching, with the place in the text that each folded character came from. */
function foldWithPlaces(text) {
  let folded = '';
  const places = [];
  let place = 0;
  for (const character of text) {
    const part = fold(character);
    folded += part;
    for (let index = 0; index < part.length; index += 1) places.push(place);
    place += character.length;
  }
  return { folded, places: [...places, text.length] };
}

/** Where the words occur, as `[start, end]` in the text, sorted and without overlaps. */
function rangesOf(text, words) {
  const { folded, places } = foldWithPlaces(text);
  const found = [];
  for (const word of words) {
    for (let at = folded.indexOf(word); at !== -1; at = folded.indexOf(word, at + 1)) {
      found.push([places[at], places[at + word.length]]);
    }
  }
  const merged = [];
  for (const [start, end] of found.sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else merged.push([start, end]);
  }
  return merged;
}

/**
 * Cuts a text into pieces, so that those that match a word of `query` can be marked. Whatever
 * the search finds is marked, as it is written.
 *
 * @returns {{ text: string, match: boolean }[]}
 */
export function highlight(text, query) {
  const words = fold(query).split(/\s+/).filter(Boolean);
  const pieces = [];
  let done = 0;
  for (const [start, end] of rangesOf(text, words)) {
    if (start > done) pieces.push({ text: text.slice(done, start), match: false });
    pieces.push({ text: text.slice(start, end), match: true });
    done = end;
  }
  if (done < text.length) pieces.push({ text: text.slice(done), match: false });
  return pieces;
}
