import type { SlashCommand, ViewOutput, ViewStateValue } from '@slack/bolt';
import type { KnownBlock } from '@slack/types';
import {
  type Channel,
  directMessage,
  type Json,
  type Message,
  newId,
  newResponseUrl,
  newTrigger,
  nextTs,
  type OpenView,
  type PersonRecord,
  type State,
  type StateValues,
} from './state.ts';
import { chosen, type Element, type Placed } from './view-state.ts';

/** The parts that every interactive payload has. */
function envelopeFields(state: State, person: PersonRecord): Json {
  return {
    team: { id: state.seed.teamId, domain: state.seed.teamDomain },
    user: userFields(person),
    api_app_id: state.seed.appId,
    token: state.verificationToken,
    enterprise: null,
    is_enterprise_install: false,
  };
}

function userFields(person: PersonRecord): { id: string; username: string; name: string; team_id: string } {
  return { id: person.id, username: person.handle, name: person.handle, team_id: person.teamId };
}

/** A slash command as it is delivered; `text` is escaped already when the command wants it. */
export function slashCommand(
  state: State,
  person: PersonRecord,
  place: Channel,
  command: string,
  text: string,
): Json {
  return {
    token: state.verificationToken,
    team_id: state.seed.teamId,
    team_domain: state.seed.teamDomain,
    channel_id: place.id,
    channel_name: place.name,
    user_id: person.id,
    user_name: person.handle,
    command,
    text,
    api_app_id: state.seed.appId,
    is_enterprise_install: 'false',
    response_url: newResponseUrl(state, {
      kind: 'command',
      personId: person.id,
      channelId: place.id,
      messageTs: undefined,
    }),
    trigger_id: newTrigger(state, person.id),
  } satisfies SlashCommand;
}

/** Where an element was pressed. */
export type Origin = { message: Message } | { view: OpenView };

/** A press or a choice, wherever it was. */
export function blockActions(state: State, person: PersonRecord, origin: Origin, action: Json): Json {
  const common = { type: 'block_actions', ...envelopeFields(state, person), actions: [action] };
  if ('view' in origin) {
    return {
      ...common,
      container: { type: 'view', view_id: origin.view.id },
      trigger_id: newTrigger(state, person.id, origin.view.id),
      view: viewOutput(state, origin.view),
    };
  }
  const { message } = origin;
  const ephemeral = message.onlyFor !== undefined;
  return {
    ...common,
    container: {
      type: 'message',
      message_ts: message.ts,
      channel_id: message.channelId,
      is_ephemeral: ephemeral,
      ...(message.threadTs === undefined ? {} : { thread_ts: message.threadTs }),
    },
    trigger_id: newTrigger(state, person.id),
    channel: channelFields(state, message.channelId),
    // A message that only one person sees is not kept by Slack, so it cannot come back.
    ...(ephemeral ? {} : { message: messageOutput(state, message) }),
    state: { values: message.values },
    response_url: newResponseUrl(state, {
      kind: 'action',
      personId: person.id,
      channelId: message.channelId,
      messageTs: message.ts,
    }),
  };
}

/** One entry of `actions`. */
export function actionFor(state: State, placed: Placed, part: Json): Json {
  const { element } = placed;
  return {
    type: element.type,
    block_id: placed.blockId,
    action_id: placed.actionId,
    ...drawnParts(element),
    ...part,
    action_ts: nextTs(state),
  };
}

function drawnParts(element: Element): Json {
  const parts: Json = {};
  if (element.type === 'button') {
    parts.text = { emoji: true, ...element.text };
    if (element.value !== undefined) parts.value = element.value;
    if (element.style !== undefined) parts.style = element.style;
  }
  if ('placeholder' in element && element.placeholder !== undefined) parts.placeholder = element.placeholder;
  if ('confirm' in element && element.confirm !== undefined) parts.confirm = element.confirm;
  if ('initial_option' in element) parts.initial_option = chosen(element.initial_option);
  return parts;
}

