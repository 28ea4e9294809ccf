import type { WebClient } from '@slack/web-api';
import type { Clock } from '../../clock.ts';
import type { Log } from '../../log.ts';
import type { Outbox } from '../../tokens/outbox.ts';
import { SHOWING_MS_MAX, type TokenStore } from '../../tokens/store.ts';
import { statusOf, type TokenId, type UsedToken, type WorkspaceId } from '../../tokens/token.ts';
import type { Message } from '../blocks/message.ts';
import { postDirectMessage } from '../reply/direct-message.ts';
import { orInShort } from '../reply/in-short.ts';
import { slackErrorOf } from '../reply/slack-error.ts';
import { createSharedTurns } from '../turns.ts';
import { receiptMessage } from './receipt-blocks.ts';

/** Of such a receipt Slack takes no change, whatever it says: another one is posted. */
const UNCHANGEABLE_CODES: ReadonlySet<string> = new Set([
  'message_not_found',
  'channel_not_found',
  // Posted under another bot user, before the app was installed anew.
  'cant_update_message',
  'edit_window_closed',
  'is_inactive',
]);

type ReceiptDeps = {
  readonly store: TokenStore & Outbox;
  readonly client: WebClient;
  readonly workspace: WorkspaceId;
  readonly clock: Clock;
  readonly log: Log;
};

/** The receipts. */
export type Receipts = {
  /**
   * Brings the token's receipt up to date, posting it where there is none; one drawing of a token after the other, so that a
   * slow one never overwrites a newer. Resolves to the instant at which it must be drawn again without anything happening;
   * mostly to none. Throws as `WebClient` does.
   */
  draw(tokenId: TokenId): Promise<number | undefined>;
};

/** Draws receipts by `client` from what the store knows. */
export function createReceipts(deps: ReceiptDeps): Receipts {
  const takeTurn = createSharedTurns('receipt', deps);
  return { draw: (tokenId) => takeTurn(tokenId, () => drawReceipt(tokenId, deps)) };
}

/** All that is drawn is read here, in the turn. */
async function drawReceipt(tokenId: TokenId, deps: ReceiptDeps): Promise<number | undefined> {
  const { store } = deps;
  const token = await store.findToken(deps.workspace, tokenId);
  if (token === undefined) throw new Error('a receipt is asked for of a token that is not there');
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

async function putReceipt(token: UsedToken, message: Message, deps: ReceiptDeps): Promise<void> {
  const { store, client, log } = deps;
  const kept = await store.findReceipt(token.id);
  if (kept !== undefined) {
    try {
      await orInShort(message, log, (form) => client.chat.update({ ...kept, ...form }));
      return;
    } catch (error) {
      if (!UNCHANGEABLE_CODES.has(slackErrorOf(error).code)) throw error;
    }
  }
  await store.keepReceipt(token.id, await postDirectMessage(deps, token.owner, message));
}
