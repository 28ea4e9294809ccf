import type {
  Button,
  ContextBlock,
  InputBlock,
  KnownBlock,
  ModalView,
  MrkdwnElement,
  PlainTextElement,
  SectionBlock,
} from '@slack/types';
import { counted } from '../../counted.ts';
import type { Message } from './message.ts';

/** Text drawn exactly as it is: nothing in it is formatting. Where whatever people typed goes. */
export function plain(text: string): PlainTextElement {
  return { type: 'plain_text', text, emoji: false };
}

/** Text of our own with formatting. What people typed must be escaped before it gets here. */
export function mrkdwn(text: string): MrkdwnElement {
  return { type: 'mrkdwn', text, verbatim: true };
}

/** `text` made harmless for mrkdwn and for a message's `text`: no mention, link or command can stand in it. */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** A text that `escaped` made, as it was before. */
export function plainTextOf(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** Slack's forms of people, channels, groups and links: `<@U1|ann>`, `<#C1|general>`, `<https://x|x>`, `<!here>`. */
const FORM = /<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>/g;

/** The beginning of a form at the end of a text that was cut. Slack escapes a bracket that somebody typed. */
const CUT_FORM = /<(?:[@#!]|https?:|mailto:|tel:)[^<>]*$/;

/**
 * What the person typed, from Slack's escaped form of it. Forms become the text that stood there, and ids where there was none;
 * the three escaped signs are decoded last and once, so that a typed `&lt;` stays one.
 * https://docs.slack.dev/messaging/formatting-message-text#retrieving-messages
 */
export function unescaped(text: string): string {
  const typed = text
    .replace(CUT_FORM, '$&>')
    .replace(FORM, (_, sign: string, id: string, label = '') => formText(sign, id, label.trim()));
  return typed.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

function formText(sign: string, id: string, label: string): string {
  switch (sign) {
    case '':
      return label || id.replace(/^(?:mailto|tel):/, '');
    case '!':
      return specialText(id, label);
    default:
      return signed(sign, label || id);
  }
}

/** A group, a date, or everybody who is there: `<!subteam^S1|@oncall>`, `<!date^1^{date}|today>`, `<!here>`. */
function specialText(id: string, label: string): string {
  const [kind = '', argument = ''] = id.split('^');
  if (kind === 'date') return label || argument;
  return signed('@', label || (kind === 'subteam' ? argument : id));
}

/** Never the sign alone, which would mean nobody and nothing. */
function signed(sign: string, text: string): string {
  return text === '' || /^[@#]/.test(text) ? text.replace(/^[@#]$/, '') : `${sign}${text}`;
}

/** A section that says `text` as it is. */
export function section(text: string): SectionBlock {
  return { type: 'section', text: plain(text) };
}

/** Small print of our own, with formatting. */
export function context(text: string): ContextBlock {
  return { type: 'context', elements: [mrkdwn(text)] };
}

/** A button whose press brings `value` back. */
export function button(actionId: string, text: string, value?: string): Button {
  const carried = value === undefined ? {} : { value };
  return { type: 'button', action_id: actionId, text: plain(text), ...carried };
}

/** `text` in at most `lengthMax` code points, cut with an ellipsis. */
export function cut(text: string, lengthMax: number): string {
  const points = [...text];
  return points.length <= lengthMax ? text : `${points.slice(0, lengthMax - 1).join('')}…`;
}

/** A mention that notifies nobody in an ephemeral message or a dialog. */
export function mention(person: string): string {
  return `<@${person}>`;
}

/** `once`, or `3 times`. */
export function timesOf(count: number): string {
  return count === 1 ? 'once' : counted(count, 'time');
}

/** A message of one sentence, drawn as it is. */
export function sentenceMessage(sentence: string): Message {
  return { text: escaped(sentence), blocks: [section(sentence)] };
}

/** A dialog that only tells something. Slack takes a field in no dialog without a button to submit, so none is drawn. */
export function tellingDialog(title: string, blocks: KnownBlock[]): ModalView {
  const told = blocks.filter(({ type }) => type !== 'input');
  return { type: 'modal', title: plain(title), close: plain('Close'), blocks: told };
}

/** The way to the person's conversation with the app, where one is known. */
export function conversationLink(dmLink: string | undefined): KnownBlock[] {
  if (dmLink === undefined) return [];
  return [{ type: 'section', text: mrkdwn(`*<${escaped(dmLink)}|Open direct messages>*`) }];
}

/** A one-line text field. `block_id` and `action_id` are the same, so that one name finds its error and its value. */
export function textInput(field: {
  id: string;
  label: string;
  hint?: string;
  placeholder?: string;
  initial?: string | undefined;
  optional: boolean;
  lengthMax?: number;
}): InputBlock {
  return {
    type: 'input',
    block_id: field.id,
    label: plain(field.label),
    optional: field.optional,
    element: {
      type: 'plain_text_input',
      action_id: field.id,
      ...(field.placeholder === undefined ? {} : { placeholder: plain(field.placeholder) }),
      ...(field.initial ? { initial_value: field.initial } : {}),
      ...(field.lengthMax === undefined ? {} : { max_length: field.lengthMax }),
    },
    ...(field.hint === undefined ? {} : { hint: plain(field.hint) }),
  };
}

/** Longer than any name; what is typed beyond it changes no search for a name. */
const SEARCH_LENGTH_MAX = 100;

/**
 * A field that tells the app what was typed as soon as Enter is pressed. Slack takes it in messages, in Home tabs and in dialogs
 * (https://docs.slack.dev/reference/block-kit/blocks/input-block). What is typed into it and not sent may be lost when the app draws
 * its place again under another block id (github.com/slackapi/bolt-python/issues/1064), so a place that is drawn by itself keeps one.
 */
export function searchInput(actionId: string, text = '', blockId?: string): InputBlock {
  return {
    type: 'input',
    ...(blockId === undefined ? {} : { block_id: blockId }),
    dispatch_action: true,
    optional: true,
    label: plain('Search'),
    element: {
      type: 'plain_text_input',
      action_id: actionId,
      placeholder: plain('Name or purpose, then Enter'),
      max_length: SEARCH_LENGTH_MAX,
      dispatch_action_config: { trigger_actions_on: ['on_enter_pressed'] },
      ...(text === '' ? {} : { initial_value: cut(text, SEARCH_LENGTH_MAX) }),
    },
  };
}
