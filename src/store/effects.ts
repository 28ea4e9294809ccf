import { DAY_MS, MINUTE_MS } from '../clock.ts';
import { type AuditEvent, macOf } from '../tokens/audit.ts';
import type { Pepper } from '../tokens/pepper.ts';
import type { TokenStore } from '../tokens/store.ts';
import type { Delivery, Effect, Notice, NoticeKind, Repeated } from '../tokens/telling.ts';
import type { TokenId } from '../tokens/token.ts';
import type { Read } from './access.ts';
import {
  and,
  type Db,
  desc,
  eq,
  insertInto,
  integerParam,
  lte,
  notInArray,
  onConflict,
  rowCount,
  sql,
  textParam,
} from './drizzle.ts';
import { createSay, type Say } from './outbox.ts';
import { auditEvents, deliveries, notices } from './schema/sqlite.ts';

/** What a change brings along. For use inside the write that makes the change. */
export type Effects = {
  readonly chain: AuditChain;
  readonly deliveries: Deliveries;
  readonly notices: NoticePlan;
  readonly say: Say;
  /** That one of the delivery's keys had its effect before; then nothing is to be written. */
  repeated(delivery: Delivery): Promise<Repeated | undefined>;
  /** The event, what is to be said and when, and the delivery's keys where there is a delivery. */
  bring(
    effect: Omit<Effect, 'delivery'> & Partial<Pick<Effect, 'delivery'>>,
    tokenId: TokenId,
  ): Promise<void>;
};

/** The effects on the write connection `db`. */
export function createEffects(db: Db, pepper: Pepper): Effects {
  const chain = createAuditChain(db, pepper);
  const deliveries = createDeliveries(db);
  const notices = createNoticePlan(db);
  const say = createSay(db);

  return {
    chain,
    deliveries,
    notices,
    say,
    async repeated(delivery) {
      const tokenId = await deliveries.tokenOf(delivery);
      return tokenId === undefined ? undefined : { kind: 'repeated', tokenId };
    },
    async bring({ event, sayings, notices: toCome = [], delivery }, tokenId) {
      if (delivery !== undefined) await deliveries.keep(delivery, event.at, tokenId);
      await chain.append(event);
      await say(sayings);
      await notices.plan(tokenId, toCome);
    },
  };
}

/** Not planned but given at once, at most one a day: a rotation leaves them, so that the day stays known. */
const PRESENTED: readonly NoticeKind[] = ['dead_presented', 'revoked_presented', 'retired_presented'];

export const OF_TOKEN = eq(notices.tokenId, textParam('tokenId'));

/** What is to be told without having been asked for. For use inside a write. */
type NoticePlan = {
  /** Notes notices to come. One of the same kind that is to come already is moved; one that was sent stays sent. */
  plan(tokenId: TokenId, toCome: readonly Notice[]): Promise<void>;
  /** As `plan`, but one that was sent is to come again. */
  planAgain(tokenId: TokenId, notice: Notice): Promise<void>;
  /** When the notice of this kind is due, or was; undefined when none was planned in this generation. */
  dueAt(tokenId: TokenId, kind: NoticeKind): Promise<number | undefined>;
  /** Forgets what was planned and sent for the generation that ends. */
  endGeneration(tokenId: TokenId): Promise<void>;
  /** Takes the UTC day of `at` for a notice of this kind. False when that day or a later one was taken. */
  takeDay(tokenId: TokenId, kind: NoticeKind, at: number): Promise<boolean>;
};

