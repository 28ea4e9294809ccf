import type { Clock } from '../clock.ts';
import { findToken } from './find.ts';
import type { Hasher } from './hasher.ts';
import {
  type FindPerson,
  type KeptScopes,
  keptScopes,
  type LeftOut,
  leftOutDetail,
  type ScopePolicy,
} from './kept-scopes.ts';
import type { Peppers } from './pepper.ts';
import type { Actor } from './policy.ts';
import { type RefuseDeps, type Refused, refused } from './refusal.ts';
import {
  type CreationLimits,
  type LiveValue,
  type Obstacle,
  type Rotation,
  type Secret,
  SHOWING_MS_MAX,
} from './store.ts';
import { type Delivery, type Effect, effectOf } from './telling.ts';
import { type PersonId, statusOf, type Token, type TokenId, wasNeverClaimed } from './token.ts';
import { TokenValue } from './token-value.ts';

export type ShowRequest = {
  readonly actor: Actor;
  readonly tokenId: TokenId;
  readonly delivery: Delivery;
  /** Whether it comes of a creation, and no press asked for it. */
  readonly isOfCreation?: boolean;
};

export type ShowOutcome = { readonly kind: 'shown' } | NotShown;

/**
 * Makes the token's first value and shows it to its owner, who alone may ask for it. `not_shown`: it could not be put before
 * them, or nobody knows whether it was; then the value is worth nothing and the token is as before.
 */
export async function showValue(request: ShowRequest, deps: ShowDeps): Promise<ShowOutcome> {
  const { actor, tokenId, delivery, isOfCreation = false } = request;
  const found = await findToken(tokenId, 'show_value', actor, deps);
  if (found.kind === 'refused') return found;
  const { token } = found;
  const refusal = endOf(token, deps.clock());
  if (refusal !== undefined) return refusal;

  const effectAt = (at: number, leftOut: readonly LeftOut[]) =>
    effectOf({ action: 'value.shown', actor: token.owner, at }, token, leftOutDetail(leftOut));
  const outcome = await showNewValue(
    { token, purpose: 'first', delivery, isPress: !isOfCreation, effectAt },
    deps,
  );
  return outcome.kind === 'shown' ? { kind: 'shown' } : notShown(outcome, token, deps);
}

/** Why no value of the token is shown any more; undefined where the token itself does not forbid it. */
function endOf(token: Token, now: number): Refused | undefined {
  if (wasNeverClaimed(token, now)) return refused({ code: 'never_claimed', name: token.name });
  switch (statusOf(token, now)) {
    case 'revoked':
      return refused({ code: 'already_revoked', name: token.name });
    case 'expired':
      return refused({ code: 'expired', name: token.name });
    // Whether it was shown before, or this very delivery showed it, the store knows.
    case 'active':
    case 'unclaimed':
      return undefined;
  }
}

/** What becomes of a token's values when it gets another one. */
export type OldValues = {
  /** Until when one of them works; null: none does. */
  readonly worksUntil: number | null;
  /** How many of them work no longer. */
  readonly endedCount: number;
};

/** What is told with a value. */
export type ToldWithValue = {
  /** What it may not be used for any more. */
  readonly leftOut: readonly LeftOut[];
  /** Undefined: it is the first value of its token. */
  readonly oldValues: OldValues | undefined;
  /** Whether its token was created just now, so that the receipt is still to come. */
  readonly isOfCreation: boolean;
};

/** Puts the value before the owner, once. Resolves to undefined when that was done, else to why it was not. */
export type Deliver = (token: Token, value: TokenValue, told: ToldWithValue) => Promise<string | undefined>;

export type ShowDeps = RefuseDeps & {
  readonly policy: CreationLimits & ScopePolicy;
  readonly findPerson: FindPerson;
  readonly showingTurns: ShowingTurns;
  readonly hasher: Pick<Hasher, 'hash'>;
  readonly peppers: Peppers;
  readonly prefix: string;
  readonly deliver: Deliver;
};

export type Showing = {
  /** The token as it will be once the value was shown. */
  readonly token: Token;
  /** The token's first value, or the rotation that its showing carries out. */
  readonly purpose: 'first' | Rotation;
  readonly delivery: Delivery;
  /** Whether it was a press that asked for it: told to wait while its owner is being shown any other value. */
  readonly isPress: boolean;
  /** What the showing brings along, at the instant it is marked. */
  readonly effectAt: (now: number, leftOut: readonly LeftOut[]) => Omit<Effect, 'delivery'>;
};

