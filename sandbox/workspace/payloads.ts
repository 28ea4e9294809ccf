import { randomUUID } from 'node:crypto';
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

/*
 * Which keys each kind has, and which it has not, is as in payloads that Slack sent: those that slackapi/bolt-python
 * (tests/scenario_tests) and slackapi/java-slack-sdk (json-logs, test data) recorded. Read on 2026-11-30.
 */

/** The parts that presses, dialogs and searches have. */
function envelopeFields(state: State, person: PersonRecord): Json {
  const { id, handle, teamId } = person;
  return {
    ...installFields(state, person),
    user: { id, username: handle, name: handle, team_id: teamId },
    api_app_id: state.seed.appId,
    token: state.verificationToken,
  };
}

/** The parts that shortcuts have: the app is not named, and the person has a `username` and no `name`. */
function shortcutFields(state: State, { id, handle, teamId }: PersonRecord): Json {
  return {
    ...installFields(state),
    user: { id, username: handle, team_id: teamId },
    token: state.verificationToken,
    action_ts: nextTs(state),
  };
}

/** Where the app is installed. In a whole organisation that is no workspace; over Slack Connect `team` is the other side's. */
function installFields(state: State, person?: PersonRecord): Json {
  const { teamId, teamDomain, enterpriseId, enterpriseName } = state.seed;
  if (state.isOrgWide) {
    const enterprise = { id: enterpriseId, name: enterpriseName };
    return { team: null, enterprise, is_enterprise_install: true };
  }
  const team =
    person?.is_stranger === true
      ? { id: person.teamId, domain: 'elsewhere' }
      : { id: teamId, domain: teamDomain };
  return { team, enterprise: null, is_enterprise_install: false };
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
    channel_name: nameTold(place),
    user_id: person.id,
    user_name: person.handle,
    command,
    text,
    api_app_id: state.seed.appId,
    is_enterprise_install: String(state.isOrgWide),
    ...(state.isOrgWide
      ? { enterprise_id: state.seed.enterpriseId, enterprise_name: state.seed.enterpriseName }
      : {}),
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
    ...shortcutFields(state, person),
    callback_id: callbackId,
    trigger_id: newTrigger(state, person.id),
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
    ...shortcutFields(state, person),
    callback_id: callbackId,
    trigger_id: newTrigger(state, person.id),
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

/** The same as Slack sent it until some years ago, and still may: of the person an id and a name, of an organisation nothing. */
export function oldMessageShortcut(...args: Parameters<typeof messageShortcut>): Json {
  const { enterprise: _enterprise, is_enterprise_install: _install, ...rest } = messageShortcut(...args);
  const [, { id, handle }] = args;
  return { ...rest, user: { id, name: handle } };
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
  const { teamId, enterpriseId } = state.seed;
  return {
    token: state.verificationToken,
    team_id: teamId,
    ...(state.isOrgWide ? { enterprise_id: enterpriseId } : {}),
    api_app_id: state.seed.appId,
    event,
    type: 'event_callback',
    event_id: eventId,
    event_time: Math.floor(state.clock() / 1000),
    event_context: `4-${eventId}`,
    is_ext_shared_channel: false,
    authorizations: [
      {
        enterprise_id: state.isOrgWide ? enterpriseId : null,
        team_id: state.isOrgWide ? null : teamId,
        user_id: state.seed.botUserId,
        is_bot: true,
        is_enterprise_install: state.isOrgWide,
      },
    ],
  };
}

/**
 * That somebody wrote to the app, as of `message.im`. Keys as in messages that slackapi/bolt-js and slackapi/java-slack-sdk recorded;
 * https://docs.slack.dev/reference/events/message.im. Slack tells of the app's own messages, too: those are forged here.
 */
export function directMessageEvent(state: State, message: Message): Json {
  return {
    client_msg_id: randomUUID(),
    ...messageOutput(state, message),
    channel: message.channelId,
    event_ts: message.ts,
    channel_type: 'im',
  };
}

/**
 * That something was posted in a channel, as of `message.channels` and `message.groups`. Keys as in messages that slackapi/bolt-js and
 * slackapi/java-slack-sdk recorded; the name of the channel is not among them.
 */
export function channelMessageEvent(state: State, message: Message): Json {
  const isTyped = state.people.get(message.from)?.is_bot === false;
  return {
    ...(isTyped ? { client_msg_id: randomUUID() } : {}),
    ...messageOutput(state, message),
    ...(message.files.length > 0 ? { subtype: 'file_share', upload: false } : {}),
    ...placeFields(state, message),
    event_ts: message.ts,
  };
}

/** That a message was changed, be it by its author or because Slack unfurled a link in it; `former`: as it was told before. */
export function messageChangedEvent(state: State, message: Message, former: Json): Json {
  const ts = nextTs(state);
  return {
    type: 'message',
    subtype: 'message_changed',
    message: messageOutput(state, message),
    previous_message: former,
    ...placeFields(state, message),
    hidden: true,
    ts,
    event_ts: ts,
  };
}

/** That it was deleted. */
export function messageDeletedEvent(state: State, message: Message): Json {
  const ts = nextTs(state);
  return {
    type: 'message',
    subtype: 'message_deleted',
    previous_message: messageOutput(state, message),
    ...placeFields(state, message),
    hidden: true,
    deleted_ts: message.ts,
    ts,
    event_ts: ts,
  };
}

function placeFields({ channels }: State, { channelId }: Message): Json {
  const isPrivate = channels.get(channelId)?.isPrivate === true;
  return { channel: channelId, channel_type: isPrivate ? 'group' : 'channel' };
}

/** What comes in place of events when there were more than 30,000 in an hour. Source: D:/apis/events-api, "Rate limiting". */
export function appRateLimited(state: State): Json {
  return {
    token: state.verificationToken,
    type: 'app_rate_limited',
    team_id: state.seed.teamId,
    minute_rate_limited: Math.floor(state.clock() / 60_000) * 60,
    api_app_id: state.seed.appId,
  };
}

function channelFields(state: State, channelId: string): Json {
  const channel = state.channels.get(channelId);
  return { id: channelId, name: channel === undefined ? 'unknown' : nameTold(channel) };
}

/** Every private channel is called the same to apps, whatever its id begins with. */
function nameTold({ name, isPrivate }: Channel): string {
  return isPrivate ? 'privategroup' : name;
}

function teamOf({ people, seed }: State, personId: string): string {
  return people.get(personId)?.teamId ?? seed.teamId;
}

function installedIn({ isOrgWide, seed }: State): string {
  return isOrgWide ? seed.enterpriseId : seed.teamId;
}

/** A view as Slack sends it back: its workspace is that of whoever sees it, and beside that stands where the app is installed. */
export function viewOutput(state: State, open: OpenView): ViewOutput {
  const { view } = open;
  const isModal = view.type === 'modal';
  return {
    id: open.id,
    team_id: teamOf(state, open.ownerId),
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
    app_installed_team_id: installedIn(state),
    bot_id: state.seed.botId,
  };
}

/** A lasting message as Slack sends it back. */
export function messageOutput(state: State, message: Message): Json {
  const ours = message.from === state.seed.botUserId;
  const isOtherBot = state.people.get(message.from)?.is_bot === true;
  return {
    type: 'message',
    user: message.from,
    ts: message.ts,
    text: message.text,
    team: teamOf(state, message.from),
    ...(ours ? { bot_id: state.seed.botId, app_id: state.seed.appId } : {}),
    ...(isOtherBot ? { bot_id: `B${message.from.slice(1)}` } : {}),
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
  const { enterpriseId, enterpriseName } = state.seed;
  const names = person.isNameless ? '' : undefined;
  const real = names ?? person.name;
  const display = names ?? person.handle;
  const common = {
    id: person.id,
    team_id: person.teams === undefined ? person.teamId : enterpriseId,
    name: display,
    deleted: person.deleted,
    is_bot: person.is_bot,
    is_app_user: false,
    updated: Math.floor(state.clock() / 1000),
    profile: {
      real_name: real,
      real_name_normalized: real,
      display_name: display,
      display_name_normalized: display,
      team: person.teamId,
    },
    ...(person.is_stranger ? { is_stranger: true } : {}),
    ...(person.teams === undefined
      ? {}
      : {
          enterprise_user: {
            id: person.id,
            enterprise_id: enterpriseId,
            enterprise_name: enterpriseName,
            is_admin: false,
            is_owner: false,
            teams: person.teams,
          },
        }),
  };
  // Slack leaves roles and time zone out for somebody who was deactivated.
  if (person.deleted) return common;
  return {
    ...common,
    color: '9f69e7',
    real_name: real,
    tz: person.tz,
    ...zoneFacts(person.tz ?? 'Europe/Berlin', state.clock()),
    is_admin: person.is_admin,
    is_owner: person.is_owner,
    is_primary_owner: false,
    is_restricted: person.is_restricted,
    is_ultra_restricted: person.is_ultra_restricted,
    is_email_confirmed: true,
    who_can_share_contact_card: 'EVERYONE',
  };
}

/** What the zone is called just now, and how many seconds its clocks are ahead of UTC; of one that nobody knows nothing. */
function zoneFacts(zone: string, now: number): { tz_label?: string; tz_offset?: number } {
  if (!isKnown(zone)) return {};
  const named = (timeZoneName: 'long' | 'longOffset'): string =>
    new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName })
      .formatToParts(now)
      .find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign = '+', hours = 0, minutes = 0] = /([+-])(\d+):(\d+)/.exec(named('longOffset')) ?? [];
  const seconds = Number(hours) * 3600 + Number(minutes) * 60;
  return { tz_label: named('long'), tz_offset: sign === '-' ? -seconds : seconds };
}

function isKnown(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
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
      ...(claims.type === 'home'
        ? { type: 'home' }
        : { type: 'modal', title: { type: 'plain_text', text: 'Forged' } }),
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
