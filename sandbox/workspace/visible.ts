import type { ViewStateValue } from '@slack/bolt';
import type { KnownBlock } from '@slack/types';
import { channelIdOf, visibleMessages } from './controls.ts';
import { buttonsIn, namesOf, readBlocks, readMessage, readText } from './draw.ts';
import type { Message, OpenView, PersonRecord, State, StateValues } from './state.ts';
import { optionsOf, placedIn } from './view-state.ts';
import { stackOf } from './views.ts';

/** A message as one person sees it. */
export type VisibleMessage = {
  ts: string;
  place: string;
  from: string;
  ephemeral: boolean;
  edited: boolean;
  /** All that can be read in it: the text of its blocks, or its own text when it has none. */
  text: string;
  buttons: string[];
  /** The options of its overflow menus, from top to bottom. */
  menus: string[][];
  blocks: readonly KnownBlock[];
  raw: Readonly<Message>;
};

/** One field of a modal. */
export type VisibleInput = {
  label: string;
  /** The element's type, as `plain_text_input`. */
  kind: string;
  /** What is filled in, as a person reads it: texts of options, `@handle`, `#channel`. */
  value: string | string[] | undefined;
  options: string[];
  optional: boolean;
  hint: string | undefined;
  error: string | undefined;
};

/** A modal as its person sees it. */
export type VisibleModal = {
  id: string;
  title: string;
  submit: string | undefined;
  close: string | undefined;
  text: string;
  inputs: VisibleInput[];
  buttons: string[];
  menus: string[][];
  /** By label; fields without an error are left out. */
  errors: Record<string, string>;
  /** What Slack says over the modal when the app answered late or wrongly. */
  trouble: string | undefined;
  blocks: readonly KnownBlock[];
  /** What is chosen and filled in, by block id and action id. */
  values: StateValues;
};

/** A Home tab as its person sees it. */
export type VisibleHome = {
  id: string;
  hash: string;
  text: string;
  buttons: string[];
  menus: string[][];
  blocks: readonly KnownBlock[];
  values: StateValues;
};

/** All that one person may see: what the page draws. Nothing of anybody else's is in it. */
export type Snapshot = {
  /** `zone` as IANA names it; Slack tells none of some people, who then see UTC. */
  person: { id: string; handle: string; name: string; zone: string };
  places: { place: string; id: string; messages: VisibleMessage[] }[];
  home: VisibleHome | undefined;
  modals: VisibleModal[];
};

/** A message as it is drawn; of names only. */
function visibleMessage(state: State, message: Message): VisibleMessage {
  const names = namesOf(state);
  return {
    ts: message.ts,
    place: placeOf(state, message.channelId),
    from: message.from === 'USLACKBOT' ? 'Slackbot' : names(message.from),
    ephemeral: message.onlyFor !== undefined,
    edited: message.edited,
    text: readMessage(message, names),
    buttons: buttonsIn(message.blocks),
    menus: menusIn(message.blocks),
    blocks: message.blocks,
    raw: message,
  };
}

/** What this person sees in a place now, oldest first. */
export function visibleIn(state: State, person: PersonRecord, place: string): VisibleMessage[] {
  const channelId = channelIdOf(state, person, place);
  if (channelId === undefined) return [];
  return visibleMessages(state, person, channelId).map((message) => visibleMessage(state, message));
}

function placeOf(state: State, channelId: string): string {
  const channel = state.channels.get(channelId);
  return channel?.im === undefined ? `#${channel?.name}` : `@${state.manifest.botName}`;
}

function menusIn(blocks: readonly KnownBlock[]): string[][] {
  return placedIn(blocks).flatMap(({ element }) =>
    element.type === 'overflow' ? [element.options.map(({ text }) => text.text)] : [],
  );
}

/** A modal as it is drawn. */
export function visibleModal(state: State, open: OpenView): VisibleModal {
  const { view } = open;
  if (view.type !== 'modal') throw new Error(`view ${open.id} is no modal`);
  const inputs = inputsOf(state, open);
  return {
    id: open.id,
    title: view.title.text,
    submit: view.submit?.text,
    close: view.close?.text,
    text: readBlocks(view.blocks, namesOf(state)),
    inputs,
    buttons: buttonsIn(view.blocks),
    menus: menusIn(view.blocks),
    errors: Object.fromEntries(
      inputs.flatMap(({ label, error }) => (error === undefined ? [] : [[label, error]])),
    ),
    trouble: open.trouble,
    blocks: view.blocks,
    values: open.values,
  };
}

function inputsOf(state: State, open: OpenView): VisibleInput[] {
  const names = namesOf(state);
  return open.view.blocks.flatMap((block) => {
    if (block.type !== 'input') return [];
    const blockId = block.block_id ?? '';
    return [
      {
        label: block.label.text,
        kind: block.element.type,
        value: readValue(open.values[blockId]?.[block.element.action_id ?? ''], names),
        options: optionsOf(block.element).map(({ text }) => readText(text, names)),
        optional: block.optional === true,
        hint: block.hint?.text,
        error: open.errors[blockId],
      },
    ];
  });
}

function readValue(
  value: ViewStateValue | undefined,
  names: (id: string) => string,
): string | string[] | undefined {
  if (value === undefined) return undefined;
  const several = value.selected_users ?? value.selected_conversations ?? value.selected_channels;
  if (several !== undefined) return several.map(names);
  if (value.selected_options !== undefined) return value.selected_options.map(({ text }) => text.text);
  const id = value.selected_user ?? value.selected_conversation ?? value.selected_channel;
  if (id) return names(id);
  return (
    value.selected_option?.text.text ?? value.selected_date ?? value.selected_time ?? value.value ?? undefined
  );
}

/** The Home tab as it is drawn; undefined before the app published one. */
export function visibleHome(state: State, person: PersonRecord): VisibleHome | undefined {
  const home = state.homes.get(person.id);
  if (home === undefined) return undefined;
  return {
    id: home.id,
    hash: home.hash,
    text: readBlocks(home.view.blocks, namesOf(state)),
    buttons: buttonsIn(home.view.blocks),
    menus: menusIn(home.view.blocks),
    blocks: home.view.blocks,
    values: home.values,
  };
}

/** All that this person may see now. */
export function snapshotOf(state: State, person: PersonRecord): Snapshot {
  const places = [...state.channels.values()].filter(({ members }) => members.has(person.id));
  return {
    person: { id: person.id, handle: person.handle, name: person.name, zone: person.tz ?? 'UTC' },
    places: places.map(({ id }) => ({
      place: placeOf(state, id),
      id,
      messages: visibleMessages(state, person, id).map((message) => visibleMessage(state, message)),
    })),
    home: visibleHome(state, person),
    modals: stackOf(state, person.id).map((open) => visibleModal(state, open)),
  };
}
