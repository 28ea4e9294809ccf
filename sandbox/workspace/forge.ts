import { deliver, type Post } from './deliver.ts';
import { isJson } from './http.ts';
import {
  actionFor,
  appRateLimited,
  blockActions,
  blockSuggestion,
  directMessageEvent,
  eventCallback,
  forgedView,
  globalShortcut,
  messageShortcut,
  type Origin,
  oldMessageShortcut,
  slashCommand,
  viewClosed,
  viewSubmission,
} from './payloads.ts';
import type { AckOutcome, Delivery } from './sockets.ts';
import {
  type Channel,
  directMessage,
  type Json,
  newMessage,
  nextTs,
  type OpenView,
  type PersonRecord,
} from './state.ts';
import { escapeTyped, richTextOf } from './typing.ts';
import { allViews } from './views.ts';

/** What a hand-made delivery claims. It is shaped like a real one and comes from a real person; the rest may be a lie. */
export type Forged =
  | {
      type: 'block_actions';
      action_id: string;
      /** A client sends it, so this too may be a lie; when left out, that of a block of the message or view. */
      block_id?: string;
      value?: string;
      /** More parts of the action, as `type` (default `button`) or `selected_option`. */
      action?: Json;
      /** A message by its timestamp, seen by the person or not; or a view by its id, or made up. */
      from: { message: string } | { view: string | Json };
    }
  | ({
      type: 'view_submission';
      id?: string;
      callback_id?: string;
      private_metadata?: string;
      state?: Json;
    } & Json)
  /** A dialog was closed, of which a client tells only where the app asked for that. */
  | ({ type: 'view_closed'; id?: string; isCleared?: boolean } & Json)
  /** A command of somebody who has no client to type it in; `text` as Slack delivers it. */
  | { type: 'slash_command'; text: string; channel: string }
  /** A global shortcut or, with a message by its timestamp, one on that. */
  | { type: 'shortcut'; callback_id: string; message?: string; isOld?: boolean }
  /** What was typed into a field that searches, in a dialog with that metadata. */
  | { type: 'block_suggestion'; action_id: string; query: string; private_metadata: string }
  | { type: 'app_home_opened' }
  /** Something was written to the app, with whatever else the event claims; nothing of it stands in the conversation. */
  | { type: 'message'; text: string; claims?: Json }
  | { type: 'app_rate_limited' }
  | { type: 'raw'; envelope: Delivery['type']; payload: Json };

/** Sends a delivery that no client would send. Nothing is done with the ack: it is the result. */
export function forge(post: Post, person: PersonRecord, forged: Forged): Promise<AckOutcome> {
  return deliver(post, deliveryOf(post, person, forged), 'forged');
}

/** The delivery itself, not sent. */
export function deliveryOf(post: Post, person: PersonRecord, forged: Forged): Delivery {
  const { state } = post;
  const interactive = (payload: Json): Delivery => ({ type: 'interactive', payload });
  switch (forged.type) {
    case 'raw':
      return { type: forged.envelope, payload: forged.payload };
    case 'block_actions':
      return interactive(forgedAction(post, person, forged));
    case 'view_submission':
      return interactive(viewSubmission(state, person, claimedView(post, person, forged)));
    case 'view_closed': {
      const view = claimedView(post, person, forged);
      return interactive(viewClosed(state, person, view, forged.isCleared ?? false));
    }
    case 'shortcut':
      return interactive(forgedShortcut(post, person, forged));
    case 'block_suggestion':
      return interactive(forgedSearch(post, person, forged));
    case 'slash_command': {
      const channel = channelCalled(post, forged.channel);
      return {
        type: 'slash_commands',
        payload: slashCommand(state, person, channel, '/apitoken', forged.text),
      };
    }
    case 'app_rate_limited':
      return { type: 'events_api', payload: appRateLimited(state) };
    case 'message':
      return { type: 'events_api', payload: eventCallback(state, forgedMessage(post, person, forged)) };
    case 'app_home_opened': {
      const channel = directMessage(state, person.id).id;
      const event = {
        type: 'app_home_opened',
        user: person.id,
        channel,
        tab: 'home',
        event_ts: nextTs(state),
      };
      return { type: 'events_api', payload: eventCallback(state, event) };
    }
  }
}

