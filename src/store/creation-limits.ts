import { DAY_MS } from '../clock.ts';
import type { CreationLimits } from '../tokens/store.ts';
import type { Token } from '../tokens/token.ts';
import { and, type Db, eq, gt, integerParam, isNull, or, sql, textParam } from './drizzle.ts';
import { tokens } from './schema.ts';

/** The limit that a new token would exceed. For use inside the write that inserts it. */
export type ExceededLimit = (
  token: Token,
  limits: CreationLimits,
) => 'too_many_live' | 'too_many_today' | undefined;

/** The counts on the write connection `db`. */
export function createExceededLimit(db: Db): ExceededLimit {
  const count = () => db.select({ total: sql<number>`count(*)` }).from(tokens);
  const inWorkspace = eq(tokens.workspace, textParam('workspace'));
  const isLive = and(
    isNull(tokens.revokedAt),
    or(isNull(tokens.expiresAt), gt(tokens.expiresAt, integerParam('createdAt'))),
  );
  const live = count()
    .where(and(inWorkspace, eq(tokens.owner, textParam('owner')), isLive))
    .prepare();
  const ofLastDay = count()
    .where(
      and(
        inWorkspace,
        eq(tokens.createdBy, textParam('createdBy')),
        gt(tokens.createdAt, integerParam('since')),
      ),
    )
    .prepare();

  return ({ workspace, owner, createdBy, createdAt }, limits) => {
    const liveCount = live.get({ workspace, owner, createdAt })?.total ?? 0;
    if (liveCount >= limits.liveTokensMax) return 'too_many_live';
    const dayCount = ofLastDay.get({ workspace, createdBy, since: createdAt - DAY_MS })?.total ?? 0;
    return dayCount >= limits.creationsPerDayMax ? 'too_many_today' : undefined;
  };
}
