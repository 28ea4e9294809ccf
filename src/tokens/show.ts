import { findToken } from './find.ts';
import type { Hasher } from './hasher.ts';
import type { Pepper } from './pepper.ts';
import type { Actor } from './policy.ts';
import { type Refused, refused } from './refusal.ts';
import type { RefuseDeps } from './refuse.ts';
import type { Delivery, Secret } from './store.ts';
import { statusOf, type Token, type TokenId } from './token.ts';
import { TokenValue } from './token-value.ts';

/** Puts the value before the owner, once. Resolves to undefined when that was done, else to why it was not. */
export type Deliver = (token: Token, value: TokenValue) => Promise<string | undefined>;

export type ShowRequest = { readonly actor: Actor; readonly tokenId: TokenId; readonly delivery: Delivery };
export type ShowDeps = RefuseDeps & {
  readonly hasher: Hasher;
  readonly pepper: Pepper;
  readonly prefix: string;
  readonly deliver: Deliver;
};

/**
 * Makes the token's value and shows it to its owner. `not_shown`: it could not be put before them, or nobody knows whether
 * it was; then the value is worth nothing and the token is as before.
 */
export async function showValue(
  request: ShowRequest,
  deps: ShowDeps,
): Promise<
  { kind: 'shown' } | { kind: 'not_shown'; token: Token; reason: string } | { kind: 'repeated' } | Refused
> {
  const { actor, tokenId } = request;
  const found = await findToken(tokenId, 'show_value', actor, deps);
  if (found.kind === 'refused') return found;
  const { token } = found;
  const refusal = endOf(token, deps.clock());
  if (refusal !== undefined) return refusal;

  const value = TokenValue.generate(deps.prefix);
  const secret = await secretFrom(token, value, deps);
  const outcome = await deps.store.insertSecret(secret, request.delivery);
  if (outcome.kind === 'repeated') return { kind: 'repeated' };
  if (outcome.kind === 'already_shown') return refused({ code: 'already_shown', name: token.name });
  if (outcome.kind === 'ended') return refused({ code: 'already_revoked', name: token.name });

  const reason = await deps.deliver(token, value);
  if (reason === undefined && (await markShown(token, secret, deps))) return { kind: 'shown' };
  await withdraw(token, secret, reason ?? 'revoked', deps);
  return { kind: 'not_shown', token, reason: reason ?? 'revoked' };
}

function endOf(token: Token, now: number): Refused | undefined {
  switch (statusOf(token, now)) {
    case 'revoked':
      return refused({ code: 'already_revoked', name: token.name });
    case 'expired':
      return refused({ code: 'expired', name: token.name });
    case 'active':
      return refused({ code: 'already_shown', name: token.name });
    case 'unclaimed':
      return undefined;
  }
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

function markShown(token: Token, secret: Secret, deps: ShowDeps): Promise<boolean> {
  const now = deps.clock();
  return deps.store.markShown(secret.lookupId, now, {
    event: {
      at: now,
      actor: token.owner,
      action: 'value.shown',
      tokenId: token.id,
      detail: { name: token.name },
    },
    sayings: sayingsAbout(token, now),
  });
}

function withdraw(token: Token, secret: Secret, reason: string, deps: ShowDeps): Promise<boolean> {
  const now = deps.clock();
  return deps.store.withdrawSecret(secret.lookupId, {
    event: {
      at: now,
      actor: 'system',
      action: 'value.withdrawn',
      tokenId: token.id,
      detail: { name: token.name, reason },
    },
    sayings: sayingsAbout(token, now),
  });
}

function sayingsAbout(token: Token, now: number) {
  return [
    { saying: { kind: 'receipt', tokenId: token.id }, dueAt: now },
    { saying: { kind: 'home', person: token.owner }, dueAt: now },
  ] as const;
}
