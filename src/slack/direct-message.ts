import type { WebClient } from '@slack/web-api';
import type { Log } from '../log.ts';
import type { Message } from './blocks/message.ts';
import { orInShort } from './in-short.ts';
import { slackErrorOf } from './slack-error.ts';

type PostDeps = { readonly client: WebClient; readonly log: Log };

/** The channel of the app's conversation with a person. Throws as `WebClient` does. */
export async function openDirectMessage(client: WebClient, personId: string): Promise<string> {
  const opened = await client.conversations.open({ users: personId });
  const channel = opened.channel?.id;
  if (channel == null) throw new Error('Slack opened a conversation and named no channel');
  return channel;
}

/** Posts a lasting message into it, in short where Slack does not take the whole. Throws as `WebClient` does. */
export async function postDirectMessage(
  deps: PostDeps,
  personId: string,
  message: Message,
): Promise<{ readonly channel: string; readonly ts: string }> {
  return post(deps, await openDirectMessage(deps.client, personId), message);
}

/**
 * The same, said twice under no circumstances: where Slack's answer to the posting is lost, it counts as said. Slack offers
 * no key by which a message would be posted once.
 */
export async function postAtMostOnce(deps: PostDeps, personId: string, message: Message): Promise<void> {
  const channel = await openDirectMessage(deps.client, personId);
  try {
    await post(deps, channel, message);
  } catch (error) {
    if (!slackErrorOf(error).isLost) throw error;
  }
}

async function post({ client, log }: PostDeps, channel: string, message: Message) {
  const posted = await orInShort(message, log, (form) =>
    client.chat.postMessage({ channel, ...form, unfurl_links: false, unfurl_media: false }),
  );
  if (posted.ts == null) throw new Error('Slack posted a message and named no ts');
  return { channel, ts: posted.ts };
}

/**
 * A page that opens the app's conversation in whatever Slack the person uses; none where nobody said which app this is. A
 * dialog that was submitted does say it: https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
 */
export function dmLink(appId: string | undefined, workspace: string): string | undefined {
  if (appId === undefined) return undefined;
  return `https://slack.com/app_redirect?app=${appId}&team=${workspace}`;
}