/** The notices on the write connection `db`. */
function createNoticePlan(db: Db): NoticePlan {
  const insert = () => insertInto(db, notices);
  const target = onConflict(notices.tokenId, notices.kind);
  const dueAt = sql`excluded.due_at`;
  const plan = insert().onConflictDoUpdate({ target, set: { dueAt } }).prepare();
  const planAgain = insert()
    .onConflictDoUpdate({ target, set: { dueAt, sentAt: null } })
    .prepare();
  const takeDay = insert()
    .onConflictDoUpdate({
      target,
      set: { dueAt, sentAt: sql`excluded.sent_at` },
      setWhere: sql.raw(`notices.due_at / ${DAY_MS} < excluded.due_at / ${DAY_MS}`),
    })
    .returning({ kind: notices.kind })
    .prepare();
  const planned = db
    .select({ dueAt: notices.dueAt })
    .from(notices)
    .where(and(OF_TOKEN, eq(notices.kind, textParam('kind'))))
    .prepare();
  const endGeneration = db
    .delete(notices)
    .where(and(OF_TOKEN, notInArray(notices.kind, [...PRESENTED])))
    .prepare();

  return {
    async plan(tokenId, toCome) {
      for (const notice of toCome) await plan.run({ tokenId, ...notice, sentAt: null });
    },
    async planAgain(tokenId, notice) {
      await planAgain.run({ tokenId, ...notice, sentAt: null });
    },
    dueAt: async (tokenId, kind) => (await planned.get({ tokenId, kind }))?.dueAt,
    async endGeneration(tokenId) {
      await endGeneration.run({ tokenId });
    },
    takeDay: async (tokenId, kind, at) =>
      (await takeDay.all({ tokenId, kind, dueAt: at, sentAt: at })).length > 0,
  };
}

/** The end of the audit chain. For use inside a write, so that no event is told of a change that was not made. */
type AuditChain = {
  append(event: AuditEvent): Promise<void>;
};

/** The chain on the write connection `db`, its MACs made under `pepper`. */
function createAuditChain(db: Db, pepper: Pepper): AuditChain {
  const last = db
    .select({ sequence: auditEvents.sequence, mac: auditEvents.mac })
    .from(auditEvents)
    .orderBy(desc(auditEvents.sequence))
    .limit(rowCount(1))
    .prepare();
  const insert = insertInto(db, auditEvents).prepare();

  return {
    async append(event) {
      const previous = await last.get();
      const numbered = { ...event, sequence: (previous?.sequence ?? 0) + 1 };
      await insert.run({ ...numbered, pepperId: pepper.id, mac: macOf(numbered, previous?.mac, pepper) });
    },
  };
}

/** Slack delivers again for some minutes at most. */
const KEPT_MS_MAX = 15 * MINUTE_MS;

/** The keys of deliveries that had an effect. For use inside a write. */
type Deliveries = {
  /** The token of the effect that one of the keys had before. */
  tokenOf(delivery: Delivery): Promise<TokenId | undefined>;
  /** Whether one of the keys was kept before, with a token or without. */
  areKept(delivery: Delivery): Promise<boolean>;
  /** `tokenId` null: what it did changed no token. */
  keep(delivery: Delivery, at: number, tokenId: TokenId | null): Promise<void>;
  /** Drops those of 15 minutes ago and before. */
  dropOld(now: number): Promise<void>;
};

/** Whether a delivery had its effect, for whoever only wants to know. */
export function createDeliveryReads(db: Db, read: Read): Pick<TokenStore, 'tokenOfDelivery' | 'isAnswered'> {
  const { tokenOf, areKept } = createDeliveries(db);
  return {
    tokenOfDelivery: (delivery) => read(() => tokenOf(delivery)),
    isAnswered: (delivery) => read(() => areKept(delivery)),
  };
}

/** The deliveries on the write connection `db`. */
export function createDeliveries(db: Db): Deliveries {
  const find = db
    .select({ tokenId: deliveries.tokenId })
    .from(deliveries)
    .where(db.words.isIn(deliveries.key, 'keys'))
    .prepare();
  const insert = insertInto(db, deliveries).onConflictDoNothing().prepare();
  const dropOld = db
    .delete(deliveries)
    .where(lte(deliveries.at, integerParam('until')))
    .prepare();

  const keptFor = (delivery: Delivery) => find.all({ keys: JSON.stringify(delivery.keys) });

  return {
    tokenOf: async (delivery) =>
      (await keptFor(delivery)).find(({ tokenId }) => tokenId !== null)?.tokenId ?? undefined,
    areKept: async (delivery) => (await keptFor(delivery)).length > 0,
    async keep(delivery, at, tokenId) {
      for (const key of delivery.keys) await insert.run({ key, at, tokenId });
    },
    async dropOld(now) {
      await dropOld.run({ until: now - KEPT_MS_MAX });
    },
  };
}
