import type { TokenStore } from '../tokens/store.ts';
import { statusOf } from '../tokens/token.ts';
import type { Write } from './access.ts';
import { and, asc, type Db, eq, integerParam, isNull, lte, rowCount, storedParam } from './drizzle.ts';
import { type Effects, OF_TOKEN } from './effects.ts';
import { notices, tokens } from './schema/sqlite.ts';

/** Notices that one transaction sends. */
const BATCH_ROWS_MAX = 200;

/** Transactions of one call; the next one goes on. */
const BATCHES_MAX = 50;

const IS_DUE = and(isNull(notices.sentAt), lte(notices.dueAt, integerParam('now')));

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

  async function sendBatch(now: number): Promise<number> {
    const rows = await due.all({ now });
    for (const { tokenId, ...token } of rows) {
      const status = statusOf(token, now);
      if (status === 'revoked' || status === 'expired') {
        await drop.run({ tokenId });
        continue;
      }
      // None the second time, when several of a token are due: the first time all were marked and the latest one was said.
      const sent = await markSent.all({ tokenId, now });
      const latest = sent.sort((a, b) => b.dueAt - a.dueAt)[0];
      if (latest === undefined) continue;
      await effects.say([{ saying: { kind: 'notice', notice: latest.kind, tokenId }, dueAt: now }]);
    }
    return rows.length;
  }

  return {
    remind: (id, notice, delivery) =>
      write(async () => {
        if ((await effects.repeated(delivery)) !== undefined) {
          return (await effects.notices.dueAt(id, notice.kind)) ?? notice.dueAt;
        }
        await effects.notices.planAgain(id, notice);
        // Kept until the reminder is due and not for 15 minutes only: what is asked for has no other instant.
        await effects.deliveries.keep(delivery, notice.dueAt, id);
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
