import { findToken } from './find.ts';
import type { Actor } from './policy.ts';
import { type Refused, refused } from './refusal.ts';
import type { RefuseDeps } from './refuse.ts';
import { sayingsAbout } from './showing.ts';
import type { Delivery } from './store.ts';
import type { Token, TokenId } from './token.ts';

/** Ends the grace of a rotation before its time: only the newest value is honoured from the next request on. */
export async function endOldValues(
  request: {
    readonly actor: Actor;
    readonly tokenId: TokenId;
    /** The token's generation as the person saw it: what a later rotation left honoured is not theirs to end by that. */
    readonly generation: number;
    readonly delivery: Delivery;
  },
  deps: RefuseDeps,
): Promise<{ readonly kind: 'ended'; readonly token: Token } | Refused> {
  const { actor, tokenId, delivery } = request;
  const found = await findToken(tokenId, 'rotate', actor, deps);
  if (found.kind === 'refused') return found;
  const { token } = found;
  if (request.generation !== token.generation) {
    return refused({ code: 'changed_meanwhile', name: token.name });
  }
  const at = deps.clock();
  const outcome = await deps.store.endOldValues(token.id, at, {
    event: {
      at,
      actor: actor.id,
      action: 'old_value.ended',
      tokenId: token.id,
      detail: { name: token.name },
    },
    delivery,
    sayings: sayingsAbout(token, at),
  });
  if (outcome.kind === 'none') return refused({ code: 'no_old_value', name: token.name });
  return { kind: 'ended', token };
}
