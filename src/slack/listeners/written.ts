import { z } from 'zod';
import { DAY_MS } from '../../clock.ts';
import { asSeen } from '../../tokens/characters.ts';
import { holdsSecret, SEARCHED_LENGTH_MAX } from '../../tokens/finder.ts';
import { type Actor, mayUseApp, type Rights, rightsOf, rolesFor } from '../../tokens/policy.ts';
import { refuseByPolicy, sentenceFor } from '../../tokens/refusal.ts';
import type { TokenValue } from '../../tokens/token-value.ts';
import type { Message } from '../blocks/message.ts';
import { section, sentenceMessage, unescaped } from '../blocks/text.ts';
import { UNREACHABLE } from '../entrance.ts';
import type { ListenerDeps } from '../listener.ts';
import { whisper } from '../reply/direct-message.ts';
import { heldMessageOf, valuesInMessage } from '../revoke/revoke-in-message.ts';
import { readDelivery } from '../visit.ts';
import { abilitiesMessage } from './help.ts';
import { isVerb, parseCommand } from './parse-command.ts';
import { choicesMessage } from './unknown.ts';

const maybe = z.string().nullish();

/** An event of Slack's Events API; what it tells of a message may be anything until it is one that somebody wrote to the app. */
const delivered = z.object({
  event_id: maybe,
  team_id: maybe,
  event: z.object({
    user: maybe,
    text: maybe,
    ts: maybe,
    thread_ts: maybe,
    team: maybe,
    channel: maybe,
    channel_type: maybe,
    subtype: maybe,
    bot_id: maybe,
    hidden: z.boolean().nullish(),
    blocks: z.unknown().optional(),
    attachments: z.unknown().optional(),
    files: z.unknown().optional(),
  }),
});

type Event = z.infer<typeof delivered>['event'];

/**
 * Kinds of messages that a person wrote just now: with a file, as `/me`, or in a thread and said to all. What was edited, deleted or
 * said by an app comes as other ones. https://docs.slack.dev/reference/events/message#subtypes
 */
const WRITTEN: ReadonlySet<string | undefined> = new Set([
  undefined,
  'file_share',
  'me_message',
  'thread_broadcast',
]);

/** What somebody wrote in their conversation with the app. */
type Written = {
  readonly personId: string;
  readonly teamId: string | undefined;
  readonly threadTs: string | undefined;
  /** Of the message, however many events tell of it. */
  readonly key: string;
  /** Whole ones; none of most of one. */
  readonly values: readonly TokenValue[];
  readonly is: 'value' | 'command' | 'other';
  /** As Slack delivers it, escaped. */
  readonly text: string;
};

/**
 * Answers a message in the app's conversation with somebody so that they alone see it, and it does not last: a value at once, a
 * command without its slash with the line to type, and anything else once a day with what they can do. Nothing else is answered,
 * and nothing of a message is kept.
 */
export async function onWritten(body: unknown, deps: ListenerDeps): Promise<void> {
  const written = await parseWritten(body);
  if (written === undefined) return;
  // In turn: two messages that come together get one answer for the day.
  await deps.takeWrittenTurn(written.personId, () => answer(written, deps));
}

/** Undefined where nobody wrote to the app, or nothing that could be answered. */
async function parseWritten(body: unknown): Promise<Written | undefined> {
  const { event, event_id, team_id } = readDelivery(delivered, body);
  const { user, ts, thread_ts, text, blocks, attachments, files } = event;
  if (user == null || !isWrittenToApp(event)) return undefined;
  const typed = text ?? '';
  const values = await valuesInMessage({ text, blocks, attachments, files });
  const isValue = values.length > 0 || holdsSecret(unescaped(typed));
  if (!isValue && typed.trim() === '') return undefined;
  return {
    personId: user,
    teamId: event.team ?? team_id ?? undefined,
    threadTs: thread_ts ?? undefined,
    key: `${user} wrote ${ts ?? event_id ?? ''}`,
    values,
    is: isValue ? 'value' : commandLine(typed) === undefined ? 'other' : 'command',
    text: typed,
  };
}

/** The app's own messages come back, too, with its `bot_id`. */
function isWrittenToApp({ bot_id, hidden, subtype, channel, channel_type }: Event): boolean {
  const isDirect = channel_type == null ? channel?.startsWith('D') === true : channel_type === 'im';
  return isDirect && !bot_id && hidden !== true && WRITTEN.has(subtype ?? undefined);
}

/** What is said, if anything, and the key that keeps it from being said again until then. */
type Reply = {
  readonly key: string;
  readonly until: number;
  readonly message: () => Promise<Message | undefined>;
};

