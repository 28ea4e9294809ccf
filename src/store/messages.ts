import type { Outbox } from '../tokens/outbox.ts';
import { and, type Db, eq, rowParams, sql, textParam } from './drizzle.ts';
import type { Read } from './reader.ts';
import { messages } from './schema.ts';
import type { Write } from './writer.ts';

const NO_BOARD = { id: null, placedBy: null, drawing: null, triedAt: null };

/** Where the lasting messages stand. */
export function createMessageReads(db: Db, read: Read): Pick<Outbox, 'findReceipt'> {
  const receipt = db
    .select({ channel: messages.channel, ts: messages.ts })
    .from(messages)
    .where(and(eq(messages.kind, 'receipt'), eq(messages.tokenId, textParam('tokenId'))))
    .prepare();

  return { findReceipt: (tokenId) => read(() => receipt.get({ tokenId })) };
}

/** Keeping where they stand. */
export function createMessageWrites(db: Db, write: Write): Pick<Outbox, 'keepReceipt'> {
  const keep = db
    .insert(messages)
    .values(rowParams(messages))
    .onConflictDoUpdate({
      target: [messages.kind, messages.tokenId],
      set: { channel: sql`excluded.channel`, ts: sql`excluded.ts` },
    })
    .prepare();

  return {
    keepReceipt: (tokenId, { channel, ts }) =>
      write(() => void keep.run({ ...NO_BOARD, kind: 'receipt', tokenId, channel, ts })),
  };
}
