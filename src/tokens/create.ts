import { type Clock, DAY_MS, SECOND_MS } from '../clock.ts';
import { nameKeyOf, numberedName, type TokenName } from './name.ts';
import { type AccessPolicy, type Actor, may } from './policy.ts';
import { type Refused, refused } from './refusal.ts';
import { refuseByPolicy } from './refuse.ts';
import type { Delivery, TokenStore } from './store.ts';
import { newTokenId, type Token } from './token.ts';

/** How many numbered names are tried before none is proposed. */
const PROPOSALS_MAX = 100;
/** The receipt waits this long for the value to be shown, so that it is right the first time it is read. */
const RECEIPT_DELAY_MS = 2 * SECOND_MS;

/** The company's rules for new tokens. */
export type CreationPolicy = AccessPolicy & {
  readonly lifetimeDaysMax: number;
  readonly mayNeverExpire: boolean;
};

export type CreateRequest = {
  readonly actor: Actor;
  readonly name: TokenName;
  readonly purpose: string | null;
  /** Null: never. */
  readonly lifetimeDays: number | null;
  readonly delivery: Delivery;
};

export type Created = { readonly kind: 'created'; readonly token: Token };

/**
 * A new token of the actor's own, without a value yet: `showValue` makes that. A delivery that came before gives the token
 * it made then (`repeated`).
 */
export async function createToken(
  request: CreateRequest,
  deps: { readonly store: TokenStore; readonly clock: Clock; readonly policy: CreationPolicy },
): Promise<Created | { kind: 'repeated'; token: Token } | Refused> {
  const { actor, name, lifetimeDays } = request;
  if (!may(actor, 'create', undefined, deps.policy)) {
    return refuseByPolicy(
      { actor, attempted: 'create', tokenId: null, refusal: { code: 'app_not_permitted' } },
      deps,
    );
  }
  if (!isAllowed(lifetimeDays, deps.policy)) {
    const { lifetimeDaysMax, mayNeverExpire } = deps.policy;
    return refused({ code: 'lifetime_not_allowed', lifetimeDaysMax, mayNeverExpire });
  }
  const token = tokenFrom(request, deps.clock());
  const outcome = await deps.store.insertToken(token, effectOf(token, request.delivery));
  if (outcome.kind === 'name_taken') {
    return refused({ code: 'name_taken', name, freeName: await freeName(actor, name, deps.store) });
  }
  if (outcome.kind === 'inserted') return { kind: 'created', token };
  const first = await deps.store.findToken(actor.workspace, outcome.tokenId);
  if (first === undefined) throw new Error('a delivery names a token that is not there');
  return { kind: 'repeated', token: first };
}

function tokenFrom(request: CreateRequest, now: number): Token {
  const { actor, name, purpose, lifetimeDays } = request;
  return {
    id: newTokenId(),
    workspace: actor.workspace,
    name,
    nameKey: nameKeyOf(name),
    owner: actor.id,
    createdBy: actor.id,
    purpose,
    scopes: [],
    createdAt: now,
    expiresAt: lifetimeDays === null ? null : now + lifetimeDays * DAY_MS,
    generation: 0,
    claimedAt: null,
    revokedAt: null,
    revokedBy: null,
    revokeReason: null,
  };
}

function effectOf(token: Token, delivery: Delivery) {
  const dueAt = token.createdAt + RECEIPT_DELAY_MS;
  return {
    event: {
      at: token.createdAt,
      actor: token.createdBy,
      action: 'token.created',
      tokenId: token.id,
      detail: { name: token.name, owner: token.owner, expires_at: token.expiresAt },
    },
    delivery,
    sayings: [
      { saying: { kind: 'receipt', tokenId: token.id }, dueAt },
      { saying: { kind: 'home', person: token.owner }, dueAt },
    ],
  } as const;
}

function isAllowed(lifetimeDays: number | null, policy: CreationPolicy): boolean {
  if (lifetimeDays === null) return policy.mayNeverExpire;
  return Number.isInteger(lifetimeDays) && lifetimeDays >= 1 && lifetimeDays <= policy.lifetimeDaysMax;
}

async function freeName(actor: Actor, name: TokenName, store: TokenStore): Promise<string | null> {
  const candidates = Array.from({ length: PROPOSALS_MAX }, (_, index) => numberedName(name, index + 2));
  const taken = await store.takenNames(actor.workspace, candidates.map(nameKeyOf));
  return candidates.find((candidate) => !taken.has(nameKeyOf(candidate))) ?? null;
}
