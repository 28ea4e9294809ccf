import { findTokens } from './find.ts';
import { type Refused, refused } from './refusal.ts';
import type { RefuseDeps } from './refuse.ts';
import { type RevokeRequest, revokedEvent, tellings } from './revoke.ts';
import { sayingsAbout } from './showing.ts';
import type { Effect } from './store.ts';
import type { TokenId, UsedToken } from './token.ts';

export type RevokeSeveralRequest = Omit<RevokeRequest, 'tokenId'> & {
  /** 100 at most. A delivery key stands for these and no others. */
  readonly tokenIds: readonly TokenId[];
};

/**
 * Ends several tokens in one transaction: all of them, but for those that were ended before, or, where the actor may not end
 * one, none. `repeated`: this delivery has done it before.
 */
export async function revokeSeveral(
  request: RevokeSeveralRequest,
  deps: RefuseDeps,
): Promise<{ kind: 'revoked' | 'repeated'; tokens: readonly UsedToken[] } | Refused> {
  const { actor, reason, tokenIds, delivery } = request;
  const action = request.held ? 'revoke_held' : 'revoke';
  const asked = await findTokens(tokenIds, action, actor, deps);
  if (asked.kind === 'refused') return asked;
  const found = asked.tokens;
  const [first] = found;
  if (first === undefined) return refused({ code: 'nothing_ticked' });
  if (reason === null && found.some(({ owner }) => owner !== actor.id)) {
    return refused({ code: 'reason_required' });
  }

  const at = deps.clock();
  const by = { actor: actor.id, at, reason };
  const outcome = await deps.store.revokeTokens(tokenIds, by, delivery, (ended) =>
    effectsOf(
      request,
      found.filter(({ id }) => ended.includes(id)),
      at,
    ),
  );
  if (outcome.kind === 'already_revoked') {
    const isOne = found.length === 1;
    return refused(isOne ? { code: 'already_revoked', name: first.name } : { code: 'all_already_revoked' });
  }
  const now = await findTokens(tokenIds, action, actor, deps);
  if (now.kind === 'refused') throw new Error('tokens that were just revoked are not there');
  return { kind: outcome.kind, tokens: now.tokens };
}

/** An event for each token, and what is said once of all of them beside the first. */
function effectsOf(
  request: RevokeSeveralRequest,
  ended: readonly UsedToken[],
  at: number,
): Omit<Effect, 'delivery'>[] {
  const told = tellings(ended, request.actor.id, at);
  return ended.map((token, index) => ({
    event: revokedEvent(request, token, at),
    sayings: [...sayingsAbout(token, at), ...(index === 0 ? told : [])],
  }));
}