function channelCalled({ state }: Post, name: string): Channel {
  const channel = [...state.channels.values()].find((one) => `#${one.name}` === name);
  if (channel === undefined) throw new Error(`there is no channel called ${name}`);
  return channel;
}

function forgedMessage(
  { state }: Post,
  { id }: PersonRecord,
  { text, claims = {} }: Extract<Forged, { type: 'message' }>,
): Json {
  const channelId = directMessage(state, id).id;
  const typed = { channelId, from: id, text: escapeTyped(state, text), blocks: [richTextOf(text)] };
  return { ...directMessageEvent(state, newMessage(state, typed)), ...claims };
}

function forgedShortcut(
  { state }: Post,
  person: PersonRecord,
  { callback_id, message: ts, isOld = false }: Extract<Forged, { type: 'shortcut' }>,
): Json {
  if (ts === undefined) return globalShortcut(state, person, callback_id);
  const message = state.messages.find((one) => one.ts === ts);
  if (message === undefined) throw new Error(`no message was ever posted at ${ts}`);
  return (isOld ? oldMessageShortcut : messageShortcut)(state, person, callback_id, message);
}

function forgedSearch(
  { state }: Post,
  person: PersonRecord,
  { action_id: actionId, query, private_metadata }: Extract<Forged, { type: 'block_suggestion' }>,
): Json {
  const element = { type: 'external_select' as const, action_id: actionId };
  const placed = { block: { type: 'divider' as const }, blockId: actionId, actionId, element };
  return blockSuggestion(state, person, forgedView(person, { private_metadata }), placed, query);
}

function forgedAction(
  post: Post,
  person: PersonRecord,
  forged: Extract<Forged, { type: 'block_actions' }>,
): Json {
  const { state } = post;
  const { action_id: actionId, value, action = {}, from } = forged;
  const origin = originOf(post, person, from);
  const blockId = forged.block_id ?? blockIdIn(origin, actionId);
  const element = {
    type: 'button' as const,
    text: { type: 'plain_text' as const, text: 'Forged' },
    action_id: actionId,
  };
  const placed = { block: { type: 'divider' as const }, blockId, actionId, element };
  const part = { ...(value === undefined ? {} : { value }), ...action };
  return blockActions(state, person, origin, actionFor(state, placed, part));
}

/** Of the block that draws the action, or of any, as whoever copies a real press would send it. */
function blockIdIn(origin: Origin, actionId: string): string {
  const blocks = 'view' in origin ? origin.view.view.blocks : origin.message.blocks;
  const drawing = blocks.find((block) => JSON.stringify(block).includes(`"action_id":"${actionId}"`));
  return (drawing ?? blocks[0])?.block_id ?? 'forged';
}

function originOf(
  post: Post,
  person: PersonRecord,
  from: { message: string } | { view: string | Json },
): Origin {
  if ('view' in from) {
    return { view: isJson(from.view) ? forgedView(person, from.view) : viewCalled(post, from.view) };
  }
  const message = post.state.messages.find(({ ts }) => ts === from.message);
  if (message === undefined) throw new Error(`no message was ever posted at ${from.message}`);
  return { message };
}

function viewCalled(post: Post, id: string): OpenView {
  const view = allViews(post.state).find((one) => one.id === id);
  if (view === undefined) throw new Error(`no view is called ${id}: give its parts to make one up`);
  return view;
}

function claimedView(post: Post, person: PersonRecord, { type: _type, ...claims }: Json): OpenView {
  const known = allViews(post.state).find((one) => one.id === claims.id);
  return forgedView(person, known === undefined ? claims : { ...partsOf(known), ...claims });
}

function partsOf(open: OpenView): Json {
  const { callback_id, private_metadata, blocks } = open.view;
  return { id: open.id, hash: open.hash, state: open.values, callback_id, private_metadata, blocks };
}
