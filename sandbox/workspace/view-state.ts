import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { ViewStateValue } from '@slack/bolt';
import type {
  ActionsBlockElement,
  InputBlockElement,
  KnownBlock,
  MrkdwnOption,
  PlainTextOption,
  SectionBlockAccessory,
} from '@slack/types';
import type { KnownView, StateValues } from './state.ts';

/** An element that somebody can press or fill in. */
export type Element = ActionsBlockElement | InputBlockElement | SectionBlockAccessory;

/** One option of a select, an overflow menu, checkboxes or radio buttons. */
export type AnyOption = MrkdwnOption | PlainTextOption;

/** An element, the block it stands in, and the two ids that name it. */
export type Placed = { block: KnownBlock; blockId: string; actionId: string; element: Element };

/** Types that hold no value: everything else is in `state.values`. */
const STATELESS = new Set(['button', 'overflow', 'image', 'workflow_button']);

/** The elements of one block, in the order in which they are drawn. */
function elementsOf(block: KnownBlock): Element[] {
  switch (block.type) {
    case 'actions':
      return block.elements;
    case 'input':
      return [block.element];
    case 'section':
      return block.accessory === undefined ? [] : [block.accessory];
    default:
      return [];
  }
}

/** All elements with their ids; blocks must have been through `withIds`. */
export function placedIn(blocks: readonly KnownBlock[]): Placed[] {
  return blocks.flatMap((block) =>
    elementsOf(block).flatMap((element) =>
      element.type === 'image'
        ? []
        : [{ block, blockId: block.block_id ?? '', actionId: element.action_id ?? '', element }],
    ),
  );
}

/** A copy of blocks that were checked, with a random id wherever the app gave none, as Slack does. */
export function withIds(blocks: unknown): KnownBlock[] {
  // The one edge at which checked JSON becomes typed: `checkMessageBlocks` or `checkView` has passed.
  const copy = structuredClone(blocks) as KnownBlock[];
  for (const block of copy) {
    block.block_id ??= shortId();
    for (const element of elementsOf(block)) {
      if (element.type !== 'image') element.action_id ??= shortId();
    }
  }
  return copy;
}

/** A copy of a view that was checked, with all ids. */
export function viewWithIds(view: unknown): KnownView {
  const copy = structuredClone(view) as KnownView;
  return { ...copy, blocks: withIds(copy.blocks) };
}

function shortId(): string {
  return randomBytes(4).toString('base64url').slice(0, 5);
}

/** The options that an element offers, those of its groups included. */
export function optionsOf(element: Element): AnyOption[] {
  if ('options' in element && element.options !== undefined) return element.options;
  if ('option_groups' in element && element.option_groups !== undefined) {
    return element.option_groups.flatMap((group) => group.options);
  }
  return [];
}

/** The values with which these blocks are first drawn, merged with what was there before under the same ids. */
export function stateFor(blocks: readonly KnownBlock[], before: StateValues = {}): StateValues {
  const values: StateValues = {};
  for (const { blockId, actionId, element } of placedIn(blocks)) {
    if (STATELESS.has(element.type)) continue;
    const old = before[blockId]?.[actionId];
    const kept = old !== undefined && fits(old, element) ? old : initialValue(element);
    values[blockId] = { ...values[blockId], [actionId]: kept };
  }
  return values;
}

function fits(value: ViewStateValue, element: Element): boolean {
  if (value.type !== element.type) return false;
  const options = optionsOf(element);
  if (options.length === 0) return true;
  const chosen = [
    ...(value.selected_options ?? []),
    ...(value.selected_option ? [value.selected_option] : []),
  ];
  return chosen.every((one) => options.some((option) => option.value === one.value));
}

/** The value of an element that nobody has touched. */
function initialValue(element: Element): ViewStateValue {
  const type = element.type;
  switch (element.type) {
    case 'static_select':
    case 'external_select':
    case 'radio_buttons':
      return { type, selected_option: chosen(element.initial_option) };
    case 'multi_static_select':
    case 'multi_external_select':
    case 'checkboxes':
      return { type, selected_options: (element.initial_options ?? []).flatMap((one) => chosen(one) ?? []) };
    case 'users_select':
      return { type, selected_user: element.initial_user ?? null };
    case 'multi_users_select':
      return { type, selected_users: element.initial_users ?? [] };
    case 'conversations_select':
      return { type, selected_conversation: element.initial_conversation ?? null };
    case 'multi_conversations_select':
      return { type, selected_conversations: element.initial_conversations ?? [] };
    case 'channels_select':
      return { type, selected_channel: element.initial_channel ?? null };
    case 'multi_channels_select':
      return { type, selected_channels: element.initial_channels ?? [] };
    case 'datepicker':
      return { type, selected_date: element.initial_date ?? null };
    case 'timepicker':
      return { type, selected_time: element.initial_time ?? null };
    case 'plain_text_input':
    case 'email_text_input':
    case 'url_text_input':
    case 'number_input':
      return { type, value: element.initial_value ?? null };
    default:
      throw new Error(`the sandbox keeps no value for ${element.type}`);
  }
}

/** An option as it comes back in a payload. */
export function chosen(
  option: AnyOption | undefined,
): { text: PlainTextOption['text']; value: string } | null {
  if (option === undefined) return null;
  // Slack sends the option's text object as it was drawn, mrkdwn ones included, though the SDK's type says plain_text.
  const text = option.text as PlainTextOption['text'];
  return { text: text.type === 'plain_text' ? { emoji: true, ...text } : text, value: option.value ?? '' };
}

/** Whether nothing is filled in. */
export function isEmpty(value: ViewStateValue | undefined): boolean {
  if (value === undefined) return true;
  const { type: _type, ...rest } = value;
  return Object.values(rest).every((part) => part === null || part === '' || isDeepStrictEqual(part, []));
}

/** The values of the other blocks with this one replaced. */
export function withValue(values: StateValues, placed: Placed, value: ViewStateValue): StateValues {
  return { ...values, [placed.blockId]: { ...values[placed.blockId], [placed.actionId]: value } };
}
