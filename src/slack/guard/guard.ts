import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import { HOUR_MS } from '../../clock.ts';
import type { LeakPolicy } from '../../tokens/outbox.ts';
import { endByGuard, leakedValues } from '../../tokens/revoke.ts';
import type { TokenId } from '../../tokens/token.ts';
import type { TokenValue } from '../../tokens/token-value.ts';
import type { ListenerDeps } from '../listener.ts';
import { createMemory, type Memory } from '../people/memory.ts';
import { within } from '../reply/pause.ts';
import { slackErrorOf } from '../reply/slack-error.ts';
import { leakReasonOf, leakTextOf } from '../revoke/leaked-message.ts';
import { lookUp, valuesInMessage } from '../revoke/revoke-in-message.ts';
import type { TakeTurn } from '../turns.ts';
import { readDelivery } from '../visit.ts';

/** What the settings say of live values in channels. `channel`: where whoever is on call is told. */
export type GuardSettings = { readonly policy: LeakPolicy; readonly channel: string | undefined };

export type GuardDeps = ListenerDeps & {
  readonly guard: GuardSettings;
  /** Of the app itself: what it wrote is passed over. */
  readonly identity: { readonly botId: string | undefined; readonly botUserId: string | undefined };
  readonly channelNames: Pick<Memory<string>, 'find'>;
  /** By the message: what is told of it in turn is looked at in turn. */
  readonly takeLeakTurn: TakeTurn;
  /** The same among all processes, of messages in which values stand or stood. */
  readonly shareLeakTurn: TakeTurn;
};

/** Tokens of one message that are dealt with: as many as a dialog takes. */
const TOKENS_MAX = 90;

/** How long values whose pepper is lost are checked by bcrypt: nobody waits for an answer. */
const HASHING_MS_MAX = 10_000;

/** A value must not live longer because Slack is slow to tell what its channel is called. */
const NAME_MS_MAX = 200;

const NAMES_MAX = 1000;

/**
 * Kinds of messages in which stands what Slack wrote, and nothing that anybody typed; and what is gone.
 * https://docs.slack.dev/reference/events/message#subtypes
 */
const WITHOUT_TEXT: ReadonlySet<string | null | undefined> = new Set([
  'bot_add',
  'bot_disable',
  'bot_enable',
  'bot_remove',
  'channel_archive',
  'channel_convert_to_private',
  'channel_convert_to_public',
  'channel_join',
  'channel_leave',
  'channel_posting_permissions',
  'channel_unarchive',
  'ekm_access_denied',
  'group_archive',
  'group_join',
  'group_leave',
  'group_unarchive',
  'huddle_thread',
  'message_deleted',
  'message_replied',
  'pinned_item',
  'unpinned_item',
]);

const maybe = z.string().nullish();

const posted = z.looseObject({
  user: maybe,
  bot_id: maybe,
  ts: maybe,
  thread_ts: maybe,
  subtype: maybe,
});

const delivered = z.object({
  event: posted.extend({
    channel: maybe,
    channel_type: maybe,
    message: posted.nullish(),
    previous_message: z.looseObject({ ts: maybe }).nullish(),
  }),
});

/** A message as an event tells of it. */
type Heard = {
  readonly channel: string;
  readonly ts: string;
  readonly threadTs: string | null;
  readonly isPrivate: boolean;
  readonly isOfFew: boolean;
  readonly message: z.infer<typeof posted>;
  /** What stood there before, of a message that was changed; undefined where Slack does not tell. */
  readonly former: unknown;
  readonly isChanged: boolean;
};

/**
 * Looks for live values in a message of a channel, new or changed, and does about them what the settings say. Of a message without
 * a whole value nothing is asked of the database; of none anything is kept but where it stands. Told twice, it has one effect.
 */
export async function onOverheard(body: object, deps: GuardDeps): Promise<void> {
  if (deps.guard.policy === 'off') return;
  const heard = parseHeard(body, deps);
  if (heard === undefined) return;
  await deps.takeLeakTurn(`${heard.channel} ${heard.ts}`, () => lookInto(heard, deps));
}

/** Undefined of what the app itself wrote, what nobody wrote, and what was deleted. */
function parseHeard(body: object, { identity }: GuardDeps): Heard | undefined {
  const { event } = readDelivery(delivered, body);
  if (WITHOUT_TEXT.has(event.subtype)) return undefined;
  const { channel, channel_type, message: changed, previous_message: former, ...rest } = event;
  const isChanged = event.subtype === 'message_changed';
  const message = isChanged ? changed : rest;
  const ts = message?.ts ?? (isChanged ? former?.ts : undefined);
  if (!channel || !ts || message == null || isOwn(message, identity)) return undefined;
  return {
    channel,
    ts,
    threadTs: message.thread_ts ?? null,
    isPrivate: channel_type === 'group' || channel.startsWith('G'),
    isOfFew: channel_type === 'mpim',
    message,
    former: former ?? undefined,
    isChanged,
  };
}