export type Shown =
  | { readonly kind: 'shown'; readonly leftOut: readonly LeftOut[] }
  /** Nobody saw it, or nobody knows: the value is worth nothing and the token is as before. */
  | { readonly kind: 'not_shown'; readonly reason: string }
  /** The store lets no value be shown, or this delivery has had its effect: nothing was made. */
  | { readonly kind: Obstacle }
  /** Nothing was made: another value of its owner is being shown, or too many are being made for everybody. */
  | { readonly kind: 'showing_another' | 'too_many_waiting' }
  /** Nothing was made: Slack did not tell whether it may have all its scopes. */
  | Refused;

/**
 * Makes a value and shows it to the token's owner, when none is being shown already: whether it may be, value, bcrypt in the
 * worker, secret, showing, mark. What the showing means for the token (`purpose`) happens in the transaction of the mark,
 * so that nothing happens unless it was shown. What it depends on is looked at three times: before anything is hashed, so that
 * what is refused costs nothing; before anything is shown; and in that transaction. Where it ceased to hold between the latter,
 * what runs goes first: the value that its owner just saw is made worthless and they are told why, the token is as before.
 *
 * The value gets the token's scopes but for those that nobody would be given now; so does the token, when it was shown.
 */
export function showNewValue(showing: Showing, deps: ShowDeps): Promise<Shown> {
  const { token, delivery, isPress } = showing;
  return deps.showingTurns.take(token, { delivery, isPress }, () => showInTurn(showing, deps));
}

async function showInTurn(showing: Showing, deps: ShowDeps): Promise<Shown> {
  const { token, purpose, delivery } = showing;
  const limit = { valuesPerDayMax: deps.policy.creationsPerDayMax };
  const obstacle = await deps.store.obstacleToSecret(
    { tokenId: token.id, createdAt: deps.clock() },
    purpose,
    delivery,
    limit,
  );
  if (obstacle !== undefined) return { kind: obstacle };
  // A creation that no press follows decided a moment ago. Else here, where presses come one after the other: Slack takes no
  // more than so many questions a minute.
  const isJustGranted = purpose === 'first' && !showing.isPress;
  const kept = isJustGranted ? all(token.scopes) : await keptScopes(token, deps, 'anew');
  if (kept.kind === 'refused') return kept;
  const value = TokenValue.generate(deps.prefix);
  const secret = await secretFrom({ ...token, scopes: kept.scopes }, value, deps);
  if (secret === undefined) return { kind: 'too_many_waiting' };
  // Its token may have expired while it was hashed: a value must not be dead at birth.
  if (secret.endsAt !== null && secret.createdAt >= secret.endsAt) return { kind: 'ended' };
  const outcome = await deps.store.insertSecret(secret, purpose, delivery, limit);
  return outcome.kind === 'inserted'
    ? showSecret(secret, value, { ...showing, ...kept }, deps)
    : { kind: outcome.kind };
}

function all(scopes: readonly string[]): KeptScopes {
  return { kind: 'kept', scopes, leftOut: [] };
}

async function showSecret(
  { lookupId }: Secret,
  value: TokenValue,
  { token, purpose, isPress, effectAt, leftOut }: Showing & Pick<KeptScopes, 'leftOut'>,
  deps: ShowDeps,
): Promise<Shown> {
  const refusedWith = await deps.deliver(token, value, {
    leftOut,
    oldValues: purpose === 'first' ? undefined : await oldValuesAfter(purpose, token, deps),
    isOfCreation: purpose === 'first' && !isPress,
  });
  const now = deps.clock();
  const reason =
    refusedWith ?? (await deps.store.markShown(lookupId, now, purpose, effectAt(now, leftOut))).kind;
  if (refusedWith === undefined && reason === 'shown') return { kind: 'shown', leftOut };
  const withdrawn = { action: 'value.withdrawn', actor: 'system', at: now } as const;
  await deps.store.withdrawSecret(lookupId, effectOf(withdrawn, token, { reason }));
  return { kind: 'not_shown', reason };
}

/** What the rotation leaves of the values that the token has at this moment: as the store ends them when the new one is shown. */
export async function oldValuesAfter(
  { graceEndsAt, endsOlder, expiresAt }: Pick<Rotation, 'graceEndsAt' | 'endsOlder' | 'expiresAt'>,
  token: Pick<Token, 'id' | 'claimedAt'>,
  { store, clock }: Pick<ShowDeps, 'store' | 'clock'>,
): Promise<OldValues> {
  const now = clock();
  const values = await store.liveValues(token.id, now);
  // Those of an expired token have ended; one that nobody claimed never had any.
  if (values.length === 0) return { worksUntil: null, endedCount: token.claimedAt === null ? 0 : 1 };
  const olderEndAt = endsOlder ? now : Number.POSITIVE_INFINITY;
  const ends = values.map(({ endsAt }, index) => {
    const latest = index === 0 ? graceEndsAt : olderEndAt;
    return Math.min(latest, endsAt ?? latest, expiresAt ?? latest);
  });
  const working = ends.filter((end) => end > now);
  return {
    worksUntil: working.length === 0 ? null : Math.max(...working),
    endedCount: ends.length - working.length,
  };
}

