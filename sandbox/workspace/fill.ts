import type { ViewStateValue } from '@slack/bolt';
import type { InputBlock } from '@slack/types';
import { lengthOf } from './checks.ts';
import { readText } from './draw.ts';
import { LIMITS } from './limits.ts';
import { directMessage, findByHandle, type OpenView, type PersonRecord, type State } from './state.ts';
import {
  type AnyOption,
  chosen,
  type Element,
  isEmpty,
  optionsOf,
  type Placed,
  placedIn,
} from './view-state.ts';

/** What a person puts into a field: a text or an option's text, several of them, or ticked and not ticked. */
export type Filling = string | readonly string[] | boolean;

/** The field with this label in a modal. Throws when there is none, or more than one. */
export function fieldLabelled(open: OpenView, label: string): Placed & { block: InputBlock } {
  const fields = placedIn(open.view.blocks).filter(
    (placed): placed is Placed & { block: InputBlock } =>
      placed.block.type === 'input' && 'label' in placed.block && placed.block.label.text === label,
  );
  const [field] = fields;
  if (field === undefined || fields.length > 1) {
    const labels = open.view.blocks.flatMap((block) => (block.type === 'input' ? [block.label.text] : []));
    throw new Error(`${fields.length} fields are called "${label}"; there are: ${labels.join(', ')}`);
  }
  return field;
}

/** The value that a person's choice gives an element. Throws what a real client would not let them type or choose. */
export function valueFor(
  state: State,
  person: PersonRecord,
  element: Element,
  filling: Filling,
): ViewStateValue {
  const { type } = element;
  switch (element.type) {
    case 'plain_text_input':
      return { type, value: typed(element, one(filling)) };
    case 'email_text_input':
    case 'url_text_input':
    case 'number_input':
      return { type, value: orNull(filling, (text) => text) };
    case 'static_select':
    case 'radio_buttons':
      return { type, selected_option: orNull(filling, (text) => chosen(optionCalled(element, text))) };
    case 'multi_static_select':
    case 'checkboxes':
      return { type, selected_options: severalOptions(element, filling) };
    case 'users_select':
      return { type, selected_user: orNull(filling, (handle) => findByHandle(state.people, handle).id) };
    case 'multi_users_select':
      return {
        type,
        selected_users: many(element, filling).map((handle) => findByHandle(state.people, handle).id),
      };
    case 'conversations_select':
      return {
        type,
        selected_conversation: orNull(filling, (name) => conversation(state, person, name)),
      };
    case 'multi_conversations_select':
      return {
        type,
        selected_conversations: many(element, filling).map((name) => conversation(state, person, name)),
      };
    case 'channels_select':
      return { type, selected_channel: orNull(filling, (name) => conversation(state, person, name)) };
    case 'multi_channels_select':
      return {
        type,
        selected_channels: many(element, filling).map((name) => conversation(state, person, name)),
      };
    case 'datepicker':
      return { type, selected_date: orNull(filling, date) };
    case 'timepicker':
      return { type, selected_time: orNull(filling, (text) => text) };
    default:
      throw new Error(`the sandbox cannot fill in ${type}`);
  }
}

/** An empty text empties the field. */
function orNull<T>(filling: Filling, read: (text: string) => T): T | null {
  return filling === '' ? null : read(one(filling));
}

function one(filling: Filling): string {
  if (typeof filling !== 'string')
    throw new Error(`this field takes one text, not ${JSON.stringify(filling)}`);
  return filling;
}

function many(element: Element, filling: Filling): readonly string[] {
  if (typeof filling === 'boolean') throw new Error('this field takes several texts, not true or false');
  const texts = typeof filling === 'string' ? [filling] : filling;
  const max = 'max_selected_items' in element ? element.max_selected_items : undefined;
  if (max !== undefined && texts.length > max) throw new Error(`only ${max} may be chosen here`);
  return texts;
}

function typed(element: Extract<Element, { type: 'plain_text_input' }>, text: string): string | null {
  const max = element.max_length ?? LIMITS.textInput;
  if (lengthOf(text) > max)
    throw new Error(`the field takes ${max} characters, the text has ${lengthOf(text)}`);
  if (element.multiline !== true && /[\r\n]/.test(text)) throw new Error('the field takes one line');
  return text === '' ? null : text;
}

function severalOptions(element: Element, filling: Filling): NonNullable<ViewStateValue['selected_options']> {
  const options =
    typeof filling === 'boolean'
      ? optionsOf(element).filter(() => filling)
      : many(element, filling).map((text) => optionCalled(element, text));
  // In the order of the options, as a client sends them, not in the order of ticking.
  return optionsOf(element).flatMap((option) => (options.includes(option) ? (chosen(option) ?? []) : []));
}

/** The option with this text. Throws when it is not offered. */
export function optionCalled(element: Element, text: string): AnyOption {
  const options = optionsOf(element);
  const texts = options.map((option) => readText(option.text, (id) => id));
  const found = options[texts.indexOf(text)];
  if (found === undefined) throw new Error(`"${text}" is not offered; there are: ${texts.join(', ')}`);
  return found;
}

function conversation(state: State, person: PersonRecord, name: string): string {
  if (name === `@${state.manifest.botName}`) return directMessage(state, person.id).id;
  const channel = [...state.channels.values()].find((one) => one.im === undefined && `#${one.name}` === name);
  if (channel === undefined) throw new Error(`there is no conversation called ${name}`);
  return channel.id;
}

function date(text: string): string {
  const time = Date.parse(`${text}T00:00:00Z`);
  if (
    !/^\d{4}-\d\d-\d\d$/.test(text) ||
    Number.isNaN(time) ||
    new Date(time).toISOString().slice(0, 10) !== text
  ) {
    throw new Error(`"${text}" is not a date as a date picker sends it`);
  }
  return text;
}

/** What a client says under the fields before it sends anything, by block id; empty when all is well. */
export function clientErrors(open: OpenView): { [blockId: string]: string } {
  const errors: { [blockId: string]: string } = {};
  for (const { block, blockId, actionId, element } of placedIn(open.view.blocks)) {
    if (block.type !== 'input') continue;
    const value = open.values[blockId]?.[actionId];
    const error = isEmpty(value)
      ? isOptional(block)
        ? undefined
        : 'Please complete this required field.'
      : wrongText(element, value?.value ?? '');
    if (error !== undefined) errors[blockId] = error;
  }
  return errors;
}

function isOptional(block: object): boolean {
  return 'optional' in block && block.optional === true;
}

function wrongText(element: Element, text: string): string | undefined {
  switch (element.type) {
    case 'plain_text_input': {
      const min = element.min_length ?? 0;
      return lengthOf(text) < min ? `Must be at least ${min} characters.` : undefined;
    }
    case 'email_text_input':
      return /^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(text) ? undefined : 'Enter a valid email address.';
    case 'url_text_input':
      return URL.canParse(text) ? undefined : 'Enter a valid URL.';
    case 'number_input':
      return wrongNumber(element, text);
    default:
      return undefined;
  }
}

function wrongNumber(element: Extract<Element, { type: 'number_input' }>, text: string): string | undefined {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) return 'Enter a number.';
  if (!element.is_decimal_allowed && !Number.isInteger(value)) return 'Enter a whole number.';
  if (element.min_value !== undefined && value < Number(element.min_value))
    return `At least ${element.min_value}.`;
  if (element.max_value !== undefined && value > Number(element.max_value))
    return `At most ${element.max_value}.`;
  return undefined;
}
