import type { Peppers } from './pepper.ts';
import type { FreshDigest, StoredSecret, TokenStore } from './store.ts';
import type { TokenValue } from './token-value.ts';

/** How many digests one transaction takes: more would stop the event loop for tens of milliseconds. */
const CHUNK_DIGESTS_MAX = 200;

/** Digests remembered between two flushes. Further ones are dropped: their values bring them again. */
const DIGESTS_MAX = 10_000;

/** Digests that are to be made anew under the current pepper, kept in memory until `flush`, as uses are. */
export type Redigests = {
  /** `value` verified as that of `secret`, under an older pepper or by its hash. Costs an HMAC the first time only. */
  note(value: TokenValue, secret: StoredSecret): void;
  /** Writes what was noted so far, in chunks. What could not be written is kept for the next time; then it throws. */
  flush(): Promise<void>;
};

/** The digests that this process noted. */
export function createRedigests(deps: {
  readonly store: Pick<TokenStore, 'replaceDigests'>;
  readonly peppers: Peppers;
}): Redigests {
  const { store, peppers } = deps;
  const noted = new Map<string, FreshDigest>();

  return {
    note(value, secret) {
      if (noted.has(secret.lookupId) || noted.size >= DIGESTS_MAX) return;
      const fresh = freshDigest(value, secret, peppers);
      if (fresh !== undefined) noted.set(fresh.lookupId, fresh);
    },
    async flush() {
      for (let left = noted.size; left > 0; left -= CHUNK_DIGESTS_MAX) {
        const chunk = [...noted.values().take(Math.min(left, CHUNK_DIGESTS_MAX))];
        for (const { lookupId } of chunk) noted.delete(lookupId);
        try {
          await store.replaceDigests(chunk);
        } catch (fault) {
          for (const fresh of chunk) noted.set(fresh.lookupId, fresh);
          throw fault;
        }
      }
    },
  };
}

/** The digest of `value` under the current pepper, for `secret`; undefined of a revoked one, which has none. */
export function freshDigest(
  value: TokenValue,
  { lookupId, digest }: StoredSecret,
  { current }: Peppers,
): FreshDigest | undefined {
  if (digest === null) return undefined;
  return {
    lookupId,
    replaces: digest,
    digest: value.digest(current.key),
    pepperId: current.id,
    prefix: value.prefix,
  };
}
