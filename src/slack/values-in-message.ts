import { setImmediate as nextTurn } from 'node:timers/promises';
import { findValues, SEARCHED_LENGTH_MAX } from '../tokens/finder.ts';
import type { TokenValue } from '../tokens/token-value.ts';

/** Parts of a message that are looked at; Slack's largest has some thousands. */
const PARTS_MAX = 50_000;
/** Characters of all its parts that are looked at: a text comes again in its blocks, and attachments have as much once more. */
const CHARACTERS_MAX = 4 * SEARCHED_LENGTH_MAX;
/** So many are looked at in one go: some milliseconds, after which whoever waits for something else has a turn. */
const AT_ONCE = SEARCHED_LENGTH_MAX / 4;
/** No shorter text holds a value. A message of thousands of parts is full of them: what kind of part each is. */
const SHORTEST = 40;

/**
 * Every value in what Slack delivers of a message, wherever it stands: text, blocks however deep, attachments, titles and
 * previews of files. Pieces of one line that are formatted apart are read as one. The same value may come several times. Of
 * 50,000 parts and 262,144 characters, the first ones; a value must stand in one part, or one line.
 */
export async function valuesInMessage(message: unknown): Promise<TokenValue[]> {
  const values: TokenValue[] = [];
  for (const texts of inTurns(textsIn(message))) {
    values.push(...findValues(texts));
    await nextTurn();
  }
  return values;
}

function textsIn(message: unknown): string[] {
  const texts: string[] = [];
  /** What of an element was read with its line. */
  const readInLine = new Map<unknown, LineKey>();
  const waiting: unknown[] = [message];
  let left = CHARACTERS_MAX;
  for (let seen = 0; waiting.length > 0 && seen < PARTS_MAX && left > 0; seen++) {
    const part = waiting.pop();
    const text = Array.isArray(part) ? lineOf(part, readInLine) : part;
    if (typeof text === 'string' && text.length >= SHORTEST) {
      texts.push(text.slice(0, left));
      left -= text.length;
    }
    if (typeof part !== 'object' || part === null) continue;
    // The first is taken next, so that values come in the order in which they stand.
    for (const child of childrenOf(part, readInLine.get(part)).reverse()) waiting.push(child);
  }
  return texts;
}

function childrenOf(part: object, read: LineKey | undefined): unknown[] {
  if (Array.isArray(part)) return part.slice(0, PARTS_MAX);
  return Object.entries(part).flatMap(([key, child]) => (key === read ? [] : [child]));
}

type LineKey = 'text' | 'url';

/** What the elements of a line draw, one after the other; notes in `readInLine` what that was. */
function lineOf(elements: readonly unknown[], readInLine: Map<unknown, LineKey>): string {
  return elements
    .slice(0, PARTS_MAX)
    .map((element) => {
      for (const key of ['text', 'url'] as const) {
        const text = typeof element === 'object' && element !== null ? Reflect.get(element, key) : undefined;
        if (typeof text !== 'string') continue;
        readInLine.set(element, key);
        return text;
      }
      return '';
    })
    .join('');
}

/** `texts` in their order, as many at a time as are looked at in one go; a longer one by itself. */
function inTurns(texts: readonly string[]): string[][] {
  const turns: string[][] = [];
  let length = AT_ONCE;
  for (const text of texts) {
    length += text.length;
    if (length > AT_ONCE) {
      turns.push([]);
      length = text.length;
    }
    turns.at(-1)?.push(text);
  }
  return turns;
}
