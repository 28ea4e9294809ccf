import { DAY_MS, HOUR_MS } from '../clock.ts';
import { type ExpiryChoice, expiryFrom, type LifetimePolicy } from './expiry.ts';
import { findToken } from './find.ts';
import { keptScopes, type LeftOut, leftOutDetail, type ScopePolicy } from './kept-scopes.ts';
import type { Actor } from './policy.ts';
import { type RefuseDeps, type Refused, refused } from './refusal.ts';
import {
  type NotShown,
  notShown,
  type OldValues,
  oldValuesAfter,
  oldValuesAmong,
  type ShowDeps,
  showNewValue,
} from './show.ts';
import type { CreationLimits, Rotation } from './store.ts';
import { type Delivery, effectOf } from './telling.ts';
import { statusOf, type Token, type TokenId, type UsedToken, wasNeverClaimed } from './token.ts';
import type { UsageRecorder } from './usage.ts';

/** How long the old value may still be honoured. */
export const GRACES_MS = { now: 0, hour: HOUR_MS, day: DAY_MS, week: 7 * DAY_MS } as const;

export type Grace = keyof typeof GRACES_MS;

/**
 * `rotate`: a new value, the old one honoured for a while. `renew`: a new value and expiry for an expired token. `replace`: a
 * new value for one that was shown but never used, which ends at once.
 */
export type RotateKind = 'rotate' | 'renew' | 'replace';

export type RotateRequest = {
  readonly actor: Actor;
  readonly tokenId: TokenId;
  readonly kind: RotateKind;
  /** The token's generation as the person saw it. */
  readonly generation: number;
  readonly grace: Grace;
  readonly expiry: ExpiryChoice;
  readonly delivery: Delivery;
};

export type RotateDeps = ShowDeps & {
  readonly policy: LifetimePolicy & CreationLimits & ScopePolicy;
  /** What was used and is not written yet. */
  readonly usage: Pick<UsageRecorder, 'isUsed'>;
};

/** A rotation that may be carried out. */
export type PlannedRotation = {
  readonly kind: 'planned';
  readonly token: Token;
  readonly request: RotateRequest;
  readonly rotation: Rotation;
  /** Scopes that the new value will not get, as far as is remembered of people; who they are is asked when it is made. */
  readonly leftOut: readonly LeftOut[];
  /** What becomes of the values that the token has now. */
  readonly oldValues: OldValues;
};

export type Rotated = { readonly kind: 'rotated'; readonly leftOut: readonly LeftOut[] } | NotShown;

/** A rotation that this delivery has asked for before. */
export type RepeatedRotation = Pick<PlannedRotation, 'token' | 'oldValues'> & { readonly kind: 'repeated' };

/**
 * Whether the rotation may be carried out, and what it means. Changes nothing: a dialog is answered by it at once. `repeated`:
 * this delivery has had its effect before.
 */
export async function planRotation(
  request: RotateRequest,
  deps: RotateDeps,
): Promise<PlannedRotation | RepeatedRotation | Refused> {
  const found = await findToken(request.tokenId, 'rotate', request.actor, deps);
  if (found.kind === 'refused') return found;
  const { token } = found;
  if ((await deps.store.tokenOfDelivery(request.delivery)) === token.id) {
    return { kind: 'repeated', token, oldValues: await oldValuesOf(request, token, deps) };
  }
  const now = deps.clock();
  const obstacle = obstacleTo(request, token, now) ?? (await limitOf(request, token, deps));
  if (obstacle !== undefined) return obstacle;
  const current = request.kind === 'renew' ? {} : { current: token.expiresAt };
  const expiry = expiryFrom(request.expiry, { now, zone: request.actor.zone, ...current }, deps.policy);
  if (expiry.kind === 'refused') return expiry;
  const { expiresAt } = expiry;
  const kept = await keptScopes(token, deps);
  if (kept.kind === 'refused') return kept;
  const rotation = {
    generation: token.generation,
    ...endsOf(request, expiresAt, now),
    ...conditionOf(request.kind, deps),
  };
  return {
    kind: 'planned',
    token: { ...token, expiresAt },
    request,
    leftOut: kept.leftOut,
    rotation,
    oldValues: await oldValuesAfter(rotation, token, deps),
  };
}

/** When the token and its values end by that. */
function endsOf({ grace, kind }: RotateRequest, expiresAt: number | null, now: number) {
  // A value that nobody used leaves the grace of the one before it as it is.
  return { expiresAt, graceEndsAt: now + GRACES_MS[grace], endsOlder: kind !== 'replace' };
}

