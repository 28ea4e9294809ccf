import type { TokenStore } from '../tokens/store.ts';
import { type Db, rowParams, sql } from './drizzle.ts';
import { tokenUsage } from './schema.ts';
import type { Write } from './writer.ts';

/** More in one transaction would stop the event loop for tens of milliseconds. */
const USES_MAX = 200;

/** Counting what was used. */
export function createUsage(db: Db, write: Write): Pick<TokenStore, 'addUses'> {
  const add = db
    .insert(tokenUsage)
    .values(rowParams(tokenUsage))
    .onConflictDoUpdate({
      target: tokenUsage.tokenId,
      set: {
        lastUsedAt: sql`max(${tokenUsage.lastUsedAt}, excluded.last_used_at)`,
        useCount: sql`${tokenUsage.useCount} + excluded.use_count`,
      },
    })
    .prepare();

  return {
    addUses: (uses) =>
      write(() => {
        if (uses.length > USES_MAX) throw new RangeError('too many uses for one transaction');
        for (const { tokenId, lastUsedAt, count } of uses) add.run({ tokenId, lastUsedAt, useCount: count });
      }),
  };
}
