import { findPlaces, findValues } from '../tokens/finder.ts';
import type { TokenValue } from '../tokens/token-value.ts';

/** What is searched at once: less than `findValues` takes of one text. */
const WINDOW = 48 * 1024;

/** What two windows share: more than a value is long in any form that is looked for, wrapped and indented. */
const OVERLAP = 4 * 1024;

/** Where something begins: both from 1. A column is a character, however many bytes it takes. */
export type Cursor = { readonly line: number; readonly column: number };

type PlaceInLines = Cursor & { readonly value: TokenValue };

/** What tells one value from another. */
type KeyOf = (value: TokenValue) => string;

/**
 * Every value in the stream, once for each line on which it begins. Holds two windows at most, however long the lines are. UTF-8,
 * or UTF-16 where the stream begins as such; what cannot be decoded is passed over.
 */
export async function* placesIn(
  stream: AsyncIterable<Uint8Array>,
  keyOf: KeyOf,
  onProgress: (bytes: number) => void,
): AsyncGenerator<PlaceInLines> {
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  let window = '';
  let start = START;
  let bytes = 0;
  /** What was told of lines that the next window has a part of. */
  let told = new Map<string, number>();

  function* newPlacesIn(text: string): Generator<PlaceInLines> {
    // Most texts hold none, and to look for where takes longer.
    if (findValues(text).length === 0) return;
    let [cursor, from] = [start, 0];
    for (const { at, value } of findPlaces(text)) {
      cursor = cursorAfter(cursor, text.slice(from, at));
      from = at;
      const key = `${cursor.line} ${keyOf(value)}`;
      if (told.has(key)) continue;
      told.set(key, cursor.line);
      yield { ...cursor, value };
    }
  }

  for await (const chunk of stream) {
    bytes += chunk.length;
    onProgress(bytes);
    decoder ??= new TextDecoder(encodingOf(chunk));
    window += decoder.decode(chunk, { stream: true });
    while (window.length >= WINDOW) {
      yield* newPlacesIn(window.slice(0, WINDOW));
      start = cursorAfter(start, window.slice(0, WINDOW - OVERLAP));
      window = window.slice(WINDOW - OVERLAP);
      told = new Map([...told].filter(([, line]) => line >= start.line));
    }
  }
  yield* newPlacesIn(window + (decoder?.decode() ?? ''));
}

const START: Cursor = { line: 1, column: 1 };

/** Where one is behind `text` that begins at `cursor`. */
function cursorAfter({ line, column }: Cursor, text: string): Cursor {
  const lineEnds = text.split('\n').length - 1;
  if (lineEnds === 0) return { line, column: column + charactersIn(text) };
  return { line: line + lineEnds, column: 1 + charactersIn(text.slice(text.lastIndexOf('\n') + 1)) };
}

/** The second half of a character of two stands for none; nor do zeros, between which UTF-16 without a mark has its letters. */
const NO_CHARACTER = /[\udc00-\udfff\0]/g;

function charactersIn(text: string): number {
  return text.length - (text.match(NO_CHARACTER)?.length ?? 0);
}

/** As the mark at its beginning says: PowerShell writes UTF-16. */
function encodingOf([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
}