/** The same of a delivery that comes again: the new value was shown by now, or is being shown. */
async function oldValuesOf(request: RotateRequest, token: Token, deps: RotateDeps): Promise<OldValues> {
  const now = deps.clock();
  if (token.generation !== request.generation) {
    return oldValuesAmong(await deps.store.liveValues(token.id, now));
  }
  return oldValuesAfter(endsOf(request, token.expiresAt, now), token, deps);
}

/**
 * Shows the new value, and with that carries out the rotation: the old value's end, the new expiry and the next generation
 * are written when the new value is marked as shown. If it could not be shown, the old value lives on as before.
 */
export async function carryOutRotation(planned: PlannedRotation, deps: RotateDeps): Promise<Rotated> {
  const { token, rotation, request } = planned;
  const effectAt = (now: number, leftOut: readonly LeftOut[]) => effectFor(planned, leftOut, now);
  // Of the others one may be under way for each token: what was chosen in a dialog is not lost.
  const isPress = request.kind === 'replace';
  const outcome = await showNewValue(
    { token, purpose: rotation, delivery: request.delivery, isPress, effectAt },
    deps,
  );
  if (outcome.kind === 'shown') return { kind: 'rotated', leftOut: outcome.leftOut };
  if (outcome.kind === 'already_shown') return refused({ code: 'changed_meanwhile', name: token.name });
  return notShown(outcome, token, deps);
}

/** What the store must find to hold when it writes: what `limitOf` looks at may have changed by then. */
function conditionOf(kind: RotateKind, { policy, usage }: RotateDeps): Pick<Rotation, 'condition'> {
  switch (kind) {
    case 'rotate':
      return {};
    case 'renew':
      return { condition: { kind: 'room', liveTokensMax: policy.liveTokensMax } };
    case 'replace':
      return { condition: { kind: 'unused', isUsed: (lookupId) => usage.isUsed(lookupId) } };
  }
}

function obstacleTo(request: RotateRequest, token: UsedToken, now: number): Refused | undefined {
  const { name } = token;
  const status = statusOf(token, now);
  if (status === 'revoked') return refused({ code: 'already_revoked', name });
  if (wasNeverClaimed(token, now)) return refused({ code: 'never_claimed', name });
  if (status === 'unclaimed') return refused({ code: 'not_claimed', name });
  if (request.kind !== 'renew' && status === 'expired') return refused({ code: 'expired', name });
  if (request.kind === 'renew' && status !== 'expired') return refused({ code: 'changed_meanwhile', name });
  if (request.generation !== token.generation) return refused({ code: 'changed_meanwhile', name });
  return undefined;
}

/** What only the store can tell, for an answer at once: that the value was used and so arrived, or too many tokens live. */
async function limitOf(
  { kind }: RotateRequest,
  token: Token,
  deps: RotateDeps,
): Promise<Refused | undefined> {
  const now = deps.clock();
  if (kind === 'replace') {
    const [newest] = await deps.store.liveValues(token.id, now);
    const isUnused = newest !== undefined && newest.lastUsedAt === null;
    return isUnused ? undefined : refused({ code: 'already_used', name: token.name });
  }
  if (kind === 'rotate') return undefined;
  // An expired token counts as none; renewed it counts again. As the store will count it.
  const { generation, expiresAt } = token;
  const rotation = { generation, expiresAt, graceEndsAt: now, endsOlder: true, ...conditionOf(kind, deps) };
  const obstacle = await deps.store.obstacleToSecret({ tokenId: token.id, createdAt: now }, rotation, {
    keys: [],
  });
  const { liveTokensMax } = deps.policy;
  return obstacle === 'too_many_live' ? refused({ code: obstacle, liveTokensMax }) : undefined;
}

const ACTIONS = { rotate: 'token.rotated', renew: 'token.renewed', replace: 'value.replaced' } as const;

function effectFor({ token, rotation, request }: PlannedRotation, leftOut: readonly LeftOut[], at: number) {
  const { expiresAt, graceEndsAt } = rotation;
  const detail = { expires_at: expiresAt, old_value_ends_at: graceEndsAt, ...leftOutDetail(leftOut) };
  return effectOf({ action: ACTIONS[request.kind], actor: request.actor.id, at }, token, detail);
}

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
  const effect = effectOf({ action: 'old_value.ended', actor: actor.id, at }, token);
  const outcome = await deps.store.endOldValues(token.id, at, { ...effect, delivery });
  if (outcome.kind === 'none') return refused({ code: 'no_old_value', name: token.name });
  return { kind: 'ended', token };
}
