import { findToken } from './find.ts';
import type { Actor } from './policy.ts';
import { type Refused, refused } from './refusal.ts';
import type { RefuseDeps } from './refuse.ts';
import type { Delivery, Effect } from './store.ts';
import type { Token, TokenId, UsedToken } from './token.ts';

export type RevokeRequest = {
  readonly actor: Actor;
  readonly tokenId: TokenId;
  /** Needed for somebody else's token. */
  readonly reason: string | null;
  /** The actor presented the token's whole verified value, which gives everybody the right to end it. */
  readonly held: boolean;
  readonly delivery: Delivery;
};

/** Ends a token: from the next request on it is refused. `repeated`: this delivery has ended it before. */
export async function revokeToken(
  request: RevokeRequest,
  deps: RefuseDeps,
): Promise<{ kind: 'revoked' | 'repeated'; token: UsedToken } | Refused> {
  const { actor, tokenId, reason } = request;
  const found = await findToken(tokenId, request.held ? 'revoke_held' : 'revoke', actor, deps);
  if (found.kind === 'refused') return found;
  const { token } = found;
  if (token.owner !== actor.id && reason === null) return refused({ code: 'reason_required' });

  const at = deps.clock();
  const outcome = await deps.store.revokeToken(
    token.id,
    { actor: actor.id, at, reason },
    effectOf(request, token, at),
  );
  if (outcome.kind === 'already_revoked') return refused({ code: 'already_revoked', name: token.name });
  const ended = await deps.store.findToken(actor.workspace, token.id);
  if (ended === undefined) throw new Error('a token that was just revoked is not there');
  return { kind: outcome.kind, token: ended };
}

function effectOf(request: RevokeRequest, token: Token, at: number): Effect {
  const { actor, reason, held, delivery } = request;
  const byOther = token.owner !== actor.id;
  return {
    event: {
      at,
      actor: actor.id,
      action: 'token.revoked',
      tokenId: token.id,
      detail: { name: token.name, reason, held: held ? 1 : 0 },
    },
    delivery,
    sayings: [
      { saying: { kind: 'receipt', tokenId: token.id }, dueAt: at },
      { saying: { kind: 'home', person: token.owner }, dueAt: at },
      ...(byOther ? [{ saying: { kind: 'revoked_by_other', tokenId: token.id } as const, dueAt: at }] : []),
    ],
  };
}
