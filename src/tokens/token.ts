import { DAY_MS } from '../clock.ts';
import type { NameKey, TokenName } from './name.ts';
import { randomBase62 } from './token-value.ts';

const ID_LENGTH = 16;

/** An active token is idle when it was unused for so long. */
export const IDLE_AFTER_MS = 90 * DAY_MS;

/** How long a token may wait for its owner to take it. */
export const UNCLAIMED_MS_MAX = 7 * DAY_MS;

/** An active token expires soon when so little of its life is left. */
export const EXPIRING_SOON_MS = 14 * DAY_MS;

/** Names a token's row. Not secret: it may be logged. */
export type TokenId = string & { readonly brand: 'TokenId' };

/** A Slack user id. */
export type PersonId = string & { readonly brand: 'PersonId' };

/** A Slack workspace (team) id. */
export type WorkspaceId = string & { readonly brand: 'WorkspaceId' };

/**
 * Who did something: a person, the app itself, its leak guard, the app because GitHub found a value, or somebody of whom nothing is
 * known but that they held the value.
 */
export type Doer = PersonId | 'system' | 'guard' | 'github' | 'holder';

/** A token: everything but its secrets. Instants are milliseconds UTC. */
export type Token = {
  readonly id: TokenId;
  readonly workspace: WorkspaceId;
  readonly name: TokenName;
  readonly nameKey: NameKey;
  readonly owner: PersonId;
  readonly createdBy: PersonId;
  readonly purpose: string | null;
  readonly scopes: readonly string[];
  readonly createdAt: number;
  /** Null: never. */
  readonly expiresAt: number | null;
  /** How often it was rotated. */
  readonly generation: number;
  /** When a value was first shown to its owner; null: never yet. */
  readonly claimedAt: number | null;
  readonly revokedAt: number | null;
  readonly revokedBy: Doer | null;
  readonly revokeReason: string | null;
};

/** A token with what is known of its use and its owner. The instants are null while it was never used or refused. */
export type UsedToken = Token & {
  readonly lastUsedAt: number | null;
  readonly useCount: number;
  /** How often a value of it was presented after its end, and when last. */
  readonly refusedCount: number;
  readonly lastRefusedAt: number | null;
  /** The same since it was revoked, by its lookup id alone: no digest is left that could prove it. */
  readonly triedCount: number;
  readonly lastTriedAt: number | null;
  /** Where it was used from, the latest first, five at most. */
  readonly addresses: readonly string[];
  /** Since when its owner is known to have left the workspace, or to be barred; null: neither is known. */
  readonly ownerGoneAt: number | null;
  /** Whether it is that: they are in the workspace, but may not use the app any more. */
  readonly ownerIsBarred: boolean;
};

export type TokenStatus = 'unclaimed' | 'active' | 'expired' | 'revoked';

/** How many tokens there are of each status, and how many of the active ones are expiring soon. */
export type TokenCounts = Readonly<Record<TokenStatus | 'expiringSoon', number>>;

/** What is said of a live token beside its status. */
export type TokenRemark =
  | 'idle'
  | 'expiring soon'
  | 'owner gone'
  | 'owner may not use apitoken'
  | 'never claimed';

/** A fresh id. */
export function newTokenId(): TokenId {
  return `tok_${randomBase62(ID_LENGTH)}` as TokenId;
}

/** The Slack user id that `text` is, or undefined. Says nothing of whether there is such a person. */
export function parsePersonId(text: string): PersonId | undefined {
  return /^[UW][0-9A-Z]{1,30}$/.test(text) ? (text as PersonId) : undefined;
}

/** The id that `text` is, or undefined. Says nothing of whether such a token exists. */
export function parseTokenId(text: string): TokenId | undefined {
  return /^tok_[0-9A-Za-z]{16}$/.test(text) ? (text as TokenId) : undefined;
}

/**
 * Revoked wins over expired: somebody acted, so that is what we report. Expired at the very instant of `expiresAt`.
 * Unclaimed: no value was ever shown to its owner.
 */
export function statusOf(
  token: Pick<Token, 'revokedAt' | 'expiresAt' | 'claimedAt'>,
  now: number,
): TokenStatus {
  if (token.revokedAt !== null) return 'revoked';
  if (token.expiresAt !== null && now >= token.expiresAt) return 'expired';
  return token.claimedAt === null ? 'unclaimed' : 'active';
}

/**
 * Whether nobody took the token in time: no value of it is shown any more, whether it is revoked by now or not. Expired or not,
 * as the app revokes it.
 */
export function wasNeverClaimed(
  token: Pick<Token, 'claimedAt' | 'createdAt' | 'revokedAt'>,
  now: number,
): boolean {
  return token.revokedAt === null && token.claimedAt === null && now - token.createdAt >= UNCLAIMED_MS_MAX;
}

/** What may be done with a token, in the order in which it is offered. */
export const OFFERS = ['show_value', 'rotate', 'create_again', 'revoke'] as const;

export type Offer = (typeof OFFERS)[number];

const OFFERS_BY_STATUS: Readonly<Record<TokenStatus, readonly Offer[]>> = {
  unclaimed: ['show_value', 'revoke'],
  active: ['rotate', 'revoke'],
  expired: ['rotate', 'create_again', 'revoke'],
  revoked: ['create_again'],
};

/** What may be done with the token as it stands, by its owner; whether by anybody else, `may` decides. */
export function offersFor(
  token: Pick<Token, 'createdAt' | 'claimedAt' | 'expiresAt' | 'revokedAt'>,
  now: number,
): readonly Offer[] {
  return wasNeverClaimed(token, now) ? ['create_again', 'revoke'] : OFFERS_BY_STATUS[statusOf(token, now)];
}

/**
 * Of an active token: unused for 90 days, or within 14 days of its expiry. Of an active or unclaimed one: its owner left, or may
 * not use the app. Of
 * one that the app is about to revoke: nobody took it. Of any other: nothing.
 */
export function remarksOf(token: UsedToken, now: number): TokenRemark[] {
  const status = statusOf(token, now);
  if (wasNeverClaimed(token, now)) return ['never claimed'];
  if (status === 'revoked' || status === 'expired') return [];
  const remarks: TokenRemark[] = ownerRemarks(token);
  if (status === 'unclaimed') return remarks;
  if (token.expiresAt !== null && token.expiresAt - now <= EXPIRING_SOON_MS) remarks.push('expiring soon');
  if (now - (token.lastUsedAt ?? token.createdAt) >= IDLE_AFTER_MS) remarks.push('idle');
  return remarks;
}

function ownerRemarks({ ownerGoneAt, ownerIsBarred }: UsedToken): TokenRemark[] {
  if (ownerGoneAt === null) return [];
  return [ownerIsBarred ? 'owner may not use apitoken' : 'owner gone'];
}