/** What is left of a rotated token's values before the newest. */
export function oldValuesAmong([, old]: readonly LiveValue[]): OldValues {
  return { worksUntil: old?.endsAt ?? null, endedCount: old === undefined ? 1 : 0 };
}

/** What came of asking for a value that was not put before its owner. */
export type NotShown =
  | { readonly kind: 'not_shown'; readonly token: Token; readonly reason: string }
  | { readonly kind: 'repeated' }
  | Refused;

/** The same of a showing, whatever the value was to be for. */
export function notShown(
  outcome: Exclude<Shown, { kind: 'shown' }>,
  token: Token,
  { policy: { creationsPerDayMax, liveTokensMax }, clock }: ShowDeps,
): NotShown {
  const { name } = token;
  switch (outcome.kind) {
    case 'not_shown':
      return { ...outcome, token };
    case 'repeated':
      return { kind: 'repeated' };
    case 'refused':
      return outcome;
    case 'ended':
      return endOf(token, clock()) ?? refused({ code: 'already_revoked', name });
    case 'too_many_values_today':
      return refused({ code: outcome.kind, creationsPerDayMax });
    case 'too_many_live':
      return refused({ code: outcome.kind, liveTokensMax });
    case 'too_many_waiting':
      return refused({ code: outcome.kind });
    case 'already_shown':
    case 'already_used':
    case 'showing_another':
      return refused({ code: outcome.kind, name });
  }
}

/** Undefined when too many values are being hashed. */
async function secretFrom(token: Token, value: TokenValue, deps: ShowDeps): Promise<Secret | undefined> {
  const { current } = deps.peppers;
  const hash = await deps.hasher.hash(value, token.owner);
  if (hash === undefined) return undefined;
  return {
    lookupId: value.lookupId,
    prefix: value.prefix,
    tokenId: token.id,
    hash,
    digest: value.digest(current.key),
    pepperId: current.id,
    createdAt: deps.clock(),
    endsAt: token.expiresAt,
    name: token.name,
    owner: token.owner,
    scopes: token.scopes,
  };
}

/** What a showing is told in place of its turn. */
export type NoTurn = { readonly kind: 'repeated' | 'already_shown' | 'showing_another' };

type Asked = {
  readonly delivery: Delivery;
  /** Whether anybody can press it as often as they like. What begins with a dialog is not turned away for another token's sake. */
  readonly isPress: boolean;
};

/**
 * One showing of a token at a time, and for presses one of a person: however often somebody presses, one value is being made for
 * it. In memory: what it saves is this process's bcrypt. That a token gets one value at a time, the store sees to.
 */
export type ShowingTurns = {
  /**
   * Does `work` unless a value of the token is being shown: `already_shown`, or `repeated` to the same delivery once more; nor a
   * press while any value of its owner is. One that takes 60 s is lost and stands in nobody's way.
   */
  take<T>(token: Pick<Token, 'id' | 'owner'>, asked: Asked, work: () => Promise<T>): Promise<T | NoTurn>;
};

type Turn = { readonly owner: PersonId; readonly delivery: Delivery; readonly at: number };

/** The turns of this process. Tokens are kept no longer than their showing takes. */
export function createShowingTurns(clock: Clock): ShowingTurns {
  const turns = new Map<TokenId, Turn>();

  function noTurnFor({ id, owner }: Pick<Token, 'id' | 'owner'>, asked: Asked): NoTurn | undefined {
    const now = clock();
    const isGoing = ({ at }: Turn) => now - at < SHOWING_MS_MAX;
    const other = turns.get(id);
    if (other !== undefined && isGoing(other)) {
      return { kind: isSame(other.delivery, asked.delivery) ? 'repeated' : 'already_shown' };
    }
    const isBusy = asked.isPress && turns.values().some((turn) => turn.owner === owner && isGoing(turn));
    return isBusy ? { kind: 'showing_another' } : undefined;
  }

  return {
    take: async (token, asked, work) => {
      const noTurn = noTurnFor(token, asked);
      if (noTurn !== undefined) return noTurn;
      const { id, owner } = token;
      const turn = { owner, delivery: asked.delivery, at: clock() };
      turns.set(id, turn);
      try {
        return await work();
      } finally {
        if (turns.get(id) === turn) turns.delete(id);
      }
    },
  };
}

function isSame(one: Delivery, other: Delivery): boolean {
  return one.keys.some((key) => other.keys.includes(key));
}
