import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TokenStore } from '../tokens/store.ts';
import { EXPIRING_SOON_MS } from '../tokens/token.ts';
import type { Read } from './access.ts';
import { type Db, integerParam, rowCount, sql } from './drizzle.ts';
import { tokens } from './schema/sqlite.ts';
import { STATUS } from './token-query.ts';

/** Rows of one read: about 2 ms, between which everything else has its turn. */
const PAGE_ROWS = 10_000;

const COUNTED = ['unclaimed', 'active', 'expired', 'revoked', 'expiringSoon'] as const;

const ROW = sql<number>`${tokens}.rowid`;

/** How many tokens there are, counted page by page: one read of a large table would stop the event loop. */
export function createTokenCounts(db: Db, read: Read): Pick<TokenStore, 'countTokens'> {
  const count = pageQuery(db);

  return {
    countTokens: async (now) => {
      const total = { unclaimed: 0, active: 0, expired: 0, revoked: 0, expiringSoon: 0 };
      let after: number | null = 0;
      while (after !== null) {
        const page = await read(() => count.get({ now, soon: now + EXPIRING_SOON_MS, after }));
        for (const each of COUNTED) total[each] += page?.[each] ?? 0;
        after = page?.last ?? null;
        await nextTurn();
      }
      return total;
    },
  };
}

/** `last`: the page's last row, null when it has none. */
function pageQuery(db: Db) {
  const page = db
    .select({
      row: ROW.as('row'),
      status: sql`${STATUS}`.as('status'),
      expiresAt: tokens.expiresAt,
    })
    .from(tokens)
    .where(sql`${ROW} > ${integerParam('after')}`)
    .orderBy(ROW)
    .limit(rowCount(PAGE_ROWS))
    .as('page');
  const countOf = (status: string) =>
    sql<number>`count(*) filter (where ${page.status} = ${sql.raw(`'${status}'`)})`;
  return db
    .select({
      unclaimed: countOf('unclaimed'),
      active: countOf('active'),
      expired: countOf('expired'),
      revoked: countOf('revoked'),
      expiringSoon: sql<number>`count(*) filter (where ${page.status} = 'active' and ${page.expiresAt} <= ${integerParam('soon')})`,
      last: sql<number | null>`max(${page.row})`,
    })
    .from(page)
    .prepare();
}
