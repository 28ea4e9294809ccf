import type { AuditEvent } from './audit.ts';
import { findToken } from './find.ts';
import type { Actor } from './policy.ts';
import { type Refused, refused } from './refusal.ts';
import type { RefuseDeps } from './refuse.ts';
import { sayingsAbout } from './showing.ts';
import type { Delivery, Effect, Saying } from './store.ts';
import type { PersonId, Token, TokenId, UsedToken } from './token.ts';

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
  const sayings = [...sayingsAbout(token, at), ...tellings([token], request.actor.id, at)];
  return { event: revokedEvent(request, token, at), delivery: request.delivery, sayings };
}

/** That the actor ended the token. */
export function revokedEvent(
  { actor, reason, held }: Pick<RevokeRequest, 'actor' | 'reason' | 'held'>,
  token: Token,
  at: number,
): AuditEvent {
  return {
    at,
    actor: actor.id,
    action: 'token.revoked',
    tokenId: token.id,
    detail: { name: token.name, reason, held: held ? 1 : 0 },
  };
}

/**
 * What owners, and whoever created a token for them, are told of tokens that `actor` ended: one message each, however many
 * tokens. Whoever did it themselves is not told, nor the creator of what its owner ended.
 */
export function tellings(ended: readonly Token[], actor: PersonId, dueAt: number): Effect['sayings'] {
  const byOthers = ended.filter(({ owner }) => owner !== actor);
  const created = byOthers.filter(({ owner, createdBy }) => createdBy !== owner && createdBy !== actor);
  const sayings = [
    ...tellEach(byOthers, ({ owner }) => owner, 'revoked_by_other'),
    ...tellEach(created, ({ createdBy }) => createdBy, 'revoked_of_created'),
  ];
  return sayings.map((saying) => ({ saying, dueAt }));
}

/** One message to each person that `personOf` names, however many of the tokens are theirs. */
export function tellEach(
  tokens: readonly Token[],
  personOf: (token: Token) => PersonId,
  ofOne: 'revoked_by_other' | 'revoked_of_created' | 'owner_left',
): Saying[] {
  return [...Map.groupBy(tokens, personOf)].map(([person, [first, ...others]]) => {
    if (first === undefined) throw new Error('a group without a token');
    if (others.length === 0) return { kind: ofOne, tokenId: first.id };
    return { kind: 'several_revoked', person, tokenIds: [first, ...others].map(({ id }) => id) };
  });
}