function isOwn(
  { bot_id, user }: z.infer<typeof posted>,
  { botId, botUserId }: GuardDeps['identity'],
): boolean {
  return (bot_id != null && bot_id === botId) || (user != null && user === botUserId);
}

async function lookInto(heard: Heard, deps: GuardDeps): Promise<void> {
  // What it is a reply to was looked at when that was written.
  const { root: _, ...message } = heard.message;
  const values = await valuesInMessage(message);
  if (values.length === 0 && !(await heldBefore(heard))) return;
  await deps.shareLeakTurn(`${heard.channel} ${heard.ts}`, () => dealWith(values, heard, deps));
}

async function dealWith(values: readonly TokenValue[], heard: Heard, deps: GuardDeps): Promise<void> {
  const { store, workspace, guard } = deps;
  const asked = {
    workspace,
    source: 'message',
    tokensMax: TOKENS_MAX,
    hashingMsMax: HASHING_MS_MAX,
  } as const;
  const found = await lookUp(values, asked, deps);
  if (found.unclearCount > 0) {
    deps.log.warn({ count: found.unclearCount }, 'values in a message could not be checked in time');
  }
  const known = await store.findLeak(heard);
  if (guard.policy === 'off' || (found.values.length === 0 && known === undefined)) return;
  const { channel, ts, threadTs } = heard;
  const shown = known === undefined ? await asShown(heard, deps) : {};
  const leak = {
    channel,
    ts,
    threadTs,
    place: known?.place ?? leakTextOf(shown),
    reason: known?.reason ?? leakReasonOf(shown),
    policy: guard.policy,
    seenAt: deps.clock(),
  };
  const live = found.values.map(({ tokenId, createdAt }) => ({ tokenId, madeAt: createdAt }));
  await store.keepLeak(leak, { live, there: await tokensOf(values, deps) });
  if (guard.policy === 'revoke') await endLive({ channel, ts }, deps);
  // There are more than one dialog takes.
  if (guard.policy === 'revoke' && found.othersCount > 0) await dealWith(values, heard, deps);
}

async function heldBefore({ isChanged, former }: Heard): Promise<boolean> {
  if (!isChanged) return false;
  // Slack always says it. Did it not, the database would know.
  return former === undefined || (await valuesInMessage(former)).length > 0;
}

/** As a shortcut on the message would name its place: only a public channel by its name. */
async function asShown({ channel, isPrivate, isOfFew, message }: Heard, deps: GuardDeps): Promise<object> {
  const { user, bot_id, subtype } = message;
  const name = isPrivate ? 'privategroup' : isOfFew ? 'mpdm-' : await nameOf(channel, deps);
  return { channel: { id: channel, name }, message: { user, bot_id, subtype } };
}

async function nameOf(channel: string, { channelNames, log }: GuardDeps): Promise<string> {
  const asked = channelNames.find(channel).catch((error: unknown) => {
    log.warn({ channel, code: slackErrorOf(error).code }, 'Slack did not say what a channel is called');
    return '';
  });
  return (await within(asked, NAME_MS_MAX)) ?? '';
}

/** Whose values these are, by their lookup ids alone: it decides nothing but whether they still stand there. */
async function tokensOf(values: readonly TokenValue[], { store }: GuardDeps): Promise<Set<TokenId>> {
  const secrets = await Promise.all(values.map(({ lookupId }) => store.readSecret(lookupId)));
  return new Set(secrets.flatMap((secret) => secret?.tokenId ?? []));
}

/** Ends what stands in the message. */
async function endLive(place: Pick<Heard, 'channel' | 'ts'>, deps: GuardDeps): Promise<void> {
  const { store, workspace, clock } = deps;
  const leak = await store.findLeak(place);
  if (leak === undefined) return;
  await endByGuard(await leakedValues(leak, workspace, clock(), store), leak.reason, deps);
}

const info = z.object({
  channel: z.object({
    name: maybe,
    is_private: z.boolean().nullish(),
    is_im: z.boolean().nullish(),
    is_mpim: z.boolean().nullish(),
  }),
});

/**
 * What public channels are called, '' of any other, from facts at most an hour old. An event names a channel by its id alone, and
 * only an app with `channels:read` may ask: without it nothing is asked, and no channel has a name.
 * https://docs.slack.dev/reference/methods/conversations.info
 */
export function createChannelNames(deps: {
  readonly client: WebClient;
  readonly clock: GuardDeps['clock'];
  readonly scopes: ReadonlySet<string>;
}): GuardDeps['channelNames'] {
  if (!deps.scopes.has('channels:read')) return { find: async () => '' };
  return createMemory({
    clock: deps.clock,
    ageMsMax: HOUR_MS,
    sizeMax: NAMES_MAX,
    ask: async (channel) => {
      const { name, is_private, is_im, is_mpim } = info.parse(
        await deps.client.conversations.info({ channel }),
      ).channel;
      return is_private === true || is_im === true || is_mpim === true ? '' : (name ?? '');
    },
  });
}
