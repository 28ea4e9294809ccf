import { checkMessageBlocks, drawnLength, hasRawTextCells, hasTooManyTables } from './blocks.ts';
import { lengthOf } from './checks.ts';
import { isJson } from './http.ts';
import { LIMITS } from './limits.ts';
import type { Method, MethodAnswer } from './method.ts';
import { channelMessageEvent, messageChangedEvent, messageDeletedEvent, messageOutput } from './payloads.ts';
import {
  addMessage,
  type Channel,
  changed,
  directMessage,
  type Json,
  type Message,
  recordRefusal,
  type State,
} from './state.ts';
import { stateFor, withIds } from './view-state.ts';
import { wordsFor } from './views.ts';

type Refused = { ok: false; error: string; errors?: string[]; messages?: string[] };

const CONTENT_ERRORS = [
  'invalid_blocks',
  'invalid_blocks_format',
  'invalid_attachments',
  'too_many_attachments',
  'msg_blocks_too_long',
  'msg_too_long',
  'no_text',
];
const CONTENT_ARGS = [
  'channel',
  'text',
  'blocks',
  'attachments',
  'markdown_text',
  'link_names',
  'parse',
  'as_user',
];

/** What a message may not be; undefined when it may be posted. `about` is the method or URL, for the warning. */
export function refuseContent(state: State, args: Json, about: string): Refused | undefined {
  const { text, blocks, attachments } = args;
  const refused = refuseBlocks(blocks) ?? refuseAttachments(attachments);
  if (refused !== undefined) return refused;
  const hasText = typeof text === 'string' && text !== '';
  if (!hasText && isEmptyList(blocks) && isEmptyList(attachments)) return { ok: false, error: 'no_text' };
  if (hasText && isTextTooLong(text, about)) return { ok: false, error: 'msg_too_long' };
  // What comes through a response_url is not limited so.
  if (about.startsWith('chat.') && drawnLength(blocks) > LIMITS.messageBlocksText)
    return { ok: false, error: 'msg_blocks_too_long' };
  if (!hasText) {
    const detail = 'blocks without a top-level text: notifications and screen readers have nothing to say';
    recordRefusal(state, { kind: 'warning', about, error: 'missing_text_in_message', detail });
  }
  return undefined;
}

function isTextTooLong(text: string, about: string): boolean {
  if (about === 'chat.update' && Buffer.byteLength(text) > LIMITS.updatedTextBytes) return true;
  return lengthOf(text) > LIMITS.messageText;
}

function refuseAttachments(attachments: unknown): Refused | undefined {
  if (attachments === undefined) return undefined;
  if (!Array.isArray(attachments) || !attachments.every(isJson))
    return { ok: false, error: 'invalid_attachments' };
  if (attachments.length > LIMITS.attachments) return { ok: false, error: 'too_many_attachments' };
  const problems = attachments.flatMap(({ blocks }) =>
    blocks === undefined ? [] : checkMessageBlocks(blocks),
  );
  return problems.length === 0
    ? undefined
    : { ok: false, error: 'invalid_attachments', messages: wordsFor(problems) };
}

function isEmptyList(value: unknown): boolean {
  return !Array.isArray(value) || value.length === 0;
}

function refuseBlocks(blocks: unknown): Refused | undefined {
  if (blocks === undefined) return undefined;
  if (!Array.isArray(blocks)) return { ok: false, error: 'invalid_blocks_format' };
  if (hasTooManyTables(blocks)) {
    return { ok: false, error: 'invalid_attachments', errors: ['only_one_table_allowed'] };
  }
  const problems = checkMessageBlocks(blocks);
  if (problems.length === 0)
    return hasRawTextCells(blocks) ? { ok: false, error: 'internal_error' } : undefined;
  const messages = wordsFor(problems);
  return {
    ok: false,
    error: 'invalid_blocks',
    errors: messages.map((one) => one.replace('[ERROR] ', '')),
    messages,
  };
}

/** The fields of a message from arguments that `refuseContent` let pass. */
export function contentFrom(
  args: Json,
): Pick<Message, 'text' | 'blocks' | 'attachments' | 'threadTs' | 'values'> {
  const blocks = withIds(args.blocks ?? []);
  return {
    text: typeof args.text === 'string' ? args.text : '',
    blocks,
    attachments: Array.isArray(args.attachments) ? args.attachments.filter(isJson) : [],
    threadTs: typeof args.thread_ts === 'string' ? args.thread_ts : undefined,
    values: stateFor(blocks),
  };
}

/** The conversation that the app may post to, or Slack's code for why not. */
function openTo(state: State, channelId: unknown): Channel | Refused {
  const channel = typeof channelId === 'string' ? state.channels.get(channelId) : undefined;
  if (channel === undefined) return { ok: false, error: 'channel_not_found' };
  if (channel.im !== undefined && !state.manifest.messagesTab)
    return { ok: false, error: 'messages_tab_disabled' };
  return channel.appIsMember ? channel : { ok: false, error: 'not_in_channel' };
}

