import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { CheckHash } from './check-hash.ts';
import { hmac, type Pepper, type Peppers } from './pepper.ts';
import type { Redigests } from './redigest.ts';
import { SHOWING_MS_MAX, type StoredSecret, type TokenStore } from './store.ts';
import type { TokenId } from './token.ts';
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
  /**
   * Nobody can say: it needs bcrypt, since a pepper was lost, and too much of that is under way; or, where `brokenSealOf` names a
   * token, the digest is right, and what stands beside it was changed by somebody who lacks the pepper.
   */
  | { readonly kind: 'busy'; readonly brokenSealOf?: TokenId };

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

const SEAL_BYTES = 32;

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
  if (!isSealed(secret, secret.digest, pepper)) return { kind: 'busy', brokenSealOf: secret.tokenId };
  if (pepper !== deps.peppers.current) deps.redigests.note(value, secret);
  return verdictOn(secret, deps.clock());
}

/**
 * The MAC over what a verification answers: whose, which, with which scopes, until when, and under which digest. Whoever writes
 * the database without the pepper can neither widen, re-own nor lengthen a token, nor give it another's digest. A row that was
 * kept whole from before its revocation is the one thing that it does not tell; `revoked.log` does.
 */
export function sealOf(
  secret: Omit<StoredSecret, 'digest' | 'seal' | 'pepperId'>,
  digest: Buffer,
  pepper: Pepper,
): Buffer {
  const { lookupId, tokenId, owner, name, createdAt, shownAt, endsAt, generation } = secret;
  const scopes = JSON.stringify(secret.scopes);
  // The lengths leave one way to take it apart. A lookup id has one length.
  const lengths = `${tokenId.length},${owner.length},${scopes.length}`;
  const text = `${createdAt},${shownAt},${endsAt},${generation},${lengths},${lookupId}${tokenId}${owner}${scopes}${name}`;
  return hmac(pepper.sealKey, text, digest);
}

/** Whether the seal is that of the secret, whose digest is `digest`, under the pepper of that. */
export function isSealed(secret: StoredSecret, digest: Buffer, pepper: Pepper): boolean {
  const { seal } = secret;
  return seal !== null && seal.length === SEAL_BYTES && timingSafeEqual(seal, sealOf(secret, digest, pepper));
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
