import type { WebClient } from '@slack/web-api';
import { LRUCache } from 'lru-cache';
import type { Log } from '../../log.ts';
import type { KeptMessage } from '../../tokens/outbox.ts';
import type { Message } from '../blocks/message.ts';
import { orInShort } from './in-short.ts';
import { slackErrorOf } from './slack-error.ts';

type PostDeps = { readonly client: WebClient; readonly log: Log };

/** People whose conversation is remembered at once. */
const PEOPLE_MAX = 10_000;

/** By person; with the client, whose app and workspace it is that they talk with. */
const channels = new WeakMap<WebClient, LRUCache<string, Promise<string>>>();

/**
 * Does `work` in the app's conversation with a person and resolves to what it does. Throws as `WebClient` does. Slack allows 50
 * `conversations.open` a minute, and the channel of two does not change: it is asked for once. Where Slack does not know the
 * one that is remembered, it is asked for anew and `work` done again: of the first one nothing can have come.
 */
export async function inDirectMessage<T>(
  client: WebClient,
  personId: string,
  work: (channel: string) => Promise<T>,
): Promise<T> {
  const known = channelsOf(client);
  const opened = known.get(personId);
  if (opened === undefined) return work(await open(client, personId));
  const channel = await opened;
  try {
    return await work(channel);
  } catch (error) {
    if (slackErrorOf(error).code !== 'channel_not_found') throw error;
    // Whoever met it first asks.
    if (known.get(personId) === opened) known.delete(personId);
    return work(await (known.get(personId) ?? open(client, personId)));
  }
}

/** Says something there, in a thread where one is named, that does not last. Throws as `WebClient` does. */
export async function whisper(
  client: WebClient,
  personId: string,
  message: Message,
  threadTs?: string,
): Promise<void> {
  const thread = threadTs === undefined ? {} : { thread_ts: threadTs };
  await inDirectMessage(client, personId, (channel) =>
    client.chat.postEphemeral({ channel, user: personId, ...thread, ...message }),
  );
}

/** Posts a lasting message into it, in short where Slack does not take the whole. Throws as `WebClient` does. */
export async function postDirectMessage(
  deps: PostDeps,
  personId: string,
  message: Message,
): Promise<KeptMessage> {
  return inDirectMessage(deps.client, personId, (channel) => post(deps, channel, message));
}

/**
 * The same, said twice under no circumstances: where Slack's answer to the posting is lost, it counts as said. Slack offers
 * no key by which a message would be posted once.
 */
export async function postAtMostOnce(deps: PostDeps, personId: string, message: Message): Promise<void> {
  await inDirectMessage(deps.client, personId, async (channel) => {
    try {
      await post(deps, channel, message);
    } catch (error) {
      if (!slackErrorOf(error).isLost) throw error;
    }
  });
}

/** The next message to this person asks Slack anew whether there is a conversation. */
export function forgetDirectMessage(client: WebClient, personId: string): void {
  channelsOf(client).delete(personId);
}

/** Asks once, however many wait for it. A failure is not remembered. */
function open(client: WebClient, personId: string): Promise<string> {
  const known = channelsOf(client);
  const opening = ask(client, personId);
  known.set(personId, opening);
  opening.catch(() => {
    if (known.get(personId) === opening) known.delete(personId);
  });
  return opening;
}

async function ask(client: WebClient, personId: string): Promise<string> {
  const opened = await client.conversations.open({ users: personId });
  const channel = opened.channel?.id;
  if (channel == null) throw new Error('Slack opened a conversation and named no channel');
  return channel;
}

function channelsOf(client: WebClient): LRUCache<string, Promise<string>> {
  const known = channels.get(client) ?? new LRUCache<string, Promise<string>>({ max: PEOPLE_MAX });
  channels.set(client, known);
  return known;
}

function post({ client, log }: PostDeps, channel: string, message: Message): Promise<KeptMessage> {
  return orInShort(message, log, (form) => postMessage(client, channel, form));
}

/** Posts a lasting message into a channel, and tells where it stands. Throws as `WebClient` does. */
export async function postMessage(
  client: WebClient,
  channel: string,
  message: Message,
): Promise<KeptMessage> {
  const form = { channel, ...message, unfurl_links: false, unfurl_media: false };
  const posted = await client.chat.postMessage(form);
  if (posted.ts == null) throw new Error('Slack posted a message and named no ts');
  return { channel: posted.channel ?? channel, ts: posted.ts };
}

/**
 * A page that opens the app's conversation in whatever Slack the person uses; none where nobody said which app this is. A
 * dialog that was submitted does say it: https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
 */
export function dmLink(appId: string | undefined, workspace: string): string | undefined {
  if (appId === undefined) return undefined;
  return `https://slack.com/app_redirect?app=${appId}&team=${workspace}`;
}
