import type { WebClient } from '@slack/web-api';
import type { Message } from './blocks/message.ts';

/** The channel of the app's conversation with a person. Throws as `WebClient` does. */
export async function openDirectMessage(client: WebClient, personId: string): Promise<string> {
  const opened = await client.conversations.open({ users: personId });
  const channel = opened.channel?.id;
  if (channel === undefined) throw new Error('Slack opened a conversation and named no channel');
  return channel;
}

/** Posts a lasting message into it. Throws as `WebClient` does. */
export async function postDirectMessage(
  client: WebClient,
  personId: string,
  message: Message,
): Promise<{ readonly channel: string; readonly ts: string }> {
  const channel = await openDirectMessage(client, personId);
  const posted = await client.chat.postMessage({
    channel,
    ...message,
    unfurl_links: false,
    unfurl_media: false,
  });
  if (posted.ts === undefined) throw new Error('Slack posted a message and named no ts');
  return { channel, ts: posted.ts };
}

/** A page that opens the app's conversation in whatever Slack the person uses. */
export function dmLink(appId: string, workspace: string): string {
  return `https://slack.com/app_redirect?app=${appId}&team=${workspace}`;
}
