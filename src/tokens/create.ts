import type { Clock } from '../clock.ts';
import { type ExpiryChoice, expiryFrom, type LifetimePolicy } from './expiry.ts';
import { nameKeyOf, numberedName, type TokenName } from './name.ts';
import { type AccessPolicy, type Actor, INTROSPECT_SCOPE, may, mayUseApp } from './policy.ts';
import { type Refused, refuseByPolicy, refused } from './refusal.ts';
import type { CreationLimits, TokenStore } from './store.ts';
import { type Delivery, type Effect, effectOf } from './telling.ts';
import { newTokenId, type Token } from './token.ts';

/** How many numbered names are tried before none is proposed. */
const PROPOSALS_MAX = 100;

/** The company's rules for new tokens. */
export type CreationPolicy = AccessPolicy &
  LifetimePolicy &
  CreationLimits & {
    /** What a token may be allowed to do, beside the built-in scope that admins grant. */
    readonly scopes: readonly string[];
  };

export type CreateRequest = {
  readonly actor: Actor;
  /** Whose token it is to be: the actor, or for admins anybody who may use the app. */
  readonly owner: Actor;
  readonly name: TokenName;
  readonly purpose: string | null;
  readonly expiry: ExpiryChoice;
  readonly scopes: readonly string[];
  readonly delivery: Delivery;
};

export type CreateDeps = {
  readonly store: TokenStore;
  readonly clock: Clock;
  readonly policy: CreationPolicy;
};

export type Created = { readonly kind: 'created'; readonly token: Token };

/**
 * A new token, without a value yet: `showValue` makes that, for its owner alone. A delivery that came before gives the token
 * it made then (`repeated`).
 */
export async function createToken(
  request: CreateRequest,
  deps: CreateDeps,
): Promise<Created | { kind: 'repeated'; token: Token } | Refused> {
  const { actor, name } = request;
  const obstacle = await obstacleTo(request, deps);
  if (obstacle !== undefined) return obstacle;
  const now = deps.clock();
  const expiry = expiryFrom(request.expiry, { now, zone: actor.zone }, deps.policy);
  if (expiry.kind === 'refused') return expiry;

  const token = tokenFrom(request, expiry.expiresAt, now);
  const outcome = await deps.store.insertToken(token, deps.policy, {
    ...effectFor(token),
    delivery: request.delivery,
  });
  switch (outcome.kind) {
    case 'inserted':
      return { kind: 'created', token };
    case 'name_taken':
      return refused({ code: 'name_taken', name, freeName: await freeName(actor, name, deps.store) });
    case 'too_many_live': {
      const code = token.owner === actor.id ? 'too_many_live' : 'owner_too_many_live';
      return refused({ code, liveTokensMax: deps.policy.liveTokensMax });
    }
    case 'too_many_today':
      return refused({ code: 'too_many_today', creationsPerDayMax: deps.policy.creationsPerDayMax });
    case 'repeated': {
      const first = await deps.store.findToken(actor.workspace, outcome.tokenId);
      if (first === undefined) throw new Error('a delivery names a token that is not there');
      return { kind: 'repeated', token: first };
    }
  }
}

async function obstacleTo(request: CreateRequest, deps: CreateDeps): Promise<Refused | undefined> {
  const { actor, owner, scopes } = request;
  if (!may(actor, 'create', undefined, deps.policy)) {
    const refusal = { code: 'app_not_permitted' } as const;
    return refuseByPolicy({ actor, attempted: 'create', tokenId: null, refusal }, deps);
  }
  if (owner.id !== actor.id) {
    if (!may(actor, 'create_for_others', undefined, deps.policy)) {
      const refusal = { code: 'owner_not_permitted' } as const;
      return refuseByPolicy({ actor, attempted: 'create_for_others', tokenId: null, refusal }, deps);
    }
    if (!mayUseApp(owner, deps.policy)) return refused({ code: 'owner_not_permitted' });
  }
  const offered = offeredScopes(actor, deps.policy);
  if (scopes.every((scope) => offered.includes(scope))) return undefined;
  const refusal = { code: 'scope_unknown' } as const;
  // Known, but not for them to grant: in the same words as what does not exist, with an event.
  return scopes.includes(INTROSPECT_SCOPE) && !offered.includes(INTROSPECT_SCOPE)
    ? refuseByPolicy({ actor, attempted: 'grant_introspect', tokenId: null, refusal }, deps)
    : refused(refusal);
}

/** What `actor` may have a new token be allowed to do: the company's scopes and, for admins, the built-in one. */
export function offeredScopes(
  actor: Actor,
  policy: AccessPolicy & Pick<CreationPolicy, 'scopes'>,
): readonly string[] {
  return may(actor, 'grant_introspect', undefined, policy)
    ? [...policy.scopes, INTROSPECT_SCOPE]
    : policy.scopes;
}

function tokenFrom(request: CreateRequest, expiresAt: number | null, now: number): Token {
  const { actor, owner, name, purpose, scopes } = request;
  return {
    id: newTokenId(),
    workspace: actor.workspace,
    name,
    nameKey: nameKeyOf(name),
    owner: owner.id,
    createdBy: actor.id,
    purpose,
    scopes,
    createdAt: now,
    expiresAt,
    generation: 0,
    claimedAt: null,
    revokedAt: null,
    revokedBy: null,
    revokeReason: null,
  };
}

function effectFor(token: Token): Omit<Effect, 'delivery'> {
  const { owner, createdBy: actor, createdAt: at, expiresAt, scopes } = token;
  const detail = { owner, expires_at: expiresAt, scopes: scopes.join(' ') };
  return effectOf({ action: 'token.created', actor, at }, token, detail);
}

/** A name like `name` that nobody ever used; null when none of a hundred is free. */
export async function freeName(actor: Actor, name: TokenName, store: TokenStore): Promise<string | null> {
  const candidates = Array.from({ length: PROPOSALS_MAX }, (_, index) => numberedName(name, index + 2));
  const taken = await store.takenNames(actor.workspace, candidates.map(nameKeyOf));
  return candidates.find((candidate) => !taken.has(nameKeyOf(candidate))) ?? null;
}
