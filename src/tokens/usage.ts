import type { TokenStore, TokenUse } from './store.ts';
import type { TokenId } from './token.ts';

/** How many tokens one transaction takes: more would stop the event loop for tens of milliseconds. */
const CHUNK_TOKENS_MAX = 200;
/** Tokens remembered between two flushes. Uses of further ones are dropped until the next flush: memory stays bounded. */
const TOKENS_MAX = 100_000;

/** Counts uses in memory, so that a verification writes nothing; `flush` brings them into the store. */
export type UsageRecorder = {
  record(tokenId: TokenId, at: number): void;
  /**
   * Writes what was counted so far, in chunks. What could not be written is kept for the next time; then it throws. What is
   * counted meanwhile is left for the next time too.
   */
  flush(): Promise<void>;
};

/** A recorder that starts empty. */
export function createUsageRecorder(store: Pick<TokenStore, 'addUses'>): UsageRecorder {
  const uses = new Map<TokenId, { lastUsedAt: number; count: number }>();

  function record(tokenId: TokenId, at: number, count = 1): void {
    const use = uses.get(tokenId);
    if (use !== undefined) {
      use.lastUsedAt = Math.max(use.lastUsedAt, at);
      use.count += count;
    } else if (uses.size < TOKENS_MAX) {
      uses.set(tokenId, { lastUsedAt: at, count });
    }
  }

  async function flush(): Promise<void> {
    for (let left = uses.size; left > 0; left -= CHUNK_TOKENS_MAX) {
      const entries = uses.entries().take(Math.min(left, CHUNK_TOKENS_MAX));
      const chunk: TokenUse[] = [...entries].map(([tokenId, use]) => ({ tokenId, ...use }));
      for (const { tokenId } of chunk) uses.delete(tokenId);
      try {
        await store.addUses(chunk);
      } catch (fault) {
        for (const use of chunk) record(use.tokenId, use.lastUsedAt, use.count);
        throw fault;
      }
    }
  }

  return { record: (tokenId, at) => record(tokenId, at), flush };
}
