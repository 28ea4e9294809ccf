import { HOUR_MS } from '../clock.ts';
import type { SecretUse, TokenStore } from '../tokens/store.ts';
import { and, type Db, eq, integerParam, rowCount, rowParams, sql, textParam } from './drizzle.ts';
import type { Read } from './reader.ts';
import { revokedTries, tokenUsesByHour } from './schema.ts';

const DAY_HOURS = 24;
/** Twice what is asked for: a clock that is set back loses nothing. */
const KEPT_HOURS = 48;
/** Rows that one transaction drops: an hour may have one of each token. */
const DROPPED_MAX = 200;

/** What happened lately. For use inside a write. */
export type RecentWrites = {
  /** Adds the uses to the hour of the last one, and the tries to those of the token. */
  add(use: SecretUse): void;
  /** Drops 200 of the rows of 48 hours ago and before; false: there were no more. */
  dropSomeOld(now: number): boolean;
};

/** The recent uses on the write connection `db`. */
export function createRecentWrites(db: Db): RecentWrites {
  const addUses = db
    .insert(tokenUsesByHour)
    .values(rowParams(tokenUsesByHour))
    .onConflictDoUpdate({
      target: [tokenUsesByHour.hour, tokenUsesByHour.tokenId],
      set: { useCount: sql`${tokenUsesByHour.useCount} + excluded.use_count` },
    })
    .prepare();
  const addTries = db
    .insert(revokedTries)
    .values(rowParams(revokedTries))
    .onConflictDoUpdate({
      target: revokedTries.tokenId,
      set: {
        tryCount: sql`${revokedTries.tryCount} + excluded.try_count`,
        lastTriedAt: sql`max(${revokedTries.lastTriedAt}, excluded.last_tried_at)`,
      },
    })
    .prepare();
  const dropOld = db
    .delete(tokenUsesByHour)
    .where(
      sql`(${tokenUsesByHour.hour}, ${tokenUsesByHour.tokenId}) in (select hour, token_id from token_uses_by_hour where hour < ${integerParam('hour')} limit ${rowCount(DROPPED_MAX)})`,
    )
    .returning({ hour: tokenUsesByHour.hour })
    .prepare();

  return {
    add({ tokenId, useCount, lastUsedAt, triedCount, lastTriedAt }) {
      if (lastUsedAt !== null) addUses.run({ hour: hourOf(lastUsedAt), tokenId, useCount });
      if (lastTriedAt !== null) addTries.run({ tokenId, tryCount: triedCount, lastTriedAt });
    },
    dropSomeOld: (now) => dropOld.all({ hour: hourOf(now) - KEPT_HOURS }).length === DROPPED_MAX,
  };
}

/** What happened lately, read. */
export function createRecentReads(db: Db, read: Read): Pick<TokenStore, 'usesInDay' | 'triesOf'> {
  // Hour by hour, since the hour comes first in the key: a range of hours would pass by everybody's uses.
  const uses = db
    .select({ count: sql<number>`coalesce(sum(${tokenUsesByHour.useCount}), 0)` })
    .from(tokenUsesByHour)
    .where(
      and(
        sql`${tokenUsesByHour.hour} in (select value from json_each(${textParam('hours')}))`,
        eq(tokenUsesByHour.tokenId, textParam('tokenId')),
      ),
    )
    .prepare();
  const tries = db
    .select()
    .from(revokedTries)
    .where(sql`${revokedTries.tokenId} in (select value from json_each(${textParam('ids')}))`)
    .prepare();

  return {
    usesInDay: (tokenId, now) =>
      read(() => {
        const hours = Array.from({ length: DAY_HOURS }, (_, back) => hourOf(now) - back);
        return uses.get({ tokenId, hours: JSON.stringify(hours) })?.count ?? 0;
      }),
    triesOf: (ids) =>
      read(() => {
        const rows = tries.all({ ids: JSON.stringify(ids) });
        return new Map(
          rows.map(({ tokenId, tryCount, lastTriedAt }) => [
            tokenId,
            { count: tryCount, lastAt: lastTriedAt },
          ]),
        );
      }),
  };
}

function hourOf(at: number): number {
  return Math.floor(at / HOUR_MS);
}
