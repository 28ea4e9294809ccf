import { DAY_MS } from '../clock.ts';
import { type Attention, PRESENTED_MS_MAX } from '../tokens/attention.ts';
import { EXPIRING_SOON_MS, IDLE_AFTER_MS } from '../tokens/token.ts';
import {
  and,
  asc,
  type Column,
  desc,
  eq,
  gt,
  integerParam,
  isNotNull,
  isNull,
  lte,
  not,
  or,
  type SQL,
  sql,
  textParam,
  withoutIndex,
} from './drizzle.ts';
import { owners, revokedTries, tokens, tokenUsage } from './schema/sqlite.ts';
import {
  IN_WORKSPACE,
  IN_WORKSPACE_UNINDEXED,
  LAST_TRIED_AT,
  OF_OWNER,
  OWNER_GONE_AT,
} from './token-query.ts';

/** Tokens that stand together in a list. `expiring_idle`: those of `expiring` that are idle too; and so on. */
export type PartName = Attention | 'owner_gone_expiring' | 'owner_gone_idle' | 'expiring_idle';
/** Which tokens they are, as `attentionOf` says it, and in which order. */
export type Part = { readonly where: SQL | undefined; readonly order: SQL };
export type Parts = Readonly<Record<PartName, Part>>;

/** The instants that the parts compare with. */
export function instantsAt(now: number) {
  const idle = now - IDLE_AFTER_MS;
  return {
    now,
    soon: now + EXPIRING_SOON_MS,
    idle,
    idleForSure: idle - DAY_MS,
    presentedSince: now - PRESENTED_MS_MAX,
  };
}

const NOW = integerParam('now');
const SOON = integerParam('soon');
const IDLE = integerParam('idle');
const SINCE = integerParam('presentedSince');

/** The parts of everybody's tokens, each for the index that has them together. */
export function partsOfAll(): Parts {
  // Found from what was refused lately, once a query: these are few, the expired ones are not.
  const isPresented = sql`${tokens.id} in (select presented.token_id from ${tokenUsage} as presented cross join ${tokens} as dead where dead.id = presented.token_id and presented.last_refused_at >= ${SINCE} and presented.last_refused_at >= dead.expires_at)`;
  // By rows, which every index holds: to look at the owner of each token would be to read each token.
  const isGone = sql`${tokens}.rowid in (select held.rowid from ${owners} as gone cross join ${tokens} as held where held.workspace = gone.workspace and held.owner = gone.person and held.revoked_at is null and gone.workspace = ${textParam('workspace')} and gone.gone_at is not null)`;
  const isTried = sql`${tokens.id} in (select tried.token_id from ${revokedTries} as tried where tried.last_tried_at >= ${SINCE} and tried.last_tried_at > coalesce(tried.stopped_at, 0))`;
  const conditions = { isPresented, isTried, isGone };
  const parts = partsWhere(IN_WORKSPACE, conditions, (column) => sql`${column}`);
  // By their ids and rows: an index would be read from the first revoked, expired or active token to the last.
  const { revoked_presented, presented, owner_gone, owner_gone_expiring, owner_gone_idle } = partsWhere(
    IN_WORKSPACE_UNINDEXED,
    conditions,
    withoutIndex,
  );
  return { ...parts, revoked_presented, presented, owner_gone, owner_gone_expiring, owner_gone_idle };
}

/** The parts of one person's tokens. Those are few: they are found by their owner and sorted. */
export function partsOfOwner(): Parts {
  const isPresented = sql`exists (select 1 from ${tokenUsage} as presented where presented.token_id = ${tokens.id} and presented.last_refused_at >= ${SINCE} and presented.last_refused_at >= ${tokens.expiresAt})`;
  const isTried = sql`exists (select 1 from ${revokedTries} as tried where tried.token_id = ${tokens.id} and tried.last_tried_at >= ${SINCE} and tried.last_tried_at > coalesce(tried.stopped_at, 0))`;
  const isGone = isNotNull(OWNER_GONE_AT);
  return partsWhere(OF_OWNER, { isPresented, isTried, isGone }, withoutIndex);
}

