// Offsets: the server counts code points, as Python does; JavaScript counts UTF-16 units, of which
// an emoji has two.

export const toPoints = (text) => Array.from(text);

export const slice = (points, start, end) => points.slice(start, end).join("");

export const countPoints = (text) => Array.from(text).length;

// Where a place of the page stands in the text of an element, in code points.
export function offsetWithin(element, node, offset) {
  const range = document.createRange();
  range.setStart(element, 0);
  range.setEnd(node, offset);
  return countPoints(range.toString());
}

// The words of a text as [start, end), in code points.
export function wordsOf(text) {
  const words = [];
  for (const found of text.matchAll(/[\p{L}\p{N}\p{M}]+(?:['’.&-][\p{L}\p{N}\p{M}]+)*\.?/gu)) {
    const start = countPoints(text.slice(0, found.index));
    let word = found[0];
    // A full stop belongs to an initial or abbreviation (U.S., E.), not to a last word.
    if (word.endsWith(".") && !/^(?:\p{L}\.)+$/u.test(word)) word = word.slice(0, -1);
    words.push([start, start + countPoints(word)]);
  }
  return words;
}
