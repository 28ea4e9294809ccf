import type { Attention, StatusFilter } from './attention.ts';
import type { AuditEvent, ChainAlarm, ChainedEvent, ChainHead } from './audit.ts';
import type { LeakSource } from './held.ts';
import type { NameKey, TokenName } from './name.ts';
import type { Delivery, Effect, Notice, Repeated } from './telling.ts';
import type { Doer, PersonId, Token, TokenCounts, TokenId, UsedToken, WorkspaceId } from './token.ts';

/** How long a secret may wait to be marked as shown. Later it is taken for lost in a crash: it no longer counts. */
export const SHOWING_MS_MAX = 60_000;

/** How many tokens a person may have and make. */
export type CreationLimits = {
  /** Live ones of one owner: neither revoked nor expired. */
  readonly liveTokensMax: number;
  /** Made by one person within 24 hours. */
  readonly creationsPerDayMax: number;
};

/** What showing a secret does beside: the token gets a new generation and expiry, and its former value an end. */
export type Rotation = {
  /** The generation that the rotation starts from. Another one: somebody else rotated, and nothing is changed. */
  readonly generation: number;
  /** The token's new expiry; null: never. */
  readonly expiresAt: number | null;
  /** When the value before this one ends, unless it would have ended sooner. */
  readonly graceEndsAt: number;
  /** Whether those before that one end at once; else they are honoured as long as they were to be. */
  readonly endsOlder: boolean;
  /** What must hold beside the generation, both when the value is made and when it is marked as shown. */
  readonly condition?: RotationCondition;
};

export type RotationCondition =
  /** The value before was never used: neither as it is written nor (`isUsed`, called inside the write) as it is not yet. */
  | { readonly kind: 'unused'; readonly isUsed: (lookupId: string) => boolean }
  /** Its owner has fewer other tokens that live, or are being renewed, than this. */
  | { readonly kind: 'room'; readonly liveTokensMax: number };

/** That a condition does not hold. */
export type Unmet = 'already_used' | 'too_many_live';

/**
 * Values that one person may be shown within 24 hours in place of ones that they did not see, together with the tokens they
 * created. A rotation is not held back: it begins with a dialog, and a leaked value must be changeable at any time.
 */
export type ValueLimit = { readonly valuesPerDayMax: number };

/** Why no secret may be made: as `insertSecret` tells it. */
export type Obstacle = 'already_shown' | 'ended' | 'repeated' | 'too_many_values_today' | Unmet;

/** A value that is honoured at this moment, told without anything that identifies it. The newest comes first. */
export type LiveValue = {
  readonly shownAt: number;
  readonly endsAt: number | null;
  readonly lastUsedAt: number | null;
};

