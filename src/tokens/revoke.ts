import { createHash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { allowedTokens, findToken } from './find.ts';
import { heldOldValue } from './held.ts';
import type { Leak } from './outbox.ts';
import type { Peppers } from './pepper.ts';
import { type Actor, may } from './policy.ts';
import { type RefuseDeps, type Refused, refuseByPolicy, refused } from './refusal.ts';
import { type Ending, REVOKED_AT_ONCE_MAX, type StoredSecret, type TokenStore } from './store.ts';
import { type Delivery, effectOf, NEVER_CLAIMED } from './telling.ts';
import { type TokenId, UNCLAIMED_MS_MAX, type UsedToken, type WorkspaceId } from './token.ts';

type RevokeRequest = {
  readonly actor: Actor;
  /** 100 at most. A delivery key stands for these and no others. */
  readonly tokenIds: readonly TokenId[];
  /** Those of them that are there, where they were read for this before: what decides who may end them never changes. */
  readonly there?: ReadonlyMap<TokenId, UsedToken>;
  /** Needed for somebody else's token. */
  readonly reason: string | null;
  /** The actor presented the tokens' whole verified values, which gives everybody the right to end them. */
  readonly held: boolean;
  readonly delivery: Delivery;
} & Pick<Ending, 'found'>;

/**
 * Ends tokens in one transaction, from the next request on they are refused: all of them, but for those that were ended before,
 * or, where the actor may not end one, none. Resolves to all of them as they are by then. `repeated`: this delivery has done it
 * before.
 */
export async function revokeTokens(
  request: RevokeRequest,
  deps: RefuseDeps,
): Promise<{ kind: 'revoked' | 'repeated'; tokens: readonly UsedToken[] } | Refused> {
  const { actor, reason, held, found, tokenIds, delivery } = request;
  const there = request.there ?? (await deps.store.findTokens(actor.workspace, tokenIds));
  const asked = await allowedTokens(tokenIds, there, held ? 'revoke_held' : 'revoke', actor, deps);
  if (asked.kind === 'refused') return asked;
  const [first, ...others] = asked.tokens;
  if (first === undefined) return refused({ code: 'nothing_ticked' });
  if (reason === null && asked.tokens.some(({ owner }) => owner !== actor.id)) {
    return refused({ code: 'reason_required' });
  }

  const by = { actor: actor.id, at: deps.clock(), reason, held, found };
  const outcome = await deps.store.revokeTokens(tokenIds, by, delivery);
  if (outcome.kind !== 'already_revoked') return outcome;
  return refused(
    others.length > 0 ? { code: 'all_already_revoked' } : { code: 'already_revoked', name: first.name },
  );
}

/**
 * Notes that nothing uses these revoked tokens any more, said by somebody who could have ended them: none of them deserves a look
 * until it is presented again. `repeated`: this delivery has noted it before.
 */
export async function closeIncident(
  request: {
    readonly actor: Actor;
    readonly tokenIds: readonly TokenId[];
    readonly delivery: Delivery;
  },
  deps: RefuseDeps,
): Promise<{ readonly kind: 'closed' | 'repeated' } | Refused> {
  const { actor, tokenIds, delivery } = request;
  const there = await deps.store.findTokens(actor.workspace, tokenIds);
  const asked = await allowedTokens(tokenIds, there, 'revoke', actor, deps);
  if (asked.kind === 'refused') return asked;
  const live = asked.tokens.find(({ revokedAt }) => revokedAt === null);
  if (live !== undefined) return refused({ code: 'changed_meanwhile', name: live.name });
  return {
    kind: await deps.store.closeIncident(asked.tokens, { actor: actor.id, at: deps.clock() }, delivery),
  };
}

/**
 * Ends a token that somebody else created for `actor`, who has not claimed it: no value of it ever was. One that they claimed
 * meanwhile, or that ended, stays as it is.
 */
export async function declineToken(
  request: { readonly actor: Actor; readonly tokenId: TokenId; readonly delivery: Delivery },
  deps: RefuseDeps,
): Promise<{ readonly kind: 'declined' } | Refused> {
  const { actor, tokenId, delivery } = request;
  const found = await findToken(tokenId, 'show_value', actor, deps);
  if (found.kind === 'refused') return found;
  const by = { actor: actor.id, at: deps.clock(), reason: null, held: false, onlyUnclaimed: true } as const;
  const outcome = await deps.store.revokeTokens([tokenId], by, delivery);
  if (outcome.kind !== 'already_revoked') return { kind: 'declined' };
  const { name, revokedAt } = found.token;
  return refused({ code: revokedAt === null ? 'changed_meanwhile' : 'already_revoked', name });
}

/**
 * Ends the one old value that the actor presented (`held`), in the grace of a rotation: its token lives on with the new one.
 * `repeated`: this delivery, or another press of the same button, has done it before.
 */
export async function endHeldOldValue(
  request: {
    readonly actor: Actor;
    readonly tokenId: TokenId;
    readonly held: string;
    readonly delivery: Delivery;
  },
  deps: RefuseDeps & { readonly peppers: Peppers },
): Promise<{ readonly kind: 'ended' | 'repeated'; readonly token: UsedToken } | Refused> {
  const { actor, tokenId, held } = request;
  // The note stands for the person, the value and the dialog: whatever presses with it wants the same.
  const pressed = createHash('sha256').update(`${actor.id} ends ${held}`).digest('base64url');
  const delivery = { keys: [...request.delivery.keys, pressed] };
  const found = await findToken(tokenId, 'revoke_held', actor, deps);
  if (found.kind === 'refused') return found;
  const { token } = found;
  if (token.revokedAt === null && (await deps.store.tokenOfDelivery(delivery)) === tokenId) {
    return { kind: 'repeated', token };
  }
  const old = await heldOldValue(held, { actor: actor.id, tokenId }, deps);
  if (old.kind !== 'held') {
    const refusal = { code: old.kind === 'lapsed' ? 'no_longer_held' : 'value_ended' } as const;
    if (may(actor, 'revoke', token, deps.policy)) return refused(refusal);
    return refuseByPolicy({ actor, attempted: 'revoke_held', tokenId, refusal }, deps);
  }

  const at = deps.clock();
  const effect = effectOf({ action: 'old_value.ended', actor: actor.id, at }, token, { held: 1 });
  const outcome = await deps.store.endOldValues(tokenId, at, { ...effect, delivery }, old.lookupId);
  if (outcome.kind !== 'none') return { kind: outcome.kind, token };
  const { revokedAt } = (await deps.store.findToken(actor.workspace, tokenId)) ?? token;
  return refused(
    revokedAt === null ? { code: 'value_ended' } : { code: 'already_revoked', name: token.name },
  );
}

/** Of what nobody in Slack asked for: what is revoked is not revoked again. */
const NO_DELIVERY = { keys: [] };

/**
 * Ends the token of a value that verified just now: whoever holds it may, and says neither who they are nor why. Nothing
 * happens when it was revoked meanwhile.
 */
export async function revokeHeld(
  { tokenId }: StoredSecret,
  { store, clock }: { readonly store: Pick<TokenStore, 'revokeTokens'>; readonly clock: Clock },
): Promise<void> {
  await store.revokeTokens(
    [tokenId],
    { actor: 'holder', at: clock(), reason: null, held: true },
    NO_DELIVERY,
  );
}

/** A value that stood in a message: `lookupId` is there where it still works, or did until its token was revoked. */
export type LeakedValue = {
  readonly token: UsedToken;
  readonly is: 'works' | 'old_works' | 'revoked' | 'ended';
  readonly lookupId: string | undefined;
  /** Until when it works by itself; null: for ever. */
  readonly endsAt: number | null;
  readonly isThere: boolean;
};

/** How each value that stood in the message stands at `now`. */
export async function leakedValues(
  leak: Pick<Leak, 'tokens'>,
  workspace: WorkspaceId,
  now: number,
  store: Pick<TokenStore, 'findTokens' | 'standingValues' | 'readSecret'>,
): Promise<LeakedValue[]> {
  const values: LeakedValue[] = [];
  for (let start = 0; start < leak.tokens.length; start += REVOKED_AT_ONCE_MAX) {
    const leaked = leak.tokens.slice(start, start + REVOKED_AT_ONCE_MAX);
    const ids = leaked.map(({ tokenId }) => tokenId);
    const [tokens, standing] = await Promise.all([
      store.findTokens(workspace, ids),
      store.standingValues(ids, now),
    ]);
    for (const { tokenId, madeAt, isThere } of leaked) {
      const token = tokens.get(tokenId);
      if (token === undefined) continue;
      const secrets = await Promise.all((standing.get(tokenId) ?? []).map((id) => store.readSecret(id)));
      const index = secrets.findIndex((secret) => secret?.createdAt === madeAt);
      const { lookupId, endsAt = null } = secrets[index] ?? {};
      values.push({ token, is: standOf(token, index), lookupId, endsAt, isThere });
    }
  }
  return values;
}

function standOf({ revokedAt }: UsedToken, index: number): LeakedValue['is'] {
  if (revokedAt !== null) return 'revoked';
  if (index < 0) return 'ended';
  return index === 0 ? 'works' : 'old_works';
}

/** Whether there is still something to end. */
export function isWorking({ is }: Pick<LeakedValue, 'is'>): boolean {
  return is === 'works' || is === 'old_works';
}

/** Ends, by the leak guard, those of the values that stand in their message and still work. */
export async function endByGuard(
  values: readonly LeakedValue[],
  reason: string,
  deps: { readonly workspace: WorkspaceId; readonly clock: Clock } & {
    readonly store: Omit<EndLeakedDeps['store'], 'workspace'>;
  },
): Promise<void> {
  const leaked = values
    .filter((value) => value.isThere && isWorking(value))
    .flatMap(({ token, lookupId }) => (lookupId === undefined ? [] : [{ tokenId: token.id, lookupId }]));
  const store = { ...deps.store, workspace: async () => deps.workspace };
  for (let start = 0; start < leaked.length; start += REVOKED_AT_ONCE_MAX) {
    const some = leaked.slice(start, start + REVOKED_AT_ONCE_MAX);
    await endLeaked(some, { actor: 'guard', reason }, { store, clock: deps.clock });
  }
}

/** What ends values that leaked. */
export type EndLeakedDeps = {
  readonly store: Pick<TokenStore, 'revokeTokens' | 'endOldValues' | 'standingValues' | 'findTokens'> & {
    workspace(): Promise<WorkspaceId | undefined>;
  };
  readonly clock: Clock;
};

/**
 * Ends what leaked and verified just now, 100 tokens at most, though nobody asked for it: an old value in the grace of a rotation
 * alone, since its token lives on with the new one; else the token. What ended meanwhile stays as it is.
 */
export async function endLeaked(
  leaked: readonly Pick<StoredSecret, 'tokenId' | 'lookupId'>[],
  { actor, reason }: Pick<Ending, 'actor' | 'reason'>,
  { store, clock }: EndLeakedDeps,
): Promise<void> {
  const at = clock();
  const ids = [...new Set(leaked.map(({ tokenId }) => tokenId))];
  const standing = await store.standingValues(ids, at);
  const isOld = ({ tokenId, lookupId }: (typeof leaked)[number]) =>
    (standing.get(tokenId) ?? []).indexOf(lookupId) > 0;
  const ending = new Set(leaked.filter((value) => !isOld(value)).map(({ tokenId }) => tokenId));
  if (ending.size > 0) {
    await store.revokeTokens([...ending], { actor, at, reason, held: true }, NO_DELIVERY);
  }
  const workspace = await store.workspace();
  const there = workspace === undefined ? undefined : await store.findTokens(workspace, ids);
  for (const { tokenId, lookupId } of leaked.filter((value) => isOld(value) && !ending.has(value.tokenId))) {
    const token = there?.get(tokenId);
    if (token === undefined) continue;
    const effect = effectOf({ action: 'old_value.ended', actor, at }, token, { reason, held: 1 });
    await store.endOldValues(tokenId, at, { ...effect, delivery: NO_DELIVERY }, lookupId);
  }
}

/**
 * Revokes the tokens that nobody claimed within 7 days of their creation; 200 a call. It tidies: what makes and shows values
 * refuses such a token from that instant on, whether this has run or not.
 */
export async function revokeUnclaimed(
  workspace: WorkspaceId,
  { store, clock }: { readonly store: TokenStore; readonly clock: Clock },
): Promise<void> {
  const at = clock();
  for (const { id } of await store.unclaimedSince(workspace, at - UNCLAIMED_MS_MAX)) {
    // One by one, so that each is told of by itself. Claimed while the others were being revoked, it stays its owner's.
    const by = { actor: 'system', at, reason: NEVER_CLAIMED, held: false, onlyUnclaimed: true } as const;
    await store.revokeTokens([id], by, NO_DELIVERY);
  }
}
