import { findValues, type TokenValue } from '../tokens/token-value.ts';

/** Parts of a message that are looked at; Slack's largest has some thousands. */
const PARTS_MAX = 50_000;

/**
 * Every value in what Slack delivers of a message, wherever it stands: text, blocks however deep, attachments, titles and
 * previews of files. Pieces of one line that are formatted apart are read as one. The same value may come several times.
 */
export function valuesInMessage(message: unknown): TokenValue[] {
  const texts: string[] = [];
  collect(message, texts);
  return texts.flatMap(findValues);
}

function collect(root: unknown, texts: string[]): void {
  const waiting: unknown[] = [root];
  for (let seen = 0; waiting.length > 0 && seen < PARTS_MAX; seen++) {
    const part = waiting.pop();
    if (typeof part === 'string') texts.push(part);
    if (typeof part !== 'object' || part === null) continue;
    if (Array.isArray(part)) texts.push(part.map(lineOf).join(''));
    // The first is taken next, so that values come in the order in which they stand.
    for (const child of Object.values(part).reverse()) waiting.push(child);
  }
}

/** What one element of a line draws. */
function lineOf(element: unknown): string {
  if (typeof element !== 'object' || element === null) return '';
  if ('text' in element && typeof element.text === 'string') return element.text;
  return 'url' in element && typeof element.url === 'string' ? element.url : '';
}
