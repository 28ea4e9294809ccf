import type { AuditEvent } from './audit.ts';
import type { NameKey, TokenName } from './name.ts';
import type { PersonId, Token, TokenId, UsedToken, WorkspaceId } from './token.ts';

/** How long a secret may wait to be marked as shown. Later it is taken for lost in a crash: it no longer counts. */
export const SHOWING_MS_MAX = 60_000;

/** The keys of the Slack delivery that asks for an effect. The effect happens once per key, whatever is delivered twice. */
export type Delivery = { readonly keys: readonly string[] };

/** What is still to be said in Slack. The state of the moment it is said counts, so none of these carries any. */
export type Saying =
  | { readonly kind: 'receipt'; readonly tokenId: TokenId }
  | { readonly kind: 'home'; readonly person: PersonId }
  | { readonly kind: 'revoked_by_other'; readonly tokenId: TokenId };

/** What every change brings along, written in the same transaction as the change. */
export type Effect = {
  readonly event: AuditEvent;
  readonly delivery: Delivery;
  readonly sayings: readonly { readonly saying: Saying; readonly dueAt: number }[];
};

/** A stored verifier of a token, with a copy of what a verification answers, so that one read decides. */
export type Secret = {
  readonly lookupId: string;
  readonly tokenId: TokenId;
  readonly hash: string;
  readonly digest: Buffer;
  readonly pepperId: string;
  readonly createdAt: number;
  /** The instant from which it is refused; null: never. */
  readonly endsAt: number | null;
  readonly name: TokenName;
  readonly owner: PersonId;
  readonly scopes: readonly string[];
};

/** A secret as a verification reads it: `digest` is null once the token is revoked, `shownAt` while nobody saw the value. */
export type StoredSecret = Omit<Secret, 'hash' | 'digest'> & {
  readonly digest: Buffer | null;
  readonly shownAt: number | null;
};

export type ListFilter = 'active' | 'expired' | 'revoked' | 'all';
export const LIST_FILTERS: readonly ListFilter[] = ['active', 'expired', 'revoked', 'all'];

export type ListRequest = {
  readonly owner: PersonId;
  /** `active` holds the unclaimed ones too: all that is neither expired nor revoked. */
  readonly filter: ListFilter;
  /** From 1. A page beyond the last is the last. */
  readonly page: number;
  readonly pageSize: number;
  readonly now: number;
};
export type ListPage = {
  readonly tokens: readonly UsedToken[];
  readonly page: number;
  readonly pageCount: number;
  readonly total: number;
};

/** What happened to an effect: `repeated` means that this delivery had it before, and nothing was written now. */
export type Repeated = { readonly kind: 'repeated'; readonly tokenId: TokenId };

export type TokenUse = { readonly tokenId: TokenId; readonly lastUsedAt: number; readonly count: number };

/**
 * Where tokens are kept. Each method that writes is one transaction: the change, its audit event, what is to be said and
 * the delivery's keys, all or nothing. A fault is thrown as `StoreFault` (of `src/store`), which holds no parameters.
 */
export interface TokenStore {
  /** A new token, unclaimed. The database's constraint on the name decides, never a look beforehand. */
  insertToken(
    token: Token,
    effect: Effect,
  ): Promise<{ kind: 'inserted' } | { kind: 'name_taken' } | Repeated>;

  /**
   * A secret that nobody has seen. Nothing is written when the token has had or is just getting another one
   * (`already_shown`), or is revoked or past its end (`ended`). A secret left unshown by a crash is removed on the way.
   */
  insertSecret(
    secret: Secret,
    delivery: Delivery,
  ): Promise<{ kind: 'inserted' } | { kind: 'already_shown' } | { kind: 'ended' } | Repeated>;

  /** Marks the secret as shown and its token as claimed. False when it is gone or the token was revoked meanwhile. */
  markShown(lookupId: string, shownAt: number, effect: Omit<Effect, 'delivery'>): Promise<boolean>;

  /** Removes a secret that was not shown. False when it is not there or was shown. */
  withdrawSecret(lookupId: string, effect: Omit<Effect, 'delivery'>): Promise<boolean>;

  /** Ends the token for good and empties its secrets. `already_revoked`: somebody else ended it first. */
  revokeToken(
    id: TokenId,
    by: { readonly actor: PersonId; readonly at: number; readonly reason: string | null },
    effect: Effect,
  ): Promise<{ kind: 'revoked' } | { kind: 'already_revoked' } | Repeated>;

  findToken(workspace: WorkspaceId, id: TokenId): Promise<UsedToken | undefined>;
  findTokenByName(workspace: WorkspaceId, key: NameKey): Promise<UsedToken | undefined>;
  /** Whether a value was shown, or is being shown at `now`. */
  hasLiveSecret(id: TokenId, now: number): Promise<boolean>;
  /** Why the latest value of the token was withdrawn (the event's `detail.reason`); undefined when none ever was. */
  lastWithdrawal(id: TokenId): Promise<string | undefined>;
  /** Which of the keys (100 at most) are taken. */
  takenNames(workspace: WorkspaceId, keys: readonly NameKey[]): Promise<ReadonlySet<NameKey>>;
  /** Active ones by expiry, the soonest first; expired and revoked ones by that date, the latest first. */
  listTokens(workspace: WorkspaceId, request: ListRequest): Promise<ListPage>;

  /** The one indexed read of a verification, on a connection of its own. */
  readSecret(lookupId: string): Promise<StoredSecret | undefined>;

  /** Adds uses to the counts. One transaction: hand it 200 tokens at most. */
  addUses(uses: readonly TokenUse[]): Promise<void>;

  /** Writes a refusal by policy: the first ten a person and hour as events, the others as a count. */
  recordRefusal(event: AuditEvent): Promise<void>;
  /** Turns the counts of hours that are over into one event each, and drops the delivery keys of 15 minutes ago. */
  tidy(now: number): Promise<void>;
}
