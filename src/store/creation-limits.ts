import { DAY_MS } from '../clock.ts';
import type { CreationLimits, Rotation, ValueLimit } from '../tokens/store.ts';
import type { PersonId, Token, TokenId, WorkspaceId } from '../tokens/token.ts';
import { createOthersOfOwner } from './conditions.ts';
import { and, type Db, eq, gt, integerParam, rowCount, sql, textParam } from './drizzle.ts';
import { auditEvents, tokens } from './schema.ts';

/** The limit that a new token would exceed. For use inside the write that inserts it. */
export type ExceededLimit = (
  token: Token,
  limits: CreationLimits,
) => 'too_many_live' | 'too_many_today' | undefined;

/** The counts on the write connection `db`. */
export function createExceededLimit(db: Db): ExceededLimit {
  const othersOf = createOthersOfOwner(db);
  const createdInDay = createCreatedInDay(db);

  return (token, limits) => {
    const { workspace, createdBy, createdAt } = token;
    if (othersOf(token, createdAt) >= limits.liveTokensMax) return 'too_many_live';
    const dayCount = createdInDay({ workspace, person: createdBy }, createdAt);
    return dayCount >= limits.creationsPerDayMax ? 'too_many_today' : undefined;
  };
}

/**
 * Whether a further value, made at `at` in place of one that was not seen, would be one too many for the token's owner. The
 * first value of a token counts as its creation, so it is none.
 */
export type ExceedsValueLimit = (
  tokenId: TokenId,
  purpose: 'first' | Rotation,
  limit: ValueLimit,
  at: number,
) => boolean;

/** The count on the connection `db`. */
export function createExceedsValueLimit(db: Db): ExceedsValueLimit {
  const createdInDay = createCreatedInDay(db);
  const ofToken = eq(auditEvents.tokenId, textParam('tokenId'));
  const findOwner = db
    .select({ workspace: tokens.workspace, person: tokens.owner })
    .from(tokens)
    .where(eq(tokens.id, textParam('tokenId')))
    .prepare();
  const lastFailure = db
    .select({ sequence: auditEvents.sequence })
    .from(auditEvents)
    .where(and(ofToken, eq(auditEvents.action, 'value.withdrawn').inlineParams()))
    .limit(rowCount(1))
    .prepare();
  const ofOwner = sql`select ${tokens.id} from ${tokens} where ${tokens.workspace} = ${textParam('workspace')} and ${tokens.owner} = ${textParam('person')}`;
  // By the events: the secrets of values that were not seen are gone.
  const furtherInDay = db
    .select({ total: sql<number>`count(*)` })
    .from(auditEvents)
    .where(
      and(
        sql`${auditEvents.tokenId} in (${ofOwner})`,
        sql`${auditEvents.action} in ('value.withdrawn', 'value.replaced')`,
        gt(auditEvents.at, integerParam('since')),
      ),
    )
    .prepare();

  return (tokenId, purpose, { valuesPerDayMax }, at) => {
    const isFurther =
      purpose === 'first' ? lastFailure.get({ tokenId }) !== undefined : purpose.condition?.kind === 'unused';
    const owner = isFurther ? findOwner.get({ tokenId }) : undefined;
    if (owner === undefined) return false;
    const further = furtherInDay.get({ ...owner, since: at - DAY_MS })?.total ?? 0;
    return further + createdInDay(owner, at) >= valuesPerDayMax;
  };
}

/** How many tokens a person created within the 24 hours before `at`. */
function createCreatedInDay(db: Db) {
  const ofLastDay = db
    .select({ total: sql<number>`count(*)` })
    .from(tokens)
    .where(
      and(
        eq(tokens.workspace, textParam('workspace')),
        eq(tokens.createdBy, textParam('person')),
        gt(tokens.createdAt, integerParam('since')),
      ),
    )
    .prepare();

  return (who: { readonly workspace: WorkspaceId; readonly person: PersonId }, at: number): number =>
    ofLastDay.get({ ...who, since: at - DAY_MS })?.total ?? 0;
}
