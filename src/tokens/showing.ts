import type { Hasher } from './hasher.ts';
import type { Pepper } from './pepper.ts';
import type { RefuseDeps } from './refuse.ts';
import type { Delivery, Effect, Rotation, Secret } from './store.ts';
import type { Token } from './token.ts';
import { TokenValue } from './token-value.ts';

/** Puts the value before the owner, once. Resolves to undefined when that was done, else to why it was not. */
export type Deliver = (token: Token, value: TokenValue) => Promise<string | undefined>;

export type ShowDeps = RefuseDeps & {
  readonly hasher: Pick<Hasher, 'hash'>;
  readonly pepper: Pepper;
  readonly prefix: string;
  readonly deliver: Deliver;
};

export type Showing = {
  /** The token as it will be once the value was shown. */
  readonly token: Token;
  /** The token's first value, or the rotation that its showing carries out. */
  readonly purpose: 'first' | Rotation;
  readonly delivery: Delivery;
  /** What the showing brings along, at the instant it is marked. */
  readonly effectAt: (now: number) => Omit<Effect, 'delivery'>;
};

export type Shown =
  | { readonly kind: 'shown' }
  /** Nobody saw it, or nobody knows: the value is worth nothing and the token is as before. */
  | { readonly kind: 'not_shown'; readonly reason: string }
  | { readonly kind: 'repeated' }
  /** The store lets no value be shown: another one was, or is being shown; or the token has ended. */
  | { readonly kind: 'already_shown' }
  | { readonly kind: 'ended' };

/**
 * Makes a value and shows it to the token's owner: value, bcrypt in the worker, secret, showing, mark. What the showing means
 * for the token (`purpose`) happens in the transaction of the mark, so that nothing happens unless it was shown.
 */
export async function showNewValue(showing: Showing, deps: ShowDeps): Promise<Shown> {
  const { token, purpose } = showing;
  const value = TokenValue.generate(deps.prefix);
  const secret = await secretFrom(token, value, deps);
  // Its token may have expired while it was hashed: a value must not be dead at birth.
  if (secret.endsAt !== null && secret.createdAt >= secret.endsAt) return { kind: 'ended' };
  const outcome = await deps.store.insertSecret(secret, purpose, showing.delivery);
  if (outcome.kind !== 'inserted') return { kind: outcome.kind };

  const refusedWith = await deps.deliver(token, value);
  const now = deps.clock();
  if (refusedWith === undefined) {
    const isMarked = await deps.store.markShown(secret.lookupId, now, purpose, showing.effectAt(now));
    if (isMarked) return { kind: 'shown' };
  }
  const reason = refusedWith ?? 'changed_meanwhile';
  await deps.store.withdrawSecret(secret.lookupId, {
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

async function secretFrom(token: Token, value: TokenValue, deps: ShowDeps): Promise<Secret> {
  return {
    lookupId: value.lookupId,
    tokenId: token.id,
    hash: await deps.hasher.hash(value),
    digest: value.digest(deps.pepper.key),
    pepperId: deps.pepper.id,
    createdAt: deps.clock(),
    endsAt: token.expiresAt,
    name: token.name,
    owner: token.owner,
    scopes: token.scopes,
  };
}
