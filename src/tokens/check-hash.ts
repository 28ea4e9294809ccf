import { LRUCache } from 'lru-cache';
import type { Hasher } from './hasher.ts';
import type { Peppers } from './pepper.ts';
import { freshDigest, type Redigests } from './redigest.ts';
import type { StoredSecret, TokenStore } from './store.ts';
import type { PersonId } from './token.ts';
import type { TokenValue } from './token-value.ts';

/** Checks at once of one owner's secrets, running or waiting: with one worker the last of them takes about 1.2 s. */
const CHECKS_EACH_MAX = 16;

/** Wrong values remembered, about 1 MB of them. */
const WRONG_MAX = 10_000;

/**
 * Whether `value` is that of `secret`, whose digest was made under a pepper that is lost: by the verifier of record. When it
 * is, a fresh digest has been stored, so that no secret pays for this twice. `busy`: nobody can say just now.
 */
export type CheckHash = (value: TokenValue, secret: StoredSecret) => Promise<'right' | 'wrong' | 'busy'>;

export type CheckHashDeps = {
  readonly store: Pick<TokenStore, 'readHash' | 'replaceDigests'>;
  readonly hasher: Pick<Hasher, 'matches'>;
  readonly peppers: Peppers;
  readonly redigests: Pick<Redigests, 'note'>;
};

type Outcome = Awaited<ReturnType<CheckHash>>;

type Check = { readonly fingerprint: string; readonly owner: PersonId; readonly outcome: Promise<Outcome> };

/**
 * A check that costs no more than this, whoever asks how often: one bcrypt at a time for a secret, 16 for the secrets of one owner,
 * and none for a wrong value that was presented before. The same value joins the check that is under way, another value of the
 * same lookup id is told `busy` and gets no other value's answer. The hasher lets owners have their turns one after the other:
 * whoever knows the lookup ids of their own tokens, and everybody does, keeps nobody else out.
 *
 * What is accepted: who knows lookup ids of others and floods us with ever new wrong values for them makes those owners' values
 * wait for a free moment, with 503, and has the workers busy. An owner needs one such moment once: from then on the digest
 * decides.
 */
export function createCheckHash(deps: CheckHashDeps): CheckHash {
  const running = new Map<string, Check>();
  /** By their digests, under the pepper of this process. A hash never changes, so that none of them is ever right. */
  const wrong = new LRUCache<string, true>({ max: WRONG_MAX });

  async function check(value: TokenValue, secret: StoredSecret, fingerprint: string): Promise<Outcome> {
    const isRight = await isRightBy(value, secret.owner, deps);
    if (isRight === undefined) return 'busy';
    if (isRight) {
      await storeDigest(value, secret, deps);
      return 'right';
    }
    wrong.set(fingerprint, true);
    return 'wrong';
  }

  return async (value, secret) => {
    const fingerprint = value.digest(deps.peppers.current.key).toString('base64');
    if (wrong.has(fingerprint)) return 'wrong';
    const { lookupId } = value;
    const { owner } = secret;
    const other = running.get(lookupId);
    if (other !== undefined) return other.fingerprint === fingerprint ? other.outcome : 'busy';
    if (running.values().reduce((sum, one) => sum + Number(one.owner === owner), 0) >= CHECKS_EACH_MAX)
      return 'busy';
    const outcome = check(value, secret, fingerprint).finally(() => running.delete(lookupId));
    running.set(lookupId, { fingerprint, owner, outcome });
    return outcome;
  };
}

/**
 * The hash is of the secret characters alone, so the prefix is compared beside it. Where that was not kept, any prefix will
 * do: whoever has the secret could end the token anyway, and no owner may lose it by an upgrade. Undefined when too much waits.
 */
async function isRightBy(
  value: TokenValue,
  owner: PersonId,
  { store, hasher }: CheckHashDeps,
): Promise<boolean | undefined> {
  const stored = await store.readHash(value.lookupId);
  if (stored === undefined) return false;
  if (stored.prefix !== null && stored.prefix !== value.prefix) return false;
  return hasher.matches(value, stored.hash, owner);
}

/** At once, or every verification until the next flush would need bcrypt. A write that fails does not change the answer. */
async function storeDigest(value: TokenValue, secret: StoredSecret, deps: CheckHashDeps): Promise<void> {
  const fresh = freshDigest(value, secret, deps.peppers);
  if (fresh === undefined) return;
  try {
    await deps.store.replaceDigests([fresh]);
  } catch {
    deps.redigests.note(value, secret);
  }
}