/** The part of an action that holds what was chosen. */
export function actionPart(value: ViewStateValue): Json {
  const { type: _type, ...rest } = value;
  return rest;
}

/** A submitted modal. */
export function viewSubmission(state: State, person: PersonRecord, view: OpenView): Json {
  return {
    type: 'view_submission',
    ...envelopeFields(state, person),
    trigger_id: newTrigger(state, person.id, view.id),
    view: viewOutput(state, view),
    response_urls: responseUrlsOf(state, person, view),
  };
}

function responseUrlsOf(state: State, person: PersonRecord, view: OpenView): Json[] {
  return view.view.blocks.flatMap((block) => {
    if (block.type !== 'input' || !('response_url_enabled' in block.element)) return [];
    const blockId = block.block_id ?? '';
    const actionId = block.element.action_id ?? '';
    const value = view.values[blockId]?.[actionId];
    const channelId = value?.selected_conversation ?? value?.selected_channel;
    if (block.element.response_url_enabled !== true || !channelId) return [];
    const target = state.people.has(channelId) ? directMessage(state, channelId).id : channelId;
    const fields = { kind: 'view' as const, personId: person.id, channelId: target, messageTs: undefined };
    return [
      {
        block_id: blockId,
        action_id: actionId,
        channel_id: target,
        response_url: newResponseUrl(state, fields),
      },
    ];
  });
}

/** A modal that was closed; only for those with `notify_on_close`. */
export function viewClosed(state: State, person: PersonRecord, view: OpenView, isCleared: boolean): Json {
  return {
    type: 'view_closed',
    ...envelopeFields(state, person),
    view: viewOutput(state, view),
    is_cleared: isCleared,
  };
}

/** A global shortcut. */
export function globalShortcut(state: State, person: PersonRecord, callbackId: string): Json {
  return {
    type: 'shortcut',
    ...envelopeFields(state, person),
    callback_id: callbackId,
    trigger_id: newTrigger(state, person.id),
    action_ts: nextTs(state),
  };
}

/** A shortcut on a message, which comes whole. */
export function messageShortcut(
  state: State,
  person: PersonRecord,
  callbackId: string,
  message: Message,
): Json {
  return {
    type: 'message_action',
    ...envelopeFields(state, person),
    callback_id: callbackId,
    trigger_id: newTrigger(state, person.id),
    action_ts: nextTs(state),
    message_ts: message.ts,
    message: messageOutput(state, message),
    channel: channelFields(state, message.channelId),
    response_url: newResponseUrl(state, {
      kind: 'command',
      personId: person.id,
      channelId: message.channelId,
      messageTs: undefined,
    }),
  };
}

/** What a person typed into a select whose options come from the app. */
export function blockSuggestion(
  state: State,
  person: PersonRecord,
  view: OpenView,
  placed: Placed,
  query: string,
): Json {
  return {
    type: 'block_suggestion',
    ...envelopeFields(state, person),
    container: { type: 'view', view_id: view.id },
    view: viewOutput(state, view),
    action_id: placed.actionId,
    block_id: placed.blockId,
    value: query,
  };
}

/** An event as the Events API wraps it. */
export function eventCallback(state: State, event: Json): Json {
  const eventId = newId('Ev');
  return {
    token: state.verificationToken,
    team_id: state.seed.teamId,
    api_app_id: state.seed.appId,
    event,
    type: 'event_callback',
    event_id: eventId,
    event_time: Math.floor(state.clock() / 1000),
    event_context: `4-${eventId}`,
    is_ext_shared_channel: false,
    authorizations: [
      {
        enterprise_id: null,
        team_id: state.seed.teamId,
        user_id: state.seed.botUserId,
        is_bot: true,
        is_enterprise_install: false,
      },
    ],
  };
}

function channelFields(state: State, channelId: string): Json {
  return { id: channelId, name: state.channels.get(channelId)?.name ?? 'unknown' };
}

