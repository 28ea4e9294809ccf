import type { WebClient } from '@slack/web-api';
import type { Clock } from '../clock.ts';
import type { Outbox } from '../tokens/outbox.ts';
import { SHOWING_MS_MAX, type TokenStore } from '../tokens/store.ts';
import { statusOf, type UsedToken } from '../tokens/token.ts';
import type { Message } from './blocks/message.ts';
import { receiptMessage } from './blocks/receipt.ts';
import { postDirectMessage } from './direct-message.ts';
import { slackErrorOf } from './slack-error.ts';

type ReceiptDeps = { readonly store: TokenStore & Outbox; readonly client: WebClient; readonly clock: Clock };

/**
 * Brings the token's receipt up to date, posting it where there is none. Resolves to the instant at which it must be drawn
 * again without anything happening; mostly to none. Throws as `WebClient` does.
 */
export async function drawReceipt(token: UsedToken, deps: ReceiptDeps): Promise<number | undefined> {
  const { store } = deps;
  const now = deps.clock();
  const [liveValues, hasLiveSecret, notShownReason] = await Promise.all([
    store.liveValues(token.id, now),
    store.hasLiveSecret(token.id, now),
    store.lastWithdrawal(token.id),
  ]);
  await putReceipt(token, receiptMessage(token, { liveValues, hasLiveSecret, notShownReason }, now), deps);
  return redrawAt(token, liveValues, hasLiveSecret, now);
}

/**
 * A crash in the middle of showing leaves a value that ends by itself: then the receipt must offer a fresh one. A grace or the
 * token itself ends by itself too.
 */
function redrawAt(
  token: UsedToken,
  liveValues: readonly { endsAt: number | null }[],
  hasLiveSecret: boolean,
  now: number,
): number | undefined {
  const status = statusOf(token, now);
  if (status === 'revoked' || status === 'expired') return undefined;
  const isBeingShown = status === 'unclaimed' && hasLiveSecret;
  const ends = [
    token.expiresAt,
    ...liveValues.map(({ endsAt }) => endsAt),
    isBeingShown ? now + SHOWING_MS_MAX : null,
  ].filter((end) => end !== null);
  return ends.length === 0 ? undefined : Math.min(...ends);
}

async function putReceipt(token: UsedToken, message: Message, { store, client }: ReceiptDeps): Promise<void> {
  const kept = await store.findReceipt(token.id);
  if (kept !== undefined) {
    try {
      await client.chat.update({ ...kept, ...message });
      return;
    } catch (error) {
      if (slackErrorOf(error).code !== 'message_not_found') throw error;
    }
  }
  await store.keepReceipt(token.id, await postDirectMessage(client, token.owner, message));
}
