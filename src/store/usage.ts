import { DAY_MS, HOUR_MS } from '../clock.ts';
import type { SecretUse, TokenStore } from '../tokens/store.ts';
import type { NoticeKind } from '../tokens/telling.ts';
import type { TokenId } from '../tokens/token.ts';
import { addressesOf, latest } from '../tokens/usage.ts';
import type { Read, Write } from './access.ts';
import {
  and,
  type Db,
  eq,
  getTableColumns,
  greater,
  insertInto,
  integerParam,
  lte,
  onConflict,
  rowCount,
  sql,
  storedParam,
  textParam,
} from './drizzle.ts';
import type { Effects } from './effects.ts';
import { IS_HONOURED, OF_TOKEN } from './rotation.ts';
import {
  notices,
  revokedTries,
  secrets,
  secretUsage,
  tokens,
  tokenUsage,
  tokenUsesByHour,
} from './schema/sqlite.ts';

/** More in one transaction would stop the event loop for tens of milliseconds. */
const USES_MAX = 200;

/**
 * Of how many revoked tokens one person is told in a day. That one is presented is told by its lookup id alone: whoever saw
 * how many of somebody's values begin could make as many messages come.
 */
const REVOKED_TOLD_MAX = 10;

type Usage = Omit<typeof tokenUsage.$inferSelect, 'tokenId'>;

const UNUSED: Usage = {
  lastUsedAt: null,
  useCount: 0,
  refusedCount: 0,
  lastRefusedAt: null,
  addresses: [],
};

/** Counting what was used and what was refused. */
export function createUsage(
  db: Db,
  write: Write,
  effects: Effects,
): Pick<TokenStore, 'addUses' | 'closeIncident'> {
  const { tokenId: _, ...columns } = getTableColumns(tokenUsage);
  const find = db
    .select(columns)
    .from(tokenUsage)
    .where(eq(tokenUsage.tokenId, textParam('tokenId')))
    .prepare();
  const keep = keepStatement(db);
  const keepOfSecret = insertInto(db, secretUsage)
    .onConflictDoUpdate({
      target: onConflict(secretUsage.lookupId),
      set: { lastUsedAt: greater(secretUsage.lastUsedAt, sql`excluded.last_used_at`) },
    })
    .prepare();
  const noteDay = noteDayStatement(db);
  const newer = newerQuery(db);
  const recent = createRecentWrites(db);
  const toldToday = toldTodayQuery(db);
  const keepStopped = insertInto(db, revokedTries)
    .onConflictDoUpdate({
      target: onConflict(revokedTries.tokenId),
      set: { stoppedAt: sql`excluded.stopped_at`, stoppedBy: sql`excluded.stopped_by` },
    })
    .prepare();

  async function add(use: SecretUse): Promise<void> {
    const { tokenId, lookupId, lastUsedAt, lastRefusedAt, lastTriedAt } = use;
    await recent.add(use);
    if (lastTriedAt !== null) await tellOfRevoked(tokenId, lastTriedAt);
    if (lastUsedAt === null && lastRefusedAt === null) return;
    await keep.run({ tokenId, ...sumOf((await find.get({ tokenId })) ?? UNUSED, use) });
    if (lastUsedAt !== null) {
      await keepOfSecret.run({ lookupId, lastUsedAt });
      await noteDay.run({ tokenId, at: lastUsedAt, dayBefore: lastUsedAt - DAY_MS });
    }
    if (lastRefusedAt !== null) await tellOnceADay(use, lastRefusedAt);
  }

  async function tellOnceADay({ tokenId, lookupId }: SecretUse, at: number): Promise<void> {
    const isRetired = (await newer.get({ tokenId, lookupId, at })) !== undefined;
    const notice: NoticeKind = isRetired ? 'retired_presented' : 'dead_presented';
    if (!(await effects.notices.takeDay(tokenId, notice, at))) return;
    await effects.say([{ saying: { kind: 'notice', notice, tokenId }, dueAt: at }]);
  }

  async function tellOfRevoked(tokenId: TokenId, at: number): Promise<void> {
    const notice = 'revoked_presented';
    if (!(await effects.notices.takeDay(tokenId, notice, at))) return;
    const { count = 0 } = (await toldToday.get({ tokenId, day: dayOf(at) })) ?? {};
    if (count > REVOKED_TOLD_MAX) return;
    await effects.say([{ saying: { kind: 'notice', notice, tokenId }, dueAt: at }]);
  }

  return {
    closeIncident: (closed, { actor, at }, delivery) =>
      write(async () => {
        if (await effects.deliveries.areKept(delivery)) return 'repeated';
        for (const { id: tokenId, name } of closed) {
          await keepStopped.run({ tokenId, tryCount: 0, lastTriedAt: 0, stoppedAt: at, stoppedBy: actor });
          await effects.deliveries.keep(delivery, at, tokenId);
          await effects.chain.append({ at, actor, action: 'incident.closed', tokenId, detail: { name } });
        }
        return 'closed';
      }),
    addUses: (uses) =>
      write(async () => {
        if (uses.length > USES_MAX) throw new RangeError('too many uses for one transaction');
        for (const use of uses) await add(use);
      }, 'eventual'),
  };
}

