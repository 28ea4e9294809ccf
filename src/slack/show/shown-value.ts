import type { RichTextBlock } from '@slack/types';
import type { OldValues, ToldWithValue } from '../../tokens/show.ts';
import type { Token } from '../../tokens/token.ts';
import { HIDE_VALUE_ID } from '../blocks/ids.ts';
import { marked } from '../blocks/marked.ts';
import type { Message } from '../blocks/message.ts';
import { button, context, escaped, section } from '../blocks/text.ts';
import { dateTime, dateTimeElement } from '../blocks/times.ts';
import { leftOutBlocks } from '../blocks/token-facts.ts';

const CURL_LINE = 'curl -H "Authorization: Bearer $APITOKEN" https://api.example.com/';

/** The one message that holds a value: ephemeral, in the owner's DM. The value stands in a block of its own and nowhere else. */
export function shownValueMessage(
  { name }: Pick<Token, 'name'>,
  value: string,
  { oldValues, leftOut, isOfCreation }: ToldWithValue,
): Message {
  const what = oldValues === undefined ? `Your token ${name} is ready.` : newValueText(name);
  const sentence = `${what} Copy it now: it is shown only once.`;
  const old = oldValues === undefined ? [] : oldParts(oldValues);
  // The receipt of a token that was created just now comes after this message; any other stands before it.
  const where = isOfCreation ? 'below' : 'above';
  return marked('value', {
    text: [escaped(sentence), ...mrkdwnOf(old)].join(' '),
    blocks: [
      section(sentence),
      ...(old.length === 0 ? [] : [sentenceBlock(old)]),
      preformatted(value),
      ...leftOutBlocks(leftOut),
      context('Save it as `APITOKEN`, then send it with every request:'),
      preformatted(CURL_LINE),
      context(`It disappears when Slack reloads. If you lose it, choose *Issue new value* ${where}.`),
      {
        type: 'actions',
        elements: [button(HIDE_VALUE_ID, 'Hide now')],
      },
    ],
  });
}

/** *New value for NAME.*, with what became of the old one: what a rotation says of itself, wherever it says it. */
export function newValueBlock(name: string, oldValues: OldValues): RichTextBlock {
  return sentenceBlock([`${newValueText(name)} `, ...oldParts(oldValues)]);
}

/** The same as a message's `text`. */
export function newValueNotice(name: string, oldValues: OldValues): string {
  return [escaped(newValueText(name)), ...mrkdwnOf(oldParts(oldValues))].join(' ');
}

/** Words, and instants that each reader sees in their own zone. */
type Part = string | { readonly at: number };

function newValueText(name: string): string {
  return `New value for ${name}.`;
}

/** Nothing where there never was an old value. */
function oldParts({ worksUntil, endedCount }: OldValues): Part[] {
  if (worksUntil !== null) {
    const others = endedCount === 0 ? '.' : '. Any other old value no longer works.';
    return ['The old one works until ', { at: worksUntil }, others];
  }
  if (endedCount === 0) return [];
  return [endedCount === 1 ? 'The old one no longer works.' : 'The old ones no longer work.'];
}

function mrkdwnOf(parts: readonly Part[]): string[] {
  const text = parts.map((part) => (typeof part === 'string' ? part : dateTime(part.at))).join('');
  return text === '' ? [] : [text];
}

/** A sentence of our own and of people, drawn as it is, with dates. */
function sentenceBlock(parts: readonly Part[]): RichTextBlock {
  const elements = parts.map((part) =>
    typeof part === 'string' ? ({ type: 'text', text: part } as const) : dateTimeElement(part.at),
  );
  return { type: 'rich_text', elements: [{ type: 'rich_text_section', elements }] };
}

function preformatted(text: string): RichTextBlock {
  return {
    type: 'rich_text',
    elements: [{ type: 'rich_text_preformatted', elements: [{ type: 'text', text }] }],
  };
}
