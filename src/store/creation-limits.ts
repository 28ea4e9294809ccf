import { DAY_MS } from '../clock.ts';
import type { CreationLimits } from '../tokens/store.ts';
import type { Token } from '../tokens/token.ts';
import { createOthersOfOwner } from './conditions.ts';
import { and, type Db, eq, gt, integerParam, sql, textParam } from './drizzle.ts';
import { tokens } from './schema.ts';

/** The limit that a new token would exceed. For use inside the write that inserts it. */
export type ExceededLimit = (
  token: Token,
  limits: CreationLimits,
) => 'too_many_live' | 'too_many_today' | undefined;

/** The counts on the write connection `db`. */
export function createExceededLimit(db: Db): ExceededLimit {
  const othersOf = createOthersOfOwner(db);
  const ofLastDay = db
    .select({ total: sql<number>`count(*)` })
    .from(tokens)
    .where(
      and(
        eq(tokens.workspace, textParam('workspace')),
        eq(tokens.createdBy, textParam('createdBy')),
        gt(tokens.createdAt, integerParam('since')),
      ),
    )
    .prepare();

  return (token, limits) => {
    const { workspace, createdBy, createdAt } = token;
    if (othersOf(token, createdAt) >= limits.liveTokensMax) return 'too_many_live';
    const dayCount = ofLastDay.get({ workspace, createdBy, since: createdAt - DAY_MS })?.total ?? 0;
    return dayCount >= limits.creationsPerDayMax ? 'too_many_today' : undefined;
  };
}
