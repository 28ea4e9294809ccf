import { findValues } from '../tokens/finder.ts';
import type { TokenValue } from '../tokens/token-value.ts';

/** What is searched at once: less than `findValues` takes of one text. */
const WINDOW = 48 * 1024;

/** What two windows share: more than a value is long in any form that is looked for, wrapped and indented. */
const OVERLAP = 4 * 1024;

/** A value in a stream, and the line on which it ends. */
export type Place = { readonly line: number; readonly value: TokenValue };

/** What tells one value from another. */
type KeyOf = (value: TokenValue) => string;

/**
 * Every value in the stream, once for each line on which it ends. Holds two windows at most, however long the lines are. What
 * cannot be decoded as UTF-8 is passed over.
 */
export async function* placesIn(
  stream: AsyncIterable<Uint8Array>,
  keyOf: KeyOf,
  onProgress: (bytes: number) => void,
): AsyncGenerator<Place> {
  const decoder = new TextDecoder();
  let window = '';
  let firstLine = 1;
  let bytes = 0;
  /** What was told of lines that the next window has a part of. */
  let told = new Map<string, number>();

  function* newPlacesIn(text: string): Generator<Place> {
    for (const { line: offset, value } of placesInText(text, keyOf)) {
      const line = firstLine + offset;
      const key = `${line} ${keyOf(value)}`;
      if (told.has(key)) continue;
      told.set(key, line);
      yield { line, value };
    }
  }

  for await (const chunk of stream) {
    bytes += chunk.length;
    onProgress(bytes);
    window += decoder.decode(chunk, { stream: true });
    while (window.length >= WINDOW) {
      yield* newPlacesIn(window.slice(0, WINDOW));
      firstLine += newLinesIn(window.slice(0, WINDOW - OVERLAP));
      window = window.slice(WINDOW - OVERLAP);
      told = new Map([...told].filter(([, line]) => line >= firstLine));
    }
  }
  yield* newPlacesIn(window + decoder.decode());
}

/** The values of a text with the number of the line, from 0, on which each ends. */
function placesInText(text: string, keyOf: KeyOf): Place[] {
  return findValues(text).length === 0 ? [] : placesInLines(text.split('\n'), 0, keyOf);
}

/** As `placesInText`, of lines of which the first has the number `first`: half by half, so that much of it is passed over at once. */
function placesInLines(lines: readonly string[], first: number, keyOf: KeyOf): Place[] {
  const found = new Map(findValues(lines.join('\n')).map((value) => [keyOf(value), value]));
  if (found.size === 0) return [];
  if (lines.length === 1) return [...found.values()].map((value) => ({ line: first, value }));
  const middle = Math.floor(lines.length / 2);
  const before = placesInLines(lines.slice(0, middle), first, keyOf);
  const after = placesInLines(lines.slice(middle), first + middle, keyOf);
  // What is in neither half is wrapped over the end of the first one.
  for (const { value } of [...before, ...after]) found.delete(keyOf(value));
  const between = [...found].map(([key, value]) => ({ line: first + lineOf(key, lines, keyOf), value }));
  return [...before, ...between.sort((a, b) => a.line - b.line), ...after];
}

/** The line on which the value with that key ends: where the fewest lines hold it that begin with the first. */
function lineOf(key: string, lines: readonly string[], keyOf: KeyOf): number {
  let [without, within] = [0, lines.length];
  while (within - without > 1) {
    const middle = Math.floor((without + within) / 2);
    const isWithin = findValues(lines.slice(0, middle).join('\n')).some((value) => keyOf(value) === key);
    if (isWithin) within = middle;
    else without = middle;
  }
  return within - 1;
}

function newLinesIn(text: string): number {
  return text.split('\n').length - 1;
}