function postEphemeral(state: State, args: Json, lose: boolean): MethodAnswer {
  const channel = openTo(state, args.channel);
  if ('error' in channel) return channel;
  const userId = String(args.user);
  if (!channel.members.has(userId) || state.people.get(userId)?.deleted !== false) {
    return { ok: false, error: 'user_not_in_channel' };
  }
  const refused = refuseContent(state, args, 'chat.postEphemeral');
  if (refused !== undefined) return refused;
  const message = addMessage(state, {
    channelId: channel.id,
    from: state.seed.botUserId,
    onlyFor: userId,
    vanished: lose,
    ...contentFrom(args),
  });
  return { ok: true, message_ts: message.ts };
}

function postMessage(state: State, args: Json): MethodAnswer {
  const target = String(args.channel);
  const person = state.people.get(target);
  // A person's id stands for the app's conversation with them.
  const reachable = person !== undefined && !person.deleted && !person.is_bot;
  const channel = openTo(state, reachable ? directMessage(state, target).id : target);
  if ('error' in channel) return channel;
  const refused = refuseContent(state, args, 'chat.postMessage');
  if (refused !== undefined) return refused;
  const message = addMessage(state, {
    channelId: channel.id,
    from: state.seed.botUserId,
    ...contentFrom(args),
  });
  tell(state, message, channelMessageEvent(state, message));
  return { ok: true, channel: channel.id, ts: message.ts, message: messageOutput(state, message) };
}

/** The app's own lasting message, or Slack's code for why it may not touch it. */
function ownMessage(state: State, args: Json, foreign: string): Message | Refused {
  const channel = state.channels.get(String(args.channel));
  // Somewhere that the app was removed from is to it as if it were not there.
  if (channel?.appIsMember !== true) return { ok: false, error: 'channel_not_found' };
  const message = state.messages.find((one) => one.ts === args.ts && one.channelId === channel.id);
  // An ephemeral message is in no history: Slack does not know it any more.
  if (message === undefined || message.onlyFor !== undefined || message.vanished) {
    return { ok: false, error: 'message_not_found' };
  }
  return message.from === state.seed.botUserId ? message : { ok: false, error: foreign };
}

function update(state: State, args: Json): MethodAnswer {
  const message = ownMessage(state, args, 'cant_update_message');
  if ('error' in message) return message;
  const refused = refuseContent(state, args, 'chat.update');
  if (refused !== undefined) return refused;
  const former = messageOutput(state, message);
  changeMessage(state, message, args);
  tell(state, message, messageChangedEvent(state, message, former));
  return {
    ok: true,
    channel: message.channelId,
    ts: message.ts,
    text: message.text,
    message: messageOutput(state, message),
  };
}

/** Replaces what a message says; blocks and attachments that are not given stay as they are. */
export function changeMessage(state: State, message: Message, args: Json): void {
  const content = contentFrom(args);
  if (args.text !== undefined) message.text = content.text;
  if (args.blocks !== undefined) {
    message.blocks = content.blocks;
    message.values = stateFor(content.blocks, message.values);
  }
  if (args.attachments !== undefined) message.attachments = content.attachments;
  message.edited = true;
  changed(state);
}

function remove(state: State, args: Json): MethodAnswer {
  const message = ownMessage(state, args, 'cant_delete_message');
  if ('error' in message) return message;
  tell(state, message, messageDeletedEvent(state, message));
  removeMessage(state, message);
  return { ok: true, channel: message.channelId, ts: message.ts };
}

/** The app hears of its own words as of everybody's, a moment later. */
function tell(state: State, { channelId }: Message, event: Json): void {
  state.tellOf(channelId, event).catch(() => undefined);
}

/** Takes a message out of the history. */
export function removeMessage(state: State, message: Message): void {
  message.vanished = true;
  changed(state);
}

/** `chat.*`. */
export const CHAT_METHODS: Readonly<Record<string, Method>> = {
  'chat.postEphemeral': {
    scopes: ['chat:write'],
    required: ['channel', 'user'],
    args: [...CONTENT_ARGS, 'user', 'thread_ts', 'username', 'icon_emoji', 'icon_url'],
    errors: [
      ...CONTENT_ERRORS,
      'channel_not_found',
      'not_in_channel',
      'user_not_in_channel',
      'messages_tab_disabled',
    ],
    run: ({ state, args, lose }) => postEphemeral(state, args, lose),
  },
  'chat.postMessage': {
    scopes: ['chat:write'],
    required: ['channel'],
    args: [
      ...CONTENT_ARGS,
      'thread_ts',
      'reply_broadcast',
      'username',
      'icon_emoji',
      'icon_url',
      'metadata',
      'mrkdwn',
      'unfurl_links',
      'unfurl_media',
    ],
    errors: [...CONTENT_ERRORS, 'channel_not_found', 'not_in_channel', 'messages_tab_disabled'],
    run: ({ state, args }) => postMessage(state, args),
  },
  'chat.update': {
    scopes: ['chat:write'],
    required: ['channel', 'ts'],
    args: [...CONTENT_ARGS, 'ts', 'metadata', 'file_ids', 'reply_broadcast'],
    errors: [...CONTENT_ERRORS, 'channel_not_found', 'message_not_found', 'cant_update_message'],
    run: ({ state, args }) => update(state, args),
  },
  'chat.delete': {
    scopes: ['chat:write'],
    required: ['channel', 'ts'],
    args: ['channel', 'ts', 'as_user'],
    errors: ['channel_not_found', 'message_not_found', 'cant_delete_message'],
    run: ({ state, args }) => remove(state, args),
  },
};
