import type { Outbox } from '../tokens/outbox.ts';
import type { Effect, Saying } from '../tokens/store.ts';
import {
  and,
  asc,
  type Db,
  eq,
  integerParam,
  lte,
  rowCount,
  rowParams,
  sql,
  storedParam,
  textParam,
} from './drizzle.ts';
import { withFaults } from './fault.ts';
import type { Connections } from './open.ts';
import { messages, outbox } from './schema.ts';
import type { Write } from './writer.ts';

const ROWS_MAX = 200;

/** Puts sayings into the outbox. For use inside a write. */
export type Say = (sayings: Effect['sayings']) => void;

/** The way into the outbox on the write connection `db`. */
export function createSay(db: Db): Say {
  const upsert = db
    .insert(outbox)
    .values(rowParams(outbox))
    .onConflictDoUpdate({
      target: outbox.key,
      set: {
        dueAt: sql`min(${outbox.dueAt}, excluded.due_at)`,
        version: sql`${outbox.version} + 1`,
        attempts: 0,
      },
    })
    .prepare();

  return (sayings) => {
    for (const { saying, dueAt } of sayings) {
      upsert.run({ key: keyOf(saying), saying, dueAt, version: 1, attempts: 0 });
    }
  };
}

/** The way out of the outbox, and where the receipts stand. */
export function createOutbox({ write: writing, read }: Connections, write: Write): Outbox {
  const taken = and(eq(outbox.key, textParam('key')), eq(outbox.version, integerParam('version')));
  const due = dueQuery(read.db);
  const settle = writing.db.delete(outbox).where(taken).prepare();
  const postpone = writing.db
    .update(outbox)
    .set({ dueAt: storedParam('dueAt'), attempts: sql`${outbox.attempts} + 1` })
    .where(taken)
    .prepare();
  const receipt = receiptQuery(read.db);
  const keep = keepStatement(writing.db);

  return {
    takeDue: (now, limit) => withFaults(() => due.all({ now, limit: Math.min(limit, ROWS_MAX) })),
    settle: ({ key, version }) => write(() => void settle.run({ key, version })),
    postpone: ({ key, version }, dueAt) => write(() => void postpone.run({ key, version, dueAt })),
    findReceipt: (tokenId) => withFaults(() => receipt.get({ tokenId })),
    keepReceipt: (tokenId, { channel, ts }) =>
      write(() => void keep.run({ id: null, kind: 'receipt', tokenId, channel, ts })),
  };
}

function keyOf(saying: Saying): string {
  return `${saying.kind}:${saying.kind === 'home' ? saying.person : saying.tokenId}`;
}

function dueQuery(db: Db) {
  return db
    .select({
      key: outbox.key,
      version: outbox.version,
      attempts: outbox.attempts,
      saying: outbox.saying,
    })
    .from(outbox)
    .where(lte(outbox.dueAt, integerParam('now')))
    .orderBy(asc(outbox.dueAt))
    .limit(rowCount(integerParam('limit')))
    .prepare();
}

function receiptQuery(db: Db) {
  return db
    .select({ channel: messages.channel, ts: messages.ts })
    .from(messages)
    .where(and(eq(messages.kind, 'receipt'), eq(messages.tokenId, textParam('tokenId'))))
    .prepare();
}

function keepStatement(db: Db) {
  return db
    .insert(messages)
    .values(rowParams(messages))
    .onConflictDoUpdate({
      target: [messages.kind, messages.tokenId],
      set: { channel: sql`excluded.channel`, ts: sql`excluded.ts` },
    })
    .prepare();
}