/** A view as Slack sends it back. */
export function viewOutput(state: State, open: OpenView): ViewOutput {
  const { view } = open;
  const isModal = view.type === 'modal';
  return {
    id: open.id,
    team_id: state.seed.teamId,
    type: view.type,
    blocks: view.blocks,
    private_metadata: view.private_metadata ?? '',
    callback_id: view.callback_id ?? '',
    state: { values: open.values },
    hash: open.hash,
    title: isModal ? { emoji: true, ...view.title } : { type: 'plain_text', text: 'View Title', emoji: true },
    clear_on_close: isModal ? (view.clear_on_close ?? false) : false,
    notify_on_close: isModal ? (view.notify_on_close ?? false) : false,
    close: isModal && view.close !== undefined ? { emoji: true, ...view.close } : null,
    submit: isModal && view.submit !== undefined ? { emoji: true, ...view.submit } : null,
    previous_view_id: open.previousId,
    root_view_id: open.rootId,
    app_id: state.seed.appId,
    external_id: view.external_id ?? '',
    app_installed_team_id: state.seed.teamId,
    bot_id: state.seed.botId,
  };
}

/** A lasting message as Slack sends it back. */
export function messageOutput(state: State, message: Message): Json {
  const ours = message.from === state.seed.botUserId;
  return {
    type: 'message',
    user: message.from,
    ts: message.ts,
    text: message.text,
    team: state.people.get(message.from)?.teamId ?? state.seed.teamId,
    ...(ours ? { bot_id: state.seed.botId, app_id: state.seed.appId } : {}),
    ...(message.blocks.length > 0 ? { blocks: message.blocks } : {}),
    ...(message.attachments.length > 0 ? { attachments: message.attachments } : {}),
    ...(message.files.length > 0
      ? { files: message.files.map(({ id, name, size }) => ({ id, name, size })) }
      : {}),
    ...(message.edited ? { edited: { user: message.from, ts: message.ts } } : {}),
    ...(message.threadTs === undefined ? {} : { thread_ts: message.threadTs }),
  };
}

/** `users.info` and `user_change` tell the same of a person. */
export function userOutput(state: State, person: PersonRecord): Json {
  const common = {
    id: person.id,
    team_id: person.teamId,
    name: person.handle,
    deleted: person.deleted,
    is_bot: person.is_bot,
    is_app_user: false,
    updated: Math.floor(state.clock() / 1000),
    profile: {
      real_name: person.name,
      real_name_normalized: person.name,
      display_name: person.handle,
      display_name_normalized: person.handle,
      team: person.teamId,
    },
    ...(person.is_stranger ? { is_stranger: true } : {}),
  };
  // Slack leaves roles and time zone out for somebody who was deactivated.
  if (person.deleted) return common;
  return {
    ...common,
    color: '9f69e7',
    real_name: person.name,
    tz: person.tz,
    tz_label: 'Central European Time',
    tz_offset: 3600,
    is_admin: person.is_admin,
    is_owner: person.is_owner,
    is_primary_owner: false,
    is_restricted: person.is_restricted,
    is_ultra_restricted: person.is_ultra_restricted,
    is_email_confirmed: true,
    who_can_share_contact_card: 'EVERYONE',
  };
}

/** A forged view: what a hand-made payload claims, in the shape of a real one. */
export function forgedView(person: PersonRecord, claims: Json): OpenView {
  const text = (name: string): string | undefined =>
    typeof claims[name] === 'string' ? claims[name] : undefined;
  const id = text('id') ?? newId('V');
  return {
    id,
    ownerId: person.id,
    view: {
      type: 'modal',
      title: { type: 'plain_text', text: 'Forged' },
      callback_id: text('callback_id') ?? '',
      private_metadata: text('private_metadata') ?? '',
      // A forged payload may claim anything at all: this is what the app must not trust.
      blocks: (claims.blocks ?? []) as KnownBlock[],
    },
    hash: text('hash') ?? '0.forged',
    rootId: id,
    previousId: null,
    values: (claims.state ?? {}) as StateValues,
    errors: {},
    trouble: undefined,
  };
}
