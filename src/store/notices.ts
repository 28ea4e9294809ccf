import { DAY_MS } from '../clock.ts';
import type { Notice, NoticeKind, TokenStore } from '../tokens/store.ts';
import { statusOf, type TokenId } from '../tokens/token.ts';
import {
  and,
  asc,
  type Db,
  eq,
  integerParam,
  isNull,
  lte,
  notInArray,
  rowCount,
  rowParams,
  sql,
  storedParam,
  textParam,
} from './drizzle.ts';
import type { Effects } from './effects.ts';
import { notices, tokens } from './schema.ts';
import type { Write } from './writer.ts';

/** Notices that one transaction sends. */
const BATCH_ROWS_MAX = 200;
/** Transactions of one call; the next one goes on. */
const BATCHES_MAX = 50;
/** Not planned but given at once, at most one a day: a rotation leaves them, so that the day stays known. */
const PRESENTED: readonly NoticeKind[] = ['dead_presented', 'retired_presented'];

const OF_TOKEN = eq(notices.tokenId, textParam('tokenId'));
const IS_DUE = and(isNull(notices.sentAt), lte(notices.dueAt, integerParam('now')));

/** What is to be told without having been asked for. For use inside a write. */
export type NoticePlan = {
  /** Notes notices to come. One of the same kind that is to come already is moved; one that was sent stays sent. */
  plan(tokenId: TokenId, toCome: readonly Notice[]): void;
  /** As `plan`, but one that was sent is to come again. */
  planAgain(tokenId: TokenId, notice: Notice): void;
  /** When the notice of this kind is due, or was; undefined when none was planned in this generation. */
  dueAt(tokenId: TokenId, kind: NoticeKind): number | undefined;
  /** Forgets what was planned and sent for the generation that ends. */
  endGeneration(tokenId: TokenId): void;
  /** Takes the UTC day of `at` for a notice of this kind. False when that day or a later one was taken. */
  takeDay(tokenId: TokenId, kind: NoticeKind, at: number): boolean;
};

/** The notices on the write connection `db`. */
export function createNoticePlan(db: Db): NoticePlan {
  const insert = () => db.insert(notices).values(rowParams(notices));
  const target = [notices.tokenId, notices.kind];
  const dueAt = sql`excluded.due_at`;
  const plan = insert().onConflictDoUpdate({ target, set: { dueAt } }).prepare();
  const planAgain = insert()
    .onConflictDoUpdate({ target, set: { dueAt, sentAt: null } })
    .prepare();
  const takeDay = insert()
    .onConflictDoUpdate({
      target,
      set: { dueAt, sentAt: sql`excluded.sent_at` },
      setWhere: sql.raw(`due_at / ${DAY_MS} < excluded.due_at / ${DAY_MS}`),
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
    plan(tokenId, toCome) {
      for (const notice of toCome) plan.run({ tokenId, ...notice, sentAt: null });
    },
    planAgain: (tokenId, notice) => void planAgain.run({ tokenId, ...notice, sentAt: null }),
    dueAt: (tokenId, kind) => planned.get({ tokenId, kind })?.dueAt,
    endGeneration: (tokenId) => void endGeneration.run({ tokenId }),
    takeDay: (tokenId, kind, at) => takeDay.all({ tokenId, kind, dueAt: at, sentAt: at }).length > 0,
  };
}

/** Noting a reminder, and sending what is due. */
export function createNotices(
  db: Db,
  write: Write,
  effects: Effects,
): Pick<TokenStore, 'remind' | 'sendNotices'> {
  const due = dueQuery(db);
  const markSent = db
    .update(notices)
    .set({ sentAt: storedParam('now') })
    .where(and(OF_TOKEN, IS_DUE))
    .returning({ kind: notices.kind, dueAt: notices.dueAt })
    .prepare();
  const drop = db
    .delete(notices)
    .where(and(OF_TOKEN, isNull(notices.sentAt)))
    .prepare();

  function sendBatch(now: number): number {
    const rows = due.all({ now });
    for (const { tokenId, ...token } of rows) {
      const status = statusOf(token, now);
      if (status === 'revoked' || status === 'expired') {
        drop.run({ tokenId });
        continue;
      }
      // None the second time, when several of a token are due: the first time all were marked and the latest one was said.
      const sent = markSent.all({ tokenId, now });
      const latest = sent.sort((a, b) => b.dueAt - a.dueAt)[0];
      if (latest === undefined) continue;
      effects.say([{ saying: { kind: 'notice', notice: latest.kind, tokenId }, dueAt: now }]);
    }
    return rows.length;
  }

  return {
    remind: (id, notice, delivery) =>
      write(() => {
        if (effects.repeated(delivery) !== undefined) {
          return effects.notices.dueAt(id, notice.kind) ?? notice.dueAt;
        }
        effects.notices.planAgain(id, notice);
        // Kept until the reminder is due and not for 15 minutes only: what is asked for has no other instant.
        effects.deliveries.keep(delivery, notice.dueAt, id);
        return notice.dueAt;
      }),
    sendNotices: async (now) => {
      for (let batch = 0; batch < BATCHES_MAX; batch++) {
        if ((await write(() => sendBatch(now))) < BATCH_ROWS_MAX) return;
      }
    },
  };
}

function dueQuery(db: Db) {
  return db
    .select({
      tokenId: notices.tokenId,
      revokedAt: tokens.revokedAt,
      expiresAt: tokens.expiresAt,
      claimedAt: tokens.claimedAt,
    })
    .from(notices)
    .innerJoin(tokens, eq(tokens.id, notices.tokenId))
    .where(IS_DUE)
    .orderBy(asc(notices.dueAt))
    .limit(rowCount(BATCH_ROWS_MAX))
    .prepare();
}
