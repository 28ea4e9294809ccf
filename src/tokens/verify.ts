import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Pepper } from './pepper.ts';
import { SHOWING_MS_MAX, type StoredSecret, type TokenStore } from './store.ts';
import { TokenValue } from './token-value.ts';

/** Why a value is not good. For figures and the owner, never for the caller: all of them get the same answer. */
export type BadReason = 'malformed' | 'unknown' | 'wrong' | 'not_shown';

export type Verdict =
  | { readonly kind: 'good'; readonly secret: StoredSecret }
  | { readonly kind: 'bad'; readonly why: BadReason }
  /** Once good, with the right digest, but past its end: expired, or retired by a rotation. */
  | { readonly kind: 'bad'; readonly why: 'ended'; readonly secret: StoredSecret }
  /** The lookup id is that of a revoked token. Whether the rest was right nobody can say: no digest is left. */
  | { readonly kind: 'bad'; readonly why: 'revoked'; readonly secret: StoredSecret }
  /** The digest was made under a pepper that is not at hand: nobody can say whether the value is good. */
  | { readonly kind: 'unknowable' };

export type VerifyDeps = {
  readonly store: Pick<TokenStore, 'readSecret'>;
  readonly clock: Clock;
  readonly pepper: Pepper;
};

const MALFORMED: Verdict = { kind: 'bad', why: 'malformed' };

/**
 * Whether `text` is the value of a live token right now. Shape and check digits first, without the database; then one
 * read; then the digest in constant time. Nothing is cached: a revocation counts on the next call.
 */
export async function verifyToken(text: string, deps: VerifyDeps): Promise<Verdict> {
  const value = TokenValue.parse(text);
  return value === undefined ? MALFORMED : verifyValue(value, deps);
}

/** As `verifyToken`, of a text that has shape and check digits of a value. */
export async function verifyValue(value: TokenValue, deps: VerifyDeps): Promise<Verdict> {
  const secret = await deps.store.readSecret(value.lookupId);
  if (secret === undefined) return { kind: 'bad', why: 'unknown' };
  if (secret.digest === null) return { kind: 'bad', why: 'revoked', secret };
  if (secret.pepperId !== deps.pepper.id) return { kind: 'unknowable' };
  if (!timingSafeEqual(secret.digest, value.digest(deps.pepper.key))) return { kind: 'bad', why: 'wrong' };
  const now = deps.clock();
  if (secret.endsAt !== null && now >= secret.endsAt) return { kind: 'bad', why: 'ended', secret };
  if (secret.shownAt === null && now - secret.createdAt >= SHOWING_MS_MAX)
    return { kind: 'bad', why: 'not_shown' };
  return { kind: 'good', secret };
}
