import type { KnownBlock, RichTextBlock, TextObject } from '@slack/types';
import { parseMrkdwn, type Span } from './parse-mrkdwn.ts';

const NAME_LENGTH_MAX = 80;

/**
 * What the row is about in which a block stands: the bold words that facts follow behind a dot, or the first line of its own text or, for a row of buttons, of the nearest block
 * above it that has a text. Names the row's menu.
 */
export function rowName(blocks: readonly KnownBlock[], index: number): string {
  for (let here = index; here >= 0; here -= 1) {
    const block = blocks[here];
    const text = block === undefined ? '' : firstLine(block);
    if (text !== '') return text;
  }
  return 'this';
}

function firstLine(block: KnownBlock): string {
  const whole = wholeText(block).trim();
  return (whole.split('\n', 1)[0] ?? '').slice(0, NAME_LENGTH_MAX);
}

function wholeText(block: KnownBlock): string {
  switch (block.type) {
    case 'section':
      return textOf(block.text ?? block.fields?.[0]);
    case 'header':
      return block.text.text;
    case 'rich_text':
      return richTextOf(block);
    default:
      return '';
  }
}

function textOf(text: TextObject | undefined): string {
  if (text === undefined) return '';
  if (text.type !== 'mrkdwn') return text.text;
  const spans = parseMrkdwn(text.text);
  const [first, second] = spans;
  const isDotted = typeof second === 'string' && second.startsWith(' · ');
  const isHeaded = typeof first === 'object' && first.kind === 'bold' && isDotted;
  return (isHeaded ? [first] : spans).map(spanText).join('');
}

function spanText(span: Span): string {
  if (typeof span === 'string') return span;
  switch (span.kind) {
    case 'bold':
    case 'italic':
    case 'strike':
      return span.spans.map(spanText).join('');
    case 'code':
    case 'pre':
      return span.text;
    case 'mention':
      return `${span.sign}${span.label ?? span.id}`;
    case 'date':
      return span.fallback;
    case 'circle':
      return '';
    case 'link':
      return span.label;
  }
}

function richTextOf(block: RichTextBlock): string {
  return block.elements
    .flatMap((part) => (part.type === 'rich_text_list' ? [] : part.elements))
    .map((element) => (element.type === 'text' ? element.text : ''))
    .join('');
}
