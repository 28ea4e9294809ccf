import { SHOWING_MS_MAX } from '../tokens/store.ts';
import { UNCLAIMED_MS_MAX } from '../tokens/token.ts';
import {
  and,
  type Db,
  eq,
  getTableColumns,
  gt,
  integerParam,
  isNotNull,
  isNull,
  or,
  type SQL,
  sql,
  textParam,
  withoutIndex,
} from './drizzle.ts';
import { owners, revokedTries, secrets, tokens, tokenUsage } from './schema/sqlite.ts';

export const IN_WORKSPACE = eq(tokens.workspace, textParam('workspace'));

/** For where something else finds few: by the index, SQLite would go through all tokens of the workspace. */
export const IN_WORKSPACE_UNINDEXED = eq(withoutIndex(tokens.workspace), textParam('workspace'));

export const OF_OWNER = and(IN_WORKSPACE, eq(tokens.owner, textParam('owner')));

const WHEN_ENDED = sql`when ${tokens.revokedAt} is not null then 'revoked' when ${tokens.expiresAt} <= ${integerParam('now')} then 'expired'`;

/** `statusOf` in SQL, at `now`. */
export const STATUS = sql`case ${WHEN_ENDED} when ${tokens.claimedAt} is null then 'unclaimed' else 'active' end`;

/** The same with the unclaimed ones among the active. */
export const STATUS_IN_LIST = sql`case ${WHEN_ENDED} else 'active' end`;

/** That a token was taken by its owner, or still may be: `wasNeverClaimed` in SQL. */
export const MAY_HAVE_VALUE = or(
  isNotNull(tokens.claimedAt),
  gt(tokens.createdAt, integerParam('claimableSince')),
);

/** That a value is being shown. An older one that nobody saw was lost in a crash. */
export const IS_BEING_SHOWN = and(isNull(secrets.shownAt), gt(secrets.createdAt, integerParam('liveSince')));

/** Since when a secret must have been made to be being shown at `at`, and a token to be taken. */
export function sinceAt(at: number) {
  return { liveSince: at - SHOWING_MS_MAX, claimableSince: at - UNCLAIMED_MS_MAX };
}

/** That a token is not past its end at the instant that the parameter `name` holds, or that something else holds. */
export function isUnexpiredAt(name: string, orElse?: SQL): SQL | undefined {
  return or(isNull(tokens.expiresAt), gt(tokens.expiresAt, integerParam(name)), orElse);
}

const OF_TOKENS_OWNER = sql`${owners.workspace} = ${tokens.workspace} and ${owners.person} = ${tokens.owner}`;

/** Since when the owner is gone. */
export const OWNER_GONE_AT = sql<
  number | null
>`(select ${owners.goneAt} from ${owners} where ${OF_TOKENS_OWNER})`;

const IS_BARRED = sql`exists (select 1 from ${owners} where ${OF_TOKENS_OWNER} and ${owners.isBarred} = 1)`;

const OF_TOKENS_TRIES = sql`${revokedTries.tokenId} = ${tokens.id}`;

const SINCE_STOPPED = sql`${revokedTries.lastTriedAt} > coalesce(${revokedTries.stoppedAt}, 0)`;

/** When a value of the token was last presented since it was revoked and, where somebody said that it had stopped, since then. */
export const LAST_TRIED_AT = sql<
  number | null
>`(select ${revokedTries.lastTriedAt} from ${revokedTries} where ${OF_TOKENS_TRIES} and ${SINCE_STOPPED})`;

const { quietSince: _, ...columns } = getTableColumns(tokens);

/** The columns of a token. */
export const TOKEN = columns;

/** The columns of a token with what is known of its use and its owner, for a query that left-joins `token_usage`. */
export const USED_TOKEN = {
  ...TOKEN,
  lastUsedAt: tokenUsage.lastUsedAt,
  useCount: sql<number>`coalesce(${tokenUsage.useCount}, 0)`,
  refusedCount: sql<number>`coalesce(${tokenUsage.refusedCount}, 0)`,
  lastRefusedAt: tokenUsage.lastRefusedAt,
  triedCount: sql<number>`coalesce((select ${revokedTries.tryCount} from ${revokedTries} where ${OF_TOKENS_TRIES}), 0)`,
  lastTriedAt: LAST_TRIED_AT,
  addresses: sql`coalesce(${tokenUsage.addresses}, '[]')`.mapWith(tokenUsage.addresses),
  ownerGoneAt: OWNER_GONE_AT,
  ownerIsBarred: IS_BARRED.mapWith(Boolean),
};

/** Tokens as they are told of. */
export function usedTokens(db: Db) {
  return db
    .select(USED_TOKEN)
    .from(tokens)
    .leftJoin(tokenUsage, eq(tokenUsage.tokenId, tokens.id))
    .$dynamic();
}
