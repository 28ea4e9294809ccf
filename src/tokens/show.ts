import { noticesBefore } from './expiry.ts';
import { findToken } from './find.ts';
import { type LeftOut, leftOutDetail } from './kept-scopes.ts';
import type { Actor } from './policy.ts';
import { type Refused, refused } from './refusal.ts';
import { claimedSayings, noShowing, type ShowDeps, sayingsAbout, showNewValue } from './showing.ts';
import type { Delivery, Effect } from './store.ts';
import { statusOf, type Token, type TokenId, wasNeverClaimed } from './token.ts';

export type ShowRequest = {
  readonly actor: Actor;
  readonly tokenId: TokenId;
  readonly delivery: Delivery;
  /** Whether it comes of a creation, and no press asked for it. */
  readonly isOfCreation?: boolean;
};
export type ShowOutcome =
  | { readonly kind: 'shown' }
  | { readonly kind: 'not_shown'; readonly token: Token; readonly reason: string }
  | { readonly kind: 'repeated' }
  | Refused;

/**
 * Makes the token's first value and shows it to its owner, who alone may ask for it. `not_shown`: it could not be put before
 * them, or nobody knows whether it was; then the value is worth nothing and the token is as before.
 */
export async function showValue(request: ShowRequest, deps: ShowDeps): Promise<ShowOutcome> {
  const { actor, tokenId, delivery, isOfCreation = false } = request;
  const found = await findToken(tokenId, 'show_value', actor, deps);
  if (found.kind === 'refused') return found;
  const { token } = found;
  const refusal = endOf(token, deps.clock());
  if (refusal !== undefined) return refusal;

  const effectAt = (now: number, leftOut: readonly LeftOut[]) => effectOf(token, leftOut, now);
  const outcome = await showNewValue(
    { token, purpose: 'first', delivery, isPress: !isOfCreation, effectAt },
    deps,
  );
  switch (outcome.kind) {
    case 'shown':
    case 'repeated':
      return { kind: outcome.kind };
    case 'refused':
      return outcome;
    case 'not_shown':
      return { kind: 'not_shown', token, reason: outcome.reason };
    case 'ended':
      return endOf(token, deps.clock()) ?? refused({ code: 'already_revoked', name: token.name });
    default:
      return noShowing(outcome.kind, token, deps);
  }
}

function effectOf(token: Token, leftOut: readonly LeftOut[], now: number): Omit<Effect, 'delivery'> {
  return {
    event: {
      at: now,
      actor: token.owner,
      action: 'value.shown',
      tokenId: token.id,
      detail: { name: token.name, ...leftOutDetail(leftOut) },
    },
    sayings: [...sayingsAbout(token, now), ...claimedSayings(token, now)],
    notices: noticesBefore(token.expiresAt, now),
  };
}

function endOf(token: Token, now: number): Refused | undefined {
  if (wasNeverClaimed(token, now)) return refused({ code: 'never_claimed', name: token.name });
  switch (statusOf(token, now)) {
    case 'revoked':
      return refused({ code: 'already_revoked', name: token.name });
    case 'expired':
      return refused({ code: 'expired', name: token.name });
    // Whether it was shown before, or this very delivery showed it, the store knows.
    case 'active':
    case 'unclaimed':
      return undefined;
  }
}