function keepStatement(db: Db) {
  return insertInto(db, tokenUsage)
    .onConflictDoUpdate({
      target: onConflict(tokenUsage.tokenId),
      set: {
        lastUsedAt: sql`excluded.last_used_at`,
        useCount: sql`excluded.use_count`,
        refusedCount: sql`excluded.refused_count`,
        lastRefusedAt: sql`excluded.last_refused_at`,
        addresses: sql`excluded.addresses`,
      },
    })
    .prepare();
}

/** Writes one use a day into the token itself, whose indexes find what is idle. */
function noteDayStatement(db: Db) {
  return db
    .update(tokens)
    .set({ quietSince: storedParam('at') })
    .where(and(eq(tokens.id, textParam('tokenId')), lte(tokens.quietSince, integerParam('dayBefore'))))
    .prepare();
}

/** A value of the token that came after that of `lookupId` and is honoured at `at`. */
function newerQuery(db: Db) {
  const generation = sql`(select refused.generation from ${secrets} as refused where refused.lookup_id = ${textParam('lookupId')})`;
  return db
    .select({ lookupId: secrets.lookupId })
    .from(secrets)
    .where(and(OF_TOKEN, sql`${secrets.generation} > ${generation}`, IS_HONOURED))
    .limit(rowCount(1))
    .prepare();
}

/** Of how many of its owner's revoked tokens it was told that day that something presents them, or would have been. */
function toldTodayQuery(db: Db) {
  const owner = sql`(select ofOwner.owner from ${tokens} as ofOwner where ofOwner.id = ${textParam('tokenId')})`;
  const workspace = sql`(select ofOwner.workspace from ${tokens} as ofOwner where ofOwner.id = ${textParam('tokenId')})`;
  return db
    .select({ count: sql<number>`count(*)` })
    .from(tokens)
    .innerJoin(notices, and(eq(notices.tokenId, tokens.id), eq(notices.kind, sql.raw("'revoked_presented'"))))
    .where(
      and(
        sql`${tokens.workspace} = ${workspace}`,
        sql`${tokens.owner} = ${owner}`,
        sql`${notices.dueAt} / ${sql.raw(String(DAY_MS))} = ${integerParam('day')}`,
      ),
    )
    .prepare();
}

/** Days since 1970 UTC. */
function dayOf(at: number): number {
  return Math.floor(at / DAY_MS);
}

function sumOf(before: Usage, use: SecretUse): Usage {
  const isLater =
    latestOf(use.lastUsedAt, use.lastRefusedAt) >= latestOf(before.lastUsedAt, before.lastRefusedAt);
  const [first, then] = isLater ? [use.addresses, before.addresses] : [before.addresses, use.addresses];
  return {
    lastUsedAt: latest(before.lastUsedAt, use.lastUsedAt),
    useCount: before.useCount + use.useCount,
    refusedCount: before.refusedCount + use.refusedCount,
    lastRefusedAt: latest(before.lastRefusedAt, use.lastRefusedAt),
    addresses: addressesOf(then, first),
  };
}

