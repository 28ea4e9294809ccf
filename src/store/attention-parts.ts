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
} from './drizzle.ts';
import { tokens, tokenUsage } from './schema.ts';

/** Tokens that stand together in a list. `expiring_idle`: those of `expiring` that are idle too. */
export type PartName = Attention | 'expiring_idle';
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
const IN_WORKSPACE = eq(tokens.workspace, textParam('workspace'));

/** The parts of everybody's tokens, each for the index that has them together. */
export function partsOfAll(): Parts {
  // Found from what was refused lately, once a query: these are few, the expired ones are not.
  const isPresented = sql`${tokens.id} in (select presented.token_id from ${tokenUsage} as presented cross join ${tokens} as dead on dead.id = presented.token_id where presented.last_refused_at >= ${SINCE} and presented.last_refused_at >= dead.expires_at)`;
  const { presented: _, ...parts } = partsWhere(IN_WORKSPACE, isPresented, (column) => sql`${column}`);
  // By their ids: an index would be read from the first expired token to the last.
  const inWorkspace = eq(withoutIndex(tokens.workspace), textParam('workspace'));
  const { presented } = partsWhere(inWorkspace, isPresented, withoutIndex);
  return { ...parts, presented };
}

/** The parts of one person's tokens. Those are few: they are found by their owner and sorted. */
export function partsOfOwner(): Parts {
  const isOwners = and(IN_WORKSPACE, eq(tokens.owner, textParam('owner')));
  const isPresented = sql`exists (select 1 from ${tokenUsage} as presented where presented.token_id = ${tokens.id} and presented.last_refused_at >= ${SINCE} and presented.last_refused_at >= ${tokens.expiresAt})`;
  return partsWhere(isOwners, isPresented, withoutIndex);
}

/** All of everybody's that are expired, whether something presents them or not: to be counted by index alone. */
export const EXPIRED_OF_ALL = and(IN_WORKSPACE, isNull(tokens.revokedAt), lte(tokens.expiresAt, NOW));

/** `by` may hide a column from the planner, which would take an index for its sake. */
function partsWhere(whose: SQL | undefined, isPresented: SQL, by: (column: Column) => SQL): Parts {
  const isKept = isNull(by(tokens.revokedAt));
  const isLive = and(whose, isKept, isNotNull(by(tokens.claimedAt)));
  const expiresLater = gt(by(tokens.expiresAt), SOON);
  const neverExpires = isNull(by(tokens.expiresAt));
  const isExpired = and(whose, isKept, lte(by(tokens.expiresAt), NOW));
  const isIdle = idleBy(by(tokens.quietSince));
  const isExpiring = and(isLive, gt(by(tokens.expiresAt), NOW), lte(by(tokens.expiresAt), SOON));
  // That they were made lets the planner see the small index of those that wait.
  const isWaiting = and(whose, isKept, isNull(by(tokens.claimedAt)), sql`${tokens.createdAt} > 0`);
  const bySoonest = asc(by(tokens.expiresAt));
  return {
    presented: {
      where: and(isExpired, isPresented),
      order: desc(tokenUsage.lastRefusedAt),
    },
    expiring: { where: isExpiring, order: bySoonest },
    expiring_idle: { where: and(isExpiring, isIdle), order: bySoonest },
    unclaimed: {
      where: and(isWaiting, or(neverExpires, gt(by(tokens.expiresAt), NOW))),
      order: asc(tokens.createdAt),
    },
    idle: { where: and(isLive, or(neverExpires, expiresLater), isIdle), order: asc(by(tokens.quietSince)) },
    endless: { where: and(isLive, neverExpires, not(isIdle)), order: asc(tokens.createdAt) },
    none: { where: and(isLive, expiresLater, not(isIdle)), order: bySoonest },
    expired: {
      where: and(isExpired, not(isPresented)),
      order: desc(by(tokens.expiresAt)),
    },
    revoked: { where: and(whose, isNotNull(by(tokens.revokedAt))), order: desc(by(tokens.revokedAt)) },
  };
}

/** `quiet_since` may be a day behind. Of the few of that day the last use itself is looked up. */
function idleBy(quietSince: SQL): SQL {
  const lastUse = sql`(select ${tokenUsage.lastUsedAt} from ${tokenUsage} where ${eq(tokenUsage.tokenId, tokens.id)})`;
  const isIdle = sql`coalesce(${lastUse}, ${tokens.createdAt}) <= ${IDLE}`;
  return sql`(${lte(quietSince, IDLE)} and (${lte(quietSince, integerParam('idleForSure'))} or ${isIdle}))`;
}

/** A column that no index is searched for (sqlite.org/optoverview.html, "unary + operator"). */
function withoutIndex(column: Column): SQL {
  return sql`+${column}`;
}