/** All of everybody's that have ended, whether something presents them or not: to be counted by index alone. */
export const ENDED_OF_ALL = {
  expired: and(IN_WORKSPACE, isNull(tokens.revokedAt), lte(tokens.expiresAt, NOW)),
  revoked: and(IN_WORKSPACE, isNotNull(tokens.revokedAt)),
};

/** `by` may hide a column from the planner, which would take an index for its sake. */
function partsWhere(
  whose: SQL | undefined,
  { isPresented, isTried, isGone }: Readonly<Record<'isPresented' | 'isTried' | 'isGone', SQL>>,
  by: (column: Column) => SQL,
): Parts {
  const isKept = isNull(by(tokens.revokedAt));
  const isClaimed = and(whose, isKept, isNotNull(by(tokens.claimedAt)));
  const isLive = and(isClaimed, not(isGone));
  const expiresLater = gt(by(tokens.expiresAt), SOON);
  const neverExpires = isNull(by(tokens.expiresAt));
  const isExpired = and(whose, isKept, lte(by(tokens.expiresAt), NOW));
  const isRevoked = and(whose, isNotNull(by(tokens.revokedAt)));
  const isIdle = idleBy(by(tokens.quietSince));
  const endsSoon = and(gt(by(tokens.expiresAt), NOW), lte(by(tokens.expiresAt), SOON));
  const isExpiring = and(isLive, endsSoon);
  const isOwnerGone = and(isClaimed, or(neverExpires, gt(by(tokens.expiresAt), NOW)), isGone);
  const byAge = asc(tokens.createdAt);
  // That they were made lets the planner see the small index of those that wait.
  const isWaiting = and(whose, isKept, isNull(by(tokens.claimedAt)), sql`${tokens.createdAt} > 0`);
  const bySoonest = asc(by(tokens.expiresAt));
  return {
    revoked_presented: { where: and(isRevoked, isTried), order: desc(LAST_TRIED_AT) },
    presented: {
      where: and(isExpired, isPresented),
      order: desc(tokenUsage.lastRefusedAt),
    },
    owner_gone: { where: isOwnerGone, order: byAge },
    owner_gone_expiring: { where: and(isOwnerGone, endsSoon), order: byAge },
    owner_gone_idle: { where: and(isOwnerGone, isIdle), order: byAge },
    expiring: { where: isExpiring, order: bySoonest },
    expiring_idle: { where: and(isExpiring, isIdle), order: bySoonest },
    unclaimed: {
      where: and(isWaiting, or(neverExpires, gt(by(tokens.expiresAt), NOW))),
      order: byAge,
    },
    idle: { where: and(isLive, or(neverExpires, expiresLater), isIdle), order: asc(by(tokens.quietSince)) },
    endless: { where: and(isLive, neverExpires, not(isIdle)), order: byAge },
    none: { where: and(isLive, expiresLater, not(isIdle)), order: bySoonest },
    expired: {
      where: and(isExpired, not(isPresented)),
      order: desc(by(tokens.expiresAt)),
    },
    revoked: { where: and(isRevoked, not(isTried)), order: desc(by(tokens.revokedAt)) },
  };
}

/** `quiet_since` may be a day behind. Of the few of that day the last use itself is looked up. */
function idleBy(quietSince: SQL): SQL {
  const lastUse = sql`(select ${tokenUsage.lastUsedAt} from ${tokenUsage} where ${eq(tokenUsage.tokenId, tokens.id)})`;
  const isIdle = sql`coalesce(${lastUse}, ${tokens.createdAt}) <= ${IDLE}`;
  return sql`(${lte(quietSince, IDLE)} and (${lte(quietSince, integerParam('idleForSure'))} or ${isIdle}))`;
}
