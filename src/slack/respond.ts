import type { Message } from './blocks/message.ts';

const RESPOND_MS_MAX = 5000;

/**
 * How a message posted through a `response_url` meets the message that the url came from: beside it or instead of it, in both
 * cases seen by that person alone; or as what a lasting message says from now on, to whoever reads that.
 */
export type Placing = 'beside' | 'instead' | 'lasting';

/**
 * Posts `message` through a delivery's `response_url`. Slack takes five within 30 minutes; the
 * url of a command cannot replace anything. Throws when Slack refuses or does not answer within 5 s.
 */
export async function respond(
  responseUrl: string,
  message: Message,
  placing: Placing = 'beside',
): Promise<void> {
  await post(responseUrl, {
    ...message,
    // What is changed stays as visible as it was: Slack documents no `response_type` for that.
    ...(placing === 'lasting' ? {} : { response_type: 'ephemeral' }),
    replace_original: placing !== 'beside',
    unfurl_links: false,
    unfurl_media: false,
  });
}

/** Takes away the message that the `response_url` came from. */
export async function deleteOriginal(responseUrl: string): Promise<void> {
  await post(responseUrl, { delete_original: true });
}

async function post(responseUrl: string, body: object): Promise<void> {
  const answer = await fetch(responseUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(body),
    redirect: 'error',
    signal: AbortSignal.timeout(RESPOND_MS_MAX),
  });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`Slack answered ${answer.status} to a response_url`);
}
