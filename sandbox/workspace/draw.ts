import type { KnownBlock, RichTextBlock, RichTextElement, TextObject } from '@slack/types';
import type { Message, State } from './state.ts';
import { type Element, optionsOf, placedIn } from './view-state.ts';

/** Turns ids into what a person reads: `@bob`, `#general`. */
export type Names = (id: string) => string;

/** The names of this workspace; an id that nobody has is left as it is. */
export function namesOf(state: State): Names {
  return (id) => {
    const person = state.people.get(id);
    if (person !== undefined) return `@${person.handle}`;
    const channel = state.channels.get(id);
    if (channel !== undefined) return `#${channel.name}`;
    const group = state.groups.get(id);
    return group === undefined ? id : `@${group.handle}`;
  };
}

/** What a person reads of mrkdwn: mentions as names, dates as their fallback, links as their text, no markers. */
export function readMrkdwn(text: string, names: Names): string {
  const plain = text.replace(/<([^>]*)>/g, (_whole, inner: string) => readAngle(inner, names));
  return decodeEntities(stripMarkers(plain));
}

function readAngle(inner: string, names: Names): string {
  const [target = '', label] = inner.split('|', 2);
  if (target.startsWith('@') || target.startsWith('#')) return names(target.slice(1));
  if (target.startsWith('!date^')) return label ?? target;
  if (target.startsWith('!subteam^')) return names(target.slice('!subteam^'.length));
  if (target.startsWith('!')) return `@${target.slice(1)}`;
  return label ?? target;
}

function stripMarkers(text: string): string {
  const parts = text.split(/(```[\s\S]*?```|`[^`\n]+`)/);
  return parts
    .map((part, index) => {
      if (index % 2 === 1) return part.replace(/^`+|`+$/g, '');
      return part.replace(/(^|[\s(>"'])([*_~])(?=\S)([^\n]*?\S)\2(?=$|[\s).,:;!?"'])/gm, '$1$3');
    })
    .join('');
}

/** `&amp;`, `&lt;` and `&gt;` as the characters they stand for, once. */
function decodeEntities(text: string): string {
  return text.replace(/&(amp|lt|gt);/g, (_whole, name: string) =>
    name === 'amp' ? '&' : name === 'lt' ? '<' : '>',
  );
}

/** What a person reads of a text object. */
export function readText(text: TextObject, names: Names): string {
  return text.type === 'mrkdwn' ? readMrkdwn(text.text, names) : text.text;
}

/** What a person reads of one block, the labels of fields included, the labels of buttons not. */
function readBlock(block: KnownBlock, names: Names): string {
  switch (block.type) {
    case 'section':
      return [...(block.text ? [block.text] : []), ...(block.fields ?? [])]
        .map((text) => readText(text, names))
        .concat(readElements(block, names))
        .join('\n');
    case 'header':
    case 'alert':
      return readText(block.text, names);
    case 'markdown':
      return block.text;
    case 'context':
      return block.elements
        .map((element) => (element.type === 'image' ? element.alt_text : readText(element, names)))
        .join(' ');
    case 'input':
      return [block.label.text, ...(block.hint ? [block.hint.text] : []), ...readElements(block, names)].join(
        '\n',
      );
    case 'actions':
      return readElements(block, names).join('\n');
    case 'rich_text':
      return readRichText(block, names);
    case 'table':
    case 'data_table':
      return block.rows.map((row) => row.map((cell) => readCell(cell, names)).join(' | ')).join('\n');
    case 'image':
      return [...(block.title ? [block.title.text] : []), block.alt_text].join('\n');
    default:
      return '';
  }
}

function readCell(cell: { type: string; text?: string } | RichTextBlock, names: Names): string {
  return 'elements' in cell ? readRichText(cell, names) : (cell.text ?? '');
}

/** Checkboxes and radio buttons stand open, so their options can be read. */
function readElements(block: KnownBlock, names: Names): string[] {
  return placedIn([block]).flatMap(({ element }) =>
    element.type === 'checkboxes' || element.type === 'radio_buttons'
      ? optionsOf(element).map(({ text, description }) =>
          [readText(text, names), ...(description ? [readText(description, names)] : [])].join(' '),
        )
      : [],
  );
}

/** What a person reads of rich text; a list's entries stand on lines of their own. */
function readRichText(block: RichTextBlock, names: Names): string {
  return block.elements
    .map((part) =>
      part.type === 'rich_text_list'
        ? part.elements.map((section) => `• ${readInline(section.elements, names)}`).join('\n')
        : readInline(part.elements, names),
    )
    .join('\n');
}

function readInline(elements: readonly RichTextElement[], names: Names): string {
  return elements.map((element) => readInlineElement(element, names)).join('');
}

function readInlineElement(element: RichTextElement, names: Names): string {
  switch (element.type) {
    case 'text':
      return element.text;
    case 'link':
      return element.text ?? element.url;
    case 'user':
      return names(element.user_id);
    case 'usergroup':
      return names(element.usergroup_id);
    case 'channel':
      return names(element.channel_id);
    case 'broadcast':
      return `@${element.range}`;
    case 'team':
      return element.team_id;
    case 'date':
      return element.fallback ?? new Date(element.timestamp * 1000).toISOString().slice(0, 10);
    case 'emoji':
      return `:${element.name}:`;
    case 'color':
      return element.value;
  }
}

/** All that a person reads of some blocks. */
export function readBlocks(blocks: readonly KnownBlock[], names: Names): string {
  return blocks
    .map((block) => readBlock(block, names))
    .filter((text) => text !== '')
    .join('\n');
}

/** What a person reads of a message: its blocks when it has any, otherwise its text, and its attachments. */
export function readMessage(message: Message, names: Names): string {
  const body =
    message.blocks.length > 0 ? readBlocks(message.blocks, names) : readMrkdwn(message.text, names);
  const attached = message.attachments.flatMap((one) =>
    ['pretext', 'title', 'text', 'fallback'].flatMap((name) =>
      typeof one[name] === 'string' ? [one[name]] : [],
    ),
  );
  const files = message.files.map(({ name }) => name);
  return [body, ...attached.map((text) => readMrkdwn(text, names)), ...files].join('\n');
}

/** The label on an element: a button's text, a select's placeholder. */
export function labelOf(element: Element): string {
  if (element.type === 'button' || element.type === 'workflow_button') return element.text.text;
  if ('placeholder' in element && element.placeholder !== undefined) return element.placeholder.text;
  return '';
}

/** The texts of the buttons among these blocks, in order. */
export function buttonsIn(blocks: readonly KnownBlock[]): string[] {
  return placedIn(blocks).flatMap(({ element }) => (element.type === 'button' ? [element.text.text] : []));
}

/**
 * The text of the row in which a block stands: the block's own text or, for a row of buttons, that of the blocks before it,
 * back to the last divider, header or other row of buttons.
 */
export function rowText(blocks: readonly KnownBlock[], block: KnownBlock, names: Names): string {
  if (block.type !== 'actions') return readBlock(block, names);
  const row: string[] = [readBlock(block, names)];
  for (let index = blocks.indexOf(block) - 1; index >= 0; index -= 1) {
    const before = blocks[index];
    if (before === undefined || ['actions', 'divider', 'header'].includes(before.type)) break;
    row.unshift(readBlock(before, names));
  }
  return row.join('\n');
}