/** A stored verifier of a token, with a copy of what a verification answers, so that one read decides. */
export type Secret = {
  readonly lookupId: string;
  /** What its value starts with: the hash is of the value's secret alone. */
  readonly prefix: string;
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
export type StoredSecret = Omit<Secret, 'prefix' | 'hash' | 'digest'> & {
  readonly digest: Buffer | null;
  readonly shownAt: number | null;
  readonly generation: number;
  /** The MAC over all of this, under the pepper of the digest; null of one that is revoked. */
  readonly seal: Buffer | null;
};

/** The verifier of record as it is read; `prefix` is null of a secret that was made before prefixes were kept. */
export type StoredHash = { readonly hash: string; readonly prefix: string | null };

/** A digest of a value that verified, made anew under the current pepper. */
export type FreshDigest = {
  readonly lookupId: string;
  /** The digest that was read. When another one stands there by now, or none, nothing is changed. */
  readonly replaces: Buffer;
  readonly digest: Buffer;
  readonly pepperId: string;
  readonly prefix: string;
};

export type ListFilter = 'active' | 'expired' | 'revoked' | 'all';

export const LIST_FILTERS: readonly ListFilter[] = ['active', 'expired', 'revoked', 'all'];

/** Which page is wanted, from 1. One beyond the last is the last. */
export type PageRequest = { readonly page: number; readonly pageSize: number };

/** Which page it is, of how many. */
export type Page = { readonly page: number; readonly pageCount: number };

export type ListRequest = PageRequest & {
  readonly owner: PersonId;
  /** `active` holds the unclaimed ones too: all that is neither expired nor revoked. */
  readonly filter: ListFilter;
  readonly now: number;
};

/** The part of their own list that somebody turned to in their Home tab. `wipes`: how often its search field was emptied. */
export type KeptPage = {
  readonly filter: ListFilter;
  readonly page: number;
  readonly search?: string;
  readonly wipes: number;
};

/** `rotatable`: those that have a value or, expired, may be given one: neither revoked nor unclaimed. */
export type SearchedTokens = 'all' | 'not_revoked' | 'rotatable';

/** What people typed of a token, and its place among all: a later one has a greater row. */
export type TokenTexts = Pick<Token, 'id' | 'nameKey' | 'purpose'> & { readonly row: number };

export type ListPage = Page & { readonly tokens: readonly UsedToken[]; readonly total: number };

/** Which of everybody's tokens are wanted; `owner` null: whosever they are. */
export type StatusSelection = { readonly filter: StatusFilter; readonly owner: PersonId | null };

export type EventPage = Page & { readonly events: readonly AuditEvent[] };

/** What happened with one secret's value since the last time it was written down. */
export type SecretUse = {
  readonly tokenId: TokenId;
  readonly lookupId: string;
  /** Verifications that it passed, and the latest of them; null when none. */
  readonly useCount: number;
  readonly lastUsedAt: number | null;
  /** Presented after its end, with the right digest, and the latest time; null when never. */
  readonly refusedCount: number;
  readonly lastRefusedAt: number | null;
  /** Presented after its token was revoked, and the latest time; null when never. By its lookup id alone: no proof. */
  readonly triedCount: number;
  readonly lastTriedAt: number | null;
  /** Where it came from, the latest first, five at most. */
  readonly addresses: readonly string[];
};

/** Presentations of a revoked token's value since the revocation. Whoever knows a lookup id can make some. */
export type Tries = {
  readonly count: number;
  /** Null: never. */
  readonly lastAt: number | null;
  /** When somebody last said that it had stopped, and who; null: nobody did. */
  readonly stoppedAt: number | null;
  readonly stoppedBy: PersonId | null;
};

/** Who ends tokens, when and why. */
export type Ending = {
  readonly actor: Doer;
  readonly at: number;
  readonly reason: string | null;
  /** Whether they may because they presented the tokens' values. */
  readonly held: boolean;
  /** By what the value came, and when, where it was found by a process that does not count such findings itself. */
  readonly found?: { readonly source: LeakSource; readonly at: number } | undefined;
  /** Whether those that their owner has taken meanwhile are left alone. */
  readonly onlyUnclaimed?: true;
};

/** How many tokens one transaction ends. */
export const REVOKED_AT_ONCE_MAX = 100;

/** The code of the fault that tells that nothing can be written: the disk is full or broken, or the file is read-only. */
export const UNWRITABLE = 'unwritable';

/**
 * Where tokens are kept. Each method that writes is one transaction: the change, its audit event, what is to be said and
 * the delivery's keys, all or nothing. A fault is thrown as `StoreFault` (of `src/store`), which holds no parameters.
 */
export interface TokenStore {
  /** A new token, unclaimed. The database's constraint on the name decides, never a look beforehand. */
  insertToken(
    token: Token,
    limits: CreationLimits,
    effect: Effect,
  ): Promise<
    | { kind: 'inserted' }
    | { kind: 'name_taken' }
    | { kind: 'too_many_live' }
    | { kind: 'too_many_today' }
    | Repeated
  >;

  /**
   * A secret that nobody has seen. `first`: nothing is written when the token has had a value before, or one is just being
   * shown (`already_shown`), or the token is revoked or past its end (`ended`). `rotation`: the same when one is just being
   * shown or the token's generation is another one (`already_shown`) or it is revoked (`ended`) or its condition does not
   * hold. A token that nobody took within 7 days has ended. `too_many_values_today`: it takes the place of one that was not
   * seen, and its owner had as many within 24 hours as `limit` says. A secret left unshown by a crash is removed on the way.
   */
  insertSecret(
    secret: Secret,
    purpose: 'first' | Rotation,
    delivery: Delivery,
    limit?: ValueLimit,
  ): Promise<{ kind: 'inserted' | Exclude<Obstacle, 'repeated'> } | Repeated>;

  /**
   * Why `insertSecret` would insert nothing at this moment; undefined when it would. Decides nothing: it saves the bcrypt of
   * a secret that cannot be.
   */
  obstacleToSecret(
    secret: Pick<Secret, 'tokenId' | 'createdAt'>,
    purpose: 'first' | Rotation,
    delivery: Delivery,
    limit?: ValueLimit,
  ): Promise<Obstacle | undefined>;

  /**
   * Marks the secret as shown, its token as claimed and with the secret's scopes, and carries out the rotation it belongs to. Nothing is changed when the
   * secret is gone or was made 60 s ago, the token was revoked meanwhile, or its generation is not that of the rotation (`changed_meanwhile`), nor
   * when the rotation's condition holds no longer.
   */
  markShown(
    lookupId: string,
    shownAt: number,
    purpose: 'first' | Rotation,
    effect: Omit<Effect, 'delivery'>,
  ): Promise<{ kind: 'shown' | 'changed_meanwhile' | Unmet }>;

  /** Removes a secret that was not shown. False when it is not there or was shown. */
  withdrawSecret(lookupId: string, effect: Omit<Effect, 'delivery'>): Promise<boolean>;

  /**
   * Ends all of these tokens for good that are not ended yet, and empties their secrets, in one transaction; 100 at most. With each
   * comes its event, and whoever is to hear of it is told. Resolves to all of them as they are by then. `already_revoked`: there
   * was none to end, and nothing was written.
   */
  revokeTokens(
    ids: readonly TokenId[],
    by: Ending,
    delivery: Delivery,
  ): Promise<
    | { kind: 'already_revoked' }
    | (({ kind: 'revoked' } | Repeated) & { readonly tokens: readonly UsedToken[] })
  >;

  /**
   * Ends all values of the token but the newest, at `at`; with `lookupId` that one alone, and none where it is the newest.
   * `none`: there was none to end, and nothing was written.
   */
  endOldValues(
    id: TokenId,
    at: number,
    effect: Effect,
    lookupId?: string,
  ): Promise<{ kind: 'ended' } | { kind: 'none' } | Repeated>;

  /** The token of the effect that this delivery had before; undefined when it had none. */
  tokenOfDelivery(delivery: Delivery): Promise<TokenId | undefined>;
  /** Whether `keepAnswered` noted one of the keys, and it is not forgotten yet. */
  isAnswered(delivery: Delivery): Promise<boolean>;
  findToken(workspace: WorkspaceId, id: TokenId): Promise<UsedToken | undefined>;
  /** Those of the tokens that are there, by their ids; 100 at most. */
  findTokens(workspace: WorkspaceId, ids: readonly TokenId[]): Promise<ReadonlyMap<TokenId, UsedToken>>;
  findTokenByName(workspace: WorkspaceId, key: NameKey): Promise<UsedToken | undefined>;
  /** The name keys of everybody's tokens, or those of `owner`, in their order: those after `after` ('' before all), 200 at most. */
  nameKeysAfter(
    workspace: WorkspaceId,
    request: { readonly owner: PersonId | null; readonly after: string },
  ): Promise<readonly NameKey[]>;
  /**
   * What a search reads of everybody's tokens, or of those of `owner`, the newest first: those made before the row `before` (null:
   * from the newest on), 1,000 at most.
   */
  textsBefore(
    workspace: WorkspaceId,
    request: { readonly owner: PersonId | null; readonly before: number | null },
  ): Promise<readonly TokenTexts[]>;
  /** Tokens that have a value whose lookup id begins with `characters` (base62), six at most. */
  findByFirstCharacters(workspace: WorkspaceId, characters: string): Promise<readonly UsedToken[]>;
  /** Uses in the 24 hours before `now`, by whole hours: the one that has begun counts, the one 24 hours ago does not. */
  usesInDay(id: TokenId, now: number): Promise<number>;
  /** What was tried with each of the tokens since it was revoked; 100 at most. */
  triesOf(ids: readonly TokenId[]): Promise<ReadonlyMap<TokenId, Tries>>;
  /**
   * Notes, each with its event, that nothing presents these revoked tokens any more (100 at most). A value that is presented after
   * `at` deserves a look again.
   */
  closeIncident(
    tokens: readonly Token[],
    by: { readonly actor: PersonId; readonly at: number },
    delivery: Delivery,
  ): Promise<'closed' | 'repeated'>;
  /** Whether a value was shown, or is being shown at `now`. */
  hasLiveSecret(id: TokenId, now: number): Promise<boolean>;
  /** The values that are honoured at `now`: two at most. */
  liveValues(id: TokenId, now: number): Promise<readonly LiveValue[]>;
  /**
   * The lookup ids of the values of these tokens (100 at most) that are honoured at `at` or, of revoked ones, were until then:
   * two at most a token, by its id, the newest first.
   */
  standingValues(ids: readonly TokenId[], at: number): Promise<ReadonlyMap<TokenId, readonly string[]>>;
  /** Why the latest value could not be shown (the event's `detail.reason`); undefined when it was, or none was tried. */
  lastWithdrawal(id: TokenId): Promise<string | undefined>;
  /** Which of the keys (100 at most) are taken. */
  takenNames(workspace: WorkspaceId, keys: readonly NameKey[]): Promise<ReadonlySet<NameKey>>;
  /** The newest first. */
  listTokens(workspace: WorkspaceId, request: ListRequest): Promise<ListPage>;

  /** Everybody's tokens in the order of `byAttention`, but the idle ones to the day only. */
  listByAttention(
    workspace: WorkspaceId,
    request: StatusSelection & PageRequest & { readonly now: number },
  ): Promise<ListPage>;
  /** How many tokens have each attention. */
  countByAttention(workspace: WorkspaceId, now: number): Promise<Readonly<Record<Attention, number>>>;
  /** The first tokens of one attention, in the order of `listByAttention`; 200 at most. */
  firstByAttention(
    workspace: WorkspaceId,
    request: { readonly attention: Attention; readonly limit: number; readonly now: number },
  ): Promise<readonly UsedToken[]>;
  /** Everybody's tokens, or those of `owner`, in the order of their ids: after `after` (null: from the first on), 200 at most. */
  tokensAfter(
    workspace: WorkspaceId,
    request: { readonly owner: PersonId | null; readonly after: TokenId | null },
  ): Promise<readonly UsedToken[]>;

  /** The one indexed read of a verification, on a connection of its own. */
  readSecret(lookupId: string): Promise<StoredSecret | undefined>;

  /** The hash of a secret; undefined when there is no such secret, or its token was revoked. */
  readHash(lookupId: string): Promise<StoredHash | undefined>;
  /**
   * Puts the digests in the place of those they replace, unless a revocation has emptied them. Without an event: nothing
   * about a token changes. One transaction: hand it 200 at most.
   */
  replaceDigests(fresh: readonly FreshDigest[]): Promise<void>;

  /**
   * Adds uses to the counts. A value presented after its end gives its owner one notice a day (`retired_presented` when a
   * newer one is live, else `dead_presented`). So does that of a revoked token (`revoked_presented`), of ten such tokens a person
   * and day. One transaction: hand it 200 secrets at most.
   */
  addUses(uses: readonly SecretUse[]): Promise<void>;

  /** All events in their order: those after `sequence` (0: from the first on), 200 at most. */
  eventsAfter(sequence: number): Promise<readonly ChainedEvent[]>;
  /** The last event's sequence and MAC; undefined when there is none. */
  chainHead(): Promise<ChainHead | undefined>;
  /** Where the chain is known to be broken. */
  chainAlarm(): Promise<ChainAlarm | undefined>;
  /** Keeps that, or that nothing is known to be broken. */
  keepChainAlarm(alarm: ChainAlarm | undefined): Promise<void>;
  /** How many values that are not revoked have a digest under which pepper, by its id. */
  countByPepper(): Promise<ReadonlyMap<string, number>>;
  /** Events of a token, the latest first. */
  listEvents(id: TokenId, request: PageRequest): Promise<EventPage>;
  /** The person's tokens among those whose name has `text` in it (in whatever case), live ones first; 100 at most. */
  searchTokens(
    workspace: WorkspaceId,
    request: {
      readonly owner: PersonId;
      readonly text: string;
      readonly among: SearchedTokens;
      readonly now: number;
    },
  ): Promise<readonly UsedToken[]>;

  /**
   * Notes a notice to come; one of the same kind that is to come already is moved, but not by a delivery that noted it before.
   * Resolves to the instant at which it is due.
   */
  remind(id: TokenId, notice: Notice, delivery: Delivery): Promise<number>;
  /** Puts the notices that are due into the outbox, each once, and drops those of tokens that ended or were rotated. */
  sendNotices(now: number): Promise<void>;
  /** Tokens that nobody claimed since `before`, the oldest first; 200 at most. */
  unclaimedSince(workspace: WorkspaceId, before: number): Promise<readonly Token[]>;

  /** All tokens by their status at `now`. One that changes while it counts may be counted as it was. */
  countTokens(now: number): Promise<TokenCounts>;

  /** Writes what was done that changed no token. `repeated`: this delivery did it before, and it is not to be done again. */
  recordDeed(event: AuditEvent, delivery: Delivery): Promise<'recorded' | 'repeated'>;
  /** Notes that what these keys stand for was answered, and nothing changed. Forgotten 15 minutes after `until` or later. */
  keepAnswered(delivery: Delivery, until: number): Promise<void>;
  /** Writes a refusal by policy: the first ten a person and hour as events, the others as a count. */
  recordRefusal(event: AuditEvent): Promise<void>;
  /**
   * Turns the counts of hours that are over into one event each, and drops delivery keys of 15 minutes ago and hours of 48. `isLogHeld`: somebody
   * reads from the log, so that what revocations emptied still stands in it. */
  tidy(now: number): Promise<{ readonly isLogHeld: boolean }>;
}

/** What every process knows of the people who come, by whichever they came before. Of a power cut some of it may be undone. */
export interface Visitors {
  /**
   * Counts `times` more of what `key` names, of which `max` may come in any `windowMs`, and is 0; or, where they are too many
   * already, for how many milliseconds to wait, and nothing is counted.
   */
  countWithin(
    key: string,
    limit: { readonly max: number; readonly windowMs: number; readonly now: number; readonly times?: number },
  ): Promise<number>;
  /** The person turned to this page of their Home tab. */
  keepHomePage(person: PersonId, page: KeptPage): Promise<void>;
  /** The page that they turned to last; undefined when they never did. */
  homePageOf(person: PersonId): Promise<KeptPage | undefined>;
  /** Slack told that what `subject` names has changed: whoever remembers it is to forget it. Resolves to the change's number. */
  noteChange(subject: string): Promise<number>;
  /** The number of the last change; 0 before the first. */
  lastChange(): Promise<number>;
  /** The changes that came after that one, the latest last; `too_many`: more than 200. */
  changesAfter(
    number: number,
  ): Promise<readonly { readonly subject: string; readonly number: number }[] | 'too_many'>;
}
