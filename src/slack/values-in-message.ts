import { setImmediate as nextTurn } from 'node:timers/promises';
import { findValues, SEARCHED_LENGTH_MAX } from '../tokens/finder.ts';
import type { TokenValue } from '../tokens/token-value.ts';

/** Parts of a message that are looked at; Slack's largest has some thousands. */
const PARTS_MAX = 50_000;
/** Characters of all its parts that are looked at: a text comes again in its blocks, and attachments have as much once more. */
const CHARACTERS_MAX = 4 * SEARCHED_LENGTH_MAX;
/** So much is looked at in one go, a millisecond or two; then whoever waits for something else has a turn. */
const PARTS_AT_ONCE = 2000;
const CHARACTERS_AT_ONCE = SEARCHED_LENGTH_MAX / 4;
/** No shorter text holds a value. A message of thousands of parts is full of them: what kind of part each is. */
const SHORTEST = 40;

/**
 * Every value in what Slack delivers of a message, wherever it stands: text, blocks however deep, attachments, titles and
 * previews of files. Pieces of one line that are formatted apart are read as one. The same value may come several times. Of
 * 50,000 parts and 262,144 characters, the first ones; a value must stand in one part, or one line.
 */
export async function valuesInMessage(message: unknown): Promise<TokenValue[]> {
  const values: TokenValue[] = [];
  for (const texts of inTurns(await textsIn(message))) {
    values.push(...findValues(texts));
    await nextTurn();
  }
  return values;
}

/** The texts of a message in their order, each once. */
async function textsIn(message: unknown): Promise<Set<string>> {
  const texts = new Set<string>();
  const waiting: unknown[] = [message];
  let left = CHARACTERS_MAX;
  for (let seen = 1; waiting.length > 0 && seen <= PARTS_MAX && left > 0; seen++) {
    if (seen % PARTS_AT_ONCE === 0) await nextTurn();
    const part = waiting.pop();
    const text = Array.isArray(part) ? lineOf(part) : part;
    if (typeof text === 'string' && text.length >= SHORTEST && !texts.has(text)) {
      texts.add(text.slice(0, left));
      left -= text.length;
    }
    if (typeof part === 'object' && part !== null) pushReversed(Object.values(part), waiting);
  }
  return texts;
}

/** The first is taken next, so that values come in the order in which they stand. */
function pushReversed(children: readonly unknown[], waiting: unknown[]): void {
  for (let at = Math.min(children.length, PARTS_MAX) - 1; at >= 0; at--) waiting.push(children[at]);
}

/** What the elements of a line draw, one after the other; nothing where only one does, which is looked at by itself. */
function lineOf(elements: readonly unknown[]): string {
  const pieces: string[] = [];
  for (const element of elements.slice(0, PARTS_MAX)) {
    const piece = pieceOf(element);
    if (piece !== undefined) pieces.push(piece);
  }
  return pieces.length > 1 ? pieces.join('') : '';
}

function pieceOf(element: unknown): string | undefined {
  if (typeof element !== 'object' || element === null) return undefined;
  if ('text' in element && typeof element.text === 'string') return element.text;
  return 'url' in element && typeof element.url === 'string' ? element.url : undefined;
}

/** `texts` in their order, as many at a time as are looked at in one go; a longer one by itself. */
function inTurns(texts: Iterable<string>): string[][] {
  const turns: string[][] = [];
  let length = CHARACTERS_AT_ONCE;
  for (const text of texts) {
    length += text.length;
    if (length > CHARACTERS_AT_ONCE) {
      turns.push([]);
      length = text.length;
    }
    turns.at(-1)?.push(text);
  }
  return turns;
}
