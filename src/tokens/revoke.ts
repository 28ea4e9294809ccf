import type { Clock } from '../clock.ts';
import type { AuditEvent } from './audit.ts';
import { findToken, findTokens } from './find.ts';
import type { Actor } from './policy.ts';
import { type RefuseDeps, type Refused, refused } from './refusal.ts';
import type { StoredSecret, TokenStore } from './store.ts';
import { type Delivery, type Effect, sayingsAbout, tellings } from './telling.ts';
import { type Token, type TokenId, UNCLAIMED_MS_MAX, type UsedToken, type WorkspaceId } from './token.ts';

type RevokeRequest = {
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
function revokedEvent(
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

/**
 * Ends the token of a value that verified just now: whoever holds it may, and says neither who they are nor why. Its owner is
 * told, once. Nothing happens when it was revoked meanwhile.
 */
export async function revokeHeld(
  secret: StoredSecret,
  { store, clock }: { readonly store: Pick<TokenStore, 'revokeToken'>; readonly clock: Clock },
): Promise<void> {
  const at = clock();
  const { tokenId } = secret;
  await store.revokeToken(
    tokenId,
    { actor: 'holder', at, reason: null },
    {
      event: {
        at,
        actor: 'holder',
        action: 'token.revoked',
        tokenId,
        detail: { name: secret.name, reason: null, held: 1 },
      },
      delivery: { keys: [] },
      sayings: [
        { saying: { kind: 'receipt', tokenId }, dueAt: at },
        { saying: { kind: 'home', person: secret.owner }, dueAt: at },
        { saying: { kind: 'revoked_by_other', tokenId }, dueAt: at },
      ],
    },
  );
}

const REASON = 'never claimed';

/**
 * Revokes the tokens that nobody claimed within 7 days of their creation; 200 a call. It tidies: what makes and shows values
 * refuses such a token from that instant on, whether this has run or not.
 */
export async function revokeUnclaimed(
  workspace: WorkspaceId,
  { store, clock }: { readonly store: TokenStore; readonly clock: Clock },
): Promise<void> {
  const at = clock();
  for (const token of await store.unclaimedSince(workspace, at - UNCLAIMED_MS_MAX)) {
    // False where its owner claimed it while the others were being revoked: then it stays theirs.
    await store.revokeUnclaimed(token.id, { at, reason: REASON }, effectOfNeverClaimed(token, at));
  }
}

function effectOfNeverClaimed(token: Token, at: number): Omit<Effect, 'delivery'> {
  return {
    event: {
      at,
      actor: 'system',
      action: 'token.revoked',
      tokenId: token.id,
      detail: { name: token.name, reason: REASON, held: 0 },
    },
    sayings: [
      ...sayingsAbout(token, at),
      { saying: { kind: 'revoked_by_other', tokenId: token.id }, dueAt: at },
      ...(token.createdBy === token.owner
        ? []
        : [{ saying: { kind: 'never_claimed', tokenId: token.id } as const, dueAt: at }]),
    ],
  };
}
