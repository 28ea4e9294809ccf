import type { WebClient } from '@slack/web-api';

/** The channel of the app's conversation with a person. Throws as `WebClient` does. */
export async function openDirectMessage(client: WebClient, personId: string): Promise<string> {
  const opened = await client.conversations.open({ users: personId });
  const channel = opened.channel?.id;
  if (channel === undefined) throw new Error('Slack opened a conversation and named no channel');
  return channel;
}
