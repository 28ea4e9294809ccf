import type { Hasher } from './hasher.ts';
import {
  type FindPerson,
  type KeptScopes,
  keptScopes,
  type LeftOut,
  type ScopePolicy,
} from './kept-scopes.ts';
import type { Peppers } from './pepper.ts';
import { type Refused, refused } from './refusal.ts';
import type { RefuseDeps } from './refuse.ts';
import type { ShowingTurns } from './showing-turns.ts';
import type { CreationLimits, Delivery, Effect, Obstacle, Rotation, Secret } from './store.ts';
import type { Token } from './token.ts';
import { TokenValue } from './token-value.ts';

/**
 * Puts the value before the owner, once, with what it may not be used for any more. Resolves to undefined when that was done,
 * else to why it was not.
 */
export type Deliver = (
  token: Token,
  value: TokenValue,
  leftOut: readonly LeftOut[],
) => Promise<string | undefined>;

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
  { token, purpose, effectAt, leftOut }: Showing & Pick<KeptScopes, 'leftOut'>,
  deps: ShowDeps,
): Promise<Shown> {
  const refusedWith = await deps.deliver(token, value, leftOut);
  const now = deps.clock();
  const reason =
    refusedWith ?? (await deps.store.markShown(lookupId, now, purpose, effectAt(now, leftOut))).kind;
  if (refusedWith === undefined && reason === 'shown') return { kind: 'shown', leftOut };
  await deps.store.withdrawSecret(lookupId, {
    event: {
      at: now,
      actor: 'system',
      action: 'value.withdrawn',
      tokenId: token.id,
      detail: { name: token.name, reason },
    },
    sayings: sayingsAbout(token, now),
  });
  return { kind: 'not_shown', reason };
}

/** What an owner reads where no value was made, whatever it was to be for. */
export function noShowing(
  kind: Exclude<Shown['kind'], 'shown' | 'not_shown' | 'repeated' | 'ended' | 'refused'>,
  { name }: Token,
  { policy: { creationsPerDayMax, liveTokensMax } }: ShowDeps,
): Refused {
  switch (kind) {
    case 'too_many_values_today':
      return refused({ code: kind, creationsPerDayMax });
    case 'too_many_live':
      return refused({ code: kind, liveTokensMax });
    case 'too_many_waiting':
      return refused({ code: kind });
    case 'already_shown':
    case 'already_used':
    case 'showing_another':
      return refused({ code: kind, name });
  }
}

/** The receipt and the owner's Home tab are to be drawn anew. */
export function sayingsAbout(token: Token, now: number) {
  return [
    { saying: { kind: 'receipt', tokenId: token.id }, dueAt: now },
    { saying: { kind: 'home', person: token.owner }, dueAt: now },
  ] as const;
}

/** Whoever created it for its owner is told when that one is shown its first value. */
export function claimedSayings({ id, owner, createdBy, claimedAt }: Token, now: number) {
  if (createdBy === owner || claimedAt !== null) return [];
  return [{ saying: { kind: 'claimed', tokenId: id }, dueAt: now }] as const;
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