function latestOf(...instants: readonly (number | null)[]): number {
  return Math.max(...instants.map((instant) => instant ?? -Infinity));
}

const DAY_HOURS = 24;

/** Twice what is asked for: a clock that is set back loses nothing. */
const KEPT_HOURS = 48;

/** Rows that one transaction drops: an hour may have one of each token. */
const DROPPED_MAX = 200;

/** What happened lately. For use inside a write. */
export type RecentWrites = {
  /** Adds the uses to the hour of the last one, and the tries to those of the token. */
  add(use: SecretUse): Promise<void>;
  /** Drops 200 of the rows of 48 hours ago and before; false: there were no more. */
  dropSomeOld(now: number): Promise<boolean>;
};

/** The recent uses on the write connection `db`. */
export function createRecentWrites(db: Db): RecentWrites {
  const addUses = insertInto(db, tokenUsesByHour)
    .onConflictDoUpdate({
      target: onConflict(tokenUsesByHour.hour, tokenUsesByHour.tokenId),
      set: { useCount: sql`${tokenUsesByHour.useCount} + excluded.use_count` },
    })
    .prepare();
  const addTries = insertInto(db, revokedTries)
    .onConflictDoUpdate({
      target: onConflict(revokedTries.tokenId),
      set: {
        tryCount: sql`${revokedTries.tryCount} + excluded.try_count`,
        lastTriedAt: greater(revokedTries.lastTriedAt, sql`excluded.last_tried_at`),
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
    async add({ tokenId, useCount, lastUsedAt, triedCount, lastTriedAt }) {
      if (lastUsedAt !== null) await addUses.run({ hour: hourOf(lastUsedAt), tokenId, useCount });
      if (lastTriedAt !== null)
        await addTries.run({ tokenId, tryCount: triedCount, lastTriedAt, stoppedAt: null, stoppedBy: null });
    },
    dropSomeOld: async (now) =>
      (await dropOld.all({ hour: hourOf(now) - KEPT_HOURS })).length === DROPPED_MAX,
  };
}

/** What happened lately, read. */
export function createRecentReads(db: Db, read: Read): Pick<TokenStore, 'usesInDay' | 'triesOf'> {
  // Hour by hour, since the hour comes first in the key: a range of hours would pass by everybody's uses.
  const uses = db
    .select({ count: sql<number>`cast(coalesce(sum(${tokenUsesByHour.useCount}), 0) as bigint)` })
    .from(tokenUsesByHour)
    .where(
      and(db.words.isIn(tokenUsesByHour.hour, 'hours'), eq(tokenUsesByHour.tokenId, textParam('tokenId'))),
    )
    .prepare();
  const { tokenId, tryCount: count, stoppedAt, stoppedBy } = revokedTries;
  const lastAt = sql<number | null>`nullif(${revokedTries.lastTriedAt}, 0)`;
  const tries = db
    .select({ tokenId, count, lastAt, stoppedAt, stoppedBy })
    .from(revokedTries)
    .where(db.words.isIn(tokenId, 'ids'))
    .prepare();

  return {
    usesInDay: (tokenId, now) =>
      read(async () => {
        const hours = Array.from({ length: DAY_HOURS }, (_, back) => hourOf(now) - back);
        return (await uses.get({ tokenId, hours: JSON.stringify(hours) }))?.count ?? 0;
      }),
    triesOf: (ids) =>
      read(async () => {
        const rows = await tries.all({ ids: JSON.stringify(ids) });
        return new Map(rows.map(({ tokenId: id, ...found }) => [id, found]));
      }),
  };
}

/** Hours since 1970 UTC. */
export function hourOf(at: number): number {
  return Math.floor(at / HOUR_MS);
}
