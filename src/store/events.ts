import { HOUR_MS } from '../clock.ts';
import type { AuditAction, AuditEvent } from '../tokens/audit.ts';
import type { TokenStore } from '../tokens/store.ts';
import type { Read, Write } from './access.ts';
import {
  and,
  asc,
  countQuery,
  type Db,
  desc,
  eq,
  getTableColumns,
  gt,
  inArray,
  insertInto,
  integerParam,
  lt,
  onConflict,
  pageOf,
  rowCount,
  sql,
  textParam,
} from './drizzle.ts';
import type { Effects } from './effects.ts';
import { auditEvents, refusalCounts } from './schema/sqlite.ts';
import { createRecentWrites, hourOf } from './usage.ts';

/** How an attempt at showing a value ended. */
const SHOWING_ENDED: readonly AuditAction[] = [
  'value.shown',
  'value.replaced',
  'value.withdrawn',
  'token.rotated',
  'token.renewed',
];

/** Events that one read takes of the chain. */
const CHAIN_ROWS_MAX = 200;

const OF_TOKEN = eq(auditEvents.tokenId, textParam('tokenId'));

/** What the audit events tell of a token. */
export function createHistory(
  db: Db,
  read: Read,
): Pick<TokenStore, 'lastWithdrawal' | 'listEvents' | 'eventsAfter' | 'chainHead'> {
  const lastShowing = db
    .select({ action: auditEvents.action, detail: auditEvents.detail })
    .from(auditEvents)
    .where(and(OF_TOKEN, inArray(auditEvents.action, [...SHOWING_ENDED]).inlineParams()))
    .orderBy(desc(auditEvents.sequence))
    .limit(rowCount(1))
    .prepare();
  const count = countQuery(db, auditEvents, OF_TOKEN);
  const events = eventsQuery(db);
  const after = db
    .select()
    .from(auditEvents)
    .where(gt(auditEvents.sequence, integerParam('sequence')))
    .orderBy(asc(auditEvents.sequence))
    .limit(rowCount(CHAIN_ROWS_MAX))
    .prepare();

  const head = db
    .select({ sequence: auditEvents.sequence, mac: auditEvents.mac })
    .from(auditEvents)
    .orderBy(desc(auditEvents.sequence))
    .limit(rowCount(1))
    .prepare();

  return {
    chainHead: () => read(() => head.get()),
    eventsAfter: (sequence) => read(() => after.all({ sequence })),
    lastWithdrawal: (tokenId) =>
      read(async () => {
        const last = await lastShowing.get({ tokenId });
        const reason = last?.action === 'value.withdrawn' ? last.detail.reason : undefined;
        return typeof reason === 'string' ? reason : undefined;
      }),
    listEvents: (tokenId, request) =>
      read(async () => {
        const { limit, offset, ...place } = pageOf(request, await count({ tokenId }));
        return { events: await events.all({ tokenId, limit, offset }), ...place };
      }),
  };
}

function eventsQuery(db: Db) {
  const { sequence: _, pepperId: __, mac: ___, ...event } = getTableColumns(auditEvents);
  return db
    .select(event)
    .from(auditEvents)
    .where(OF_TOKEN)
    .orderBy(desc(auditEvents.sequence))
    .limit(rowCount(integerParam('limit')))
    .offset(rowCount(integerParam('offset')))
    .prepare();
}

/** Refusals a person and hour that get an event of their own. */
const EVENTS_MAX = 10;

/** Hours that one transaction closes; the next one goes on. */
const HOURS_MAX = 200;

/** Batches of old uses that one call drops; the next one goes on. */
const BATCHES_MAX = 1000;

type Count = typeof refusalCounts.$inferSelect;

/** What is told without any token being changed, and what is over: hours of counted refusals, keys of old deliveries. */
export function createRefusals(
  db: Db,
  write: Write,
  effects: Effects,
): Pick<TokenStore, 'recordDeed' | 'keepAnswered' | 'recordRefusal'> & { tidy(now: number): Promise<void> } {
  const recent = createRecentWrites(db);
  const countOne = countStatement(db);
  const isOver = lt(refusalCounts.hour, integerParam('hour'));
  const allOver = overQuery(db).where(isOver).prepare();
  const overOfActor = overQuery(db)
    .where(and(isOver, eq(refusalCounts.actor, textParam('actor'))))
    .prepare();
  const drop = db
    .delete(refusalCounts)
    .where(and(eq(refusalCounts.actor, textParam('actor')), eq(refusalCounts.hour, integerParam('hour'))))
    .prepare();

  async function close(counts: readonly Count[], at: number): Promise<void> {
    for (const { actor, hour, count } of counts) {
      await drop.run({ actor, hour });
      if (count <= EVENTS_MAX) continue;
      const detail = { count: count - EVENTS_MAX, hour_from: hour * HOUR_MS };
      await effects.chain.append({ at, actor, action: 'refusals.counted', tokenId: null, detail });
    }
  }

  return {
    recordDeed: (event, delivery) =>
      write(async () => {
        if (await effects.deliveries.areKept(delivery)) return 'repeated';
        await effects.deliveries.keep(delivery, event.at, event.tokenId);
        await effects.chain.append(event);
        return 'recorded';
      }),
    keepAnswered: (delivery, until) => write(() => effects.deliveries.keep(delivery, until, null)),
    recordRefusal: (event: AuditEvent) =>
      write(async () => {
        const { actor, at } = event;
        const hour = hourOf(at);
        await close(await overOfActor.all({ actor, hour }), at);
        const [counted] = await countOne.all({ actor, hour, count: 1 });
        if (counted !== undefined && counted.count <= EVENTS_MAX) await effects.chain.append(event);
      }),
    tidy: async (now) => {
      await write(async () => {
        await close(await allOver.all({ hour: hourOf(now) }), now);
        await effects.deliveries.dropOld(now);
      });
      // Others may write between two of these. What a power cut brings back is dropped anew.
      for (let batch = 0; batch < BATCHES_MAX; batch++) {
        if (!(await write(() => recent.dropSomeOld(now), 'eventual'))) return;
      }
    },
  };
}

function countStatement(db: Db) {
  return insertInto(db, refusalCounts)
    .onConflictDoUpdate({
      target: onConflict(refusalCounts.actor, refusalCounts.hour),
      set: { count: sql`${refusalCounts.count} + 1` },
    })
    .returning({ count: refusalCounts.count })
    .prepare();
}

function overQuery(db: Db) {
  return db
    .select()
    .from(refusalCounts)
    .orderBy(asc(refusalCounts.hour), asc(refusalCounts.actor))
    .limit(rowCount(HOURS_MAX))
    .$dynamic();
}