async function answer(written: Written, deps: ListenerDeps): Promise<void> {
  const { personId, threadTs } = written;
  const { key, until, message } = replyTo(written, await deps.actors.find(personId, written.teamId), deps);
  if (await deps.store.isAnswered({ keys: [key] })) return;
  const said = await message();
  if (said !== undefined) await whisper(deps.client, personId, said, threadTs);
  // Not before: what Slack refused may be said the next time.
  await deps.store.keepAnswered({ keys: [key] }, until);
}

function replyTo(written: Written, actor: Actor | undefined, deps: ListenerDeps): Reply {
  const { personId, is } = written;
  const now = deps.clock();
  const day = Math.floor(now / DAY_MS);
  const once = { key: written.key, until: now };
  const daily = (what: string) => ({ key: `${personId} ${what} ${day}`, until: (day + 1) * DAY_MS });
  if (actor === undefined) {
    return { ...once, message: async () => sentenceMessage(sentenceFor({ code: 'person_unknown' })) };
  }
  if (!mayUseApp(actor, deps.policy)) return { ...daily('kept_out'), message: () => refuse(actor, deps) };
  const message = async () => messageFor(written, actor, deps);
  return { ...(is === 'other' ? daily('told') : once), message };
}

async function refuse(actor: Actor, deps: ListenerDeps): Promise<Message | undefined> {
  const refusal = { code: 'app_not_permitted' } as const;
  await refuseByPolicy({ actor, attempted: 'use_app', tokenId: null, refusal }, deps);
  return UNREACHABLE.has(actor.standing) ? undefined : sentenceMessage(sentenceFor(refusal));
}

async function messageFor(
  { values, is, text, personId }: Written,
  actor: Actor,
  deps: ListenerDeps,
): Promise<Message | undefined> {
  if (is === 'value') return valueMessage(actor, values, deps);
  const rights = rightsOf(actor, deps.policy);
  const line = is === 'command' ? commandLine(text) : undefined;
  if (line === undefined) return abilitiesMessage(rights);
  return (await deps.writtenLimit.take(personId)) > 0 ? undefined : commandMessage(line, rights);
}

const WITHOUT_BUTTON =
  "Open your message's menu and choose Revoke token in message, or type /apitoken revoke VALUE. Then delete the message.";

/** What is said of a value that this person wrote, with *Revoke it* where they may. */
async function valueMessage(
  actor: Actor,
  values: readonly TokenValue[],
  deps: ListenerDeps,
): Promise<Message> {
  const refusal = { code: 'message_holds_value' } as const;
  const offer = await heldMessageOf(actor, values, refusal, deps);
  const { text, blocks } = offer ?? sentenceMessage(sentenceFor(refusal));
  const then = offer === undefined ? WITHOUT_BUTTON : 'Then delete the message.';
  return { text, blocks: [...blocks, section(then)] };
}

/** A mention of somebody first, and `/apitoken` or `apitoken`: what people write before a command. */
const BEFORE_COMMAND = /^(?:<@[^<>]*>[\s,:]*)?(\/?\s?apitoken(?![^\s:,]))?[\s:,]*/i;

/** `*bold*`, `_italic_`, `~struck~` and code around all of it. */
const FORMATTED = /^([*_~`]{1,6})(.*)\1$/s;

/** Names have seldom more words; a sentence has. */
const WORDS_MAX = 3;

/** Longer than any name or mention, and short enough to be a button's value. */
const LINE_LENGTH_MAX = 300;

/**
 * What stands behind `/apitoken` in a command that was written as a message; undefined when it is none. Of a sentence that
 * begins like a command the first word. As Slack delivers it, escaped.
 */
export function commandLine(delivered: string): string | undefined {
  const seen = asSeen(delivered.slice(0, SEARCHED_LENGTH_MAX));
  const text = seen.replace(FORMATTED, '$2').trim();
  const [before = '', isNamed] = BEFORE_COMMAND.exec(text) ?? [];
  const line = text.slice(before.length);
  const [word = '', ...others] = line.split(' ', WORDS_MAX + 2);
  if (isNamed === undefined && !isVerb(word)) return undefined;
  const command = parseCommand(line);
  const isLong = others.length > WORDS_MAX || line.length > LINE_LENGTH_MAX;
  if (command.verb !== 'unknown') return isLong ? word : line || 'list';
  const { nearest, rest } = command;
  return isLong || rest === '' || nearest === 'help' ? nearest : `${nearest} ${rest}`;
}

function commandMessage(line: string, rights: Rights): Message {
  const { verb } = parseCommand(line);
  if (!rights.seesAll && (verb === 'status' || verb === 'board')) {
    const refusal = { code: 'command_not_permitted', command: verb, roles: rolesFor('see') } as const;
    return sentenceMessage(sentenceFor(refusal));
  }
  const shown = asSeen(unescaped(line));
  const sentence = `Commands start with /apitoken. Type /apitoken ${shown}, or choose it below.`;
  return choicesMessage(sentence, [{ shown, command: line }]);
}
