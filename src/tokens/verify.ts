import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { CheckHash } from './check-hash.ts';
import type { Peppers } from './pepper.ts';
import type { Redigests } from './redigest.ts';
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
  /** It needs bcrypt, since a pepper was lost, and too much of that is under way: nobody can say just now. */
  | { readonly kind: 'busy' };

export type VerifyDeps = {
  readonly store: Pick<TokenStore, 'readSecret'>;
  readonly clock: Clock;
  readonly peppers: Peppers;
  readonly redigests: Pick<Redigests, 'note'>;
  readonly checkHash: CheckHash;
};

const MALFORMED: Promise<Verdict> = Promise.resolve({ kind: 'bad', why: 'malformed' });

const UNKNOWN: Verdict = { kind: 'bad', why: 'unknown' };

const WRONG: Verdict = { kind: 'bad', why: 'wrong' };

const BUSY: Verdict = { kind: 'busy' };

/**
 * Whether `text` is the value of a live token right now. Shape and check digits first, without the database; then one
 * read; then the digest in constant time. Nothing is cached: a revocation counts on the next call. Only where the pepper of
 * the digest is lost does bcrypt decide, once for each secret.
 */
export function verifyToken(text: string, deps: VerifyDeps): Promise<Verdict> {
  const value = TokenValue.parse(text);
  return value === undefined ? MALFORMED : verifyValue(value, deps);
}

/** As `verifyToken`, of a text that has shape and check digits of a value. */
export async function verifyValue(value: TokenValue, deps: VerifyDeps): Promise<Verdict> {
  const secret = await deps.store.readSecret(value.lookupId);
  if (secret === undefined) return UNKNOWN;
  if (secret.digest === null) return { kind: 'bad', why: 'revoked', secret };
  const pepper = deps.peppers.find(secret.pepperId);
  if (pepper === undefined) return verifyByHash(value, secret, deps);
  if (!timingSafeEqual(secret.digest, value.digest(pepper.key))) return WRONG;
  if (pepper !== deps.peppers.current) deps.redigests.note(value, secret);
  return verdictOn(secret, deps.clock());
}

/** The state after the wait decides: a token may have been revoked or rotated meanwhile. */
async function verifyByHash(value: TokenValue, secret: StoredSecret, deps: VerifyDeps): Promise<Verdict> {
  const outcome = await deps.checkHash(value, secret);
  if (outcome === 'busy') return BUSY;
  const current = await deps.store.readSecret(value.lookupId);
  if (current === undefined) return UNKNOWN;
  if (current.digest === null) return { kind: 'bad', why: 'revoked', secret: current };
  return outcome === 'wrong' ? WRONG : verdictOn(current, deps.clock());
}

/** Of a secret whose value was presented. */
function verdictOn(secret: StoredSecret, now: number): Verdict {
  if (secret.endsAt !== null && now >= secret.endsAt) return { kind: 'bad', why: 'ended', secret };
  if (secret.shownAt === null && now - secret.createdAt >= SHOWING_MS_MAX)
    return { kind: 'bad', why: 'not_shown' };
  return { kind: 'good', secret };
}
