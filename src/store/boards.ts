import { BOARDS_MAX, type Board, type Outbox } from '../tokens/outbox.ts';
import type { Read, Write } from './access.ts';
import {
  and,
  asc,
  countQuery,
  type Db,
  eq,
  insertInto,
  ne,
  rowCount,
  type SQL,
  sql,
  storedParam,
  textParam,
} from './drizzle.ts';
import type { Effects } from './effects.ts';
import { createSayOnce } from './outbox.ts';
import { messages } from './schema.ts';

const IS_BOARD = eq(messages.kind, 'board').inlineParams();

const IN_CHANNEL = and(IS_BOARD, eq(messages.channel, textParam('channel')));

const IN_PLACE = and(IN_CHANNEL, eq(messages.ts, textParam('ts')));

/** The boards that are kept up to date. */
export function createBoardReads(db: Db, read: Read): Pick<Outbox, 'listBoards' | 'findBoard'> {
  const all = boardQuery(db).where(IS_BOARD).orderBy(asc(messages.id)).limit(rowCount(BOARDS_MAX)).prepare();
  const one = boardQuery(db).where(IN_CHANNEL).prepare();

  return {
    listBoards: () => read(() => all.all()),
    findBoard: (channel) => read(() => one.get({ channel })),
  };
}

/** Placing boards, drawing them, and letting them go. */
export function createBoardWrites(
  db: Db,
  write: Write,
  effects: Effects,
): Pick<Outbox, 'keepBoard' | 'askForBoard' | 'tryBoard' | 'keepDrawing' | 'forgetBoard'> {
  const find = boardQuery(db).where(IN_CHANNEL).prepare();
  const others = countQuery(db, messages, and(IS_BOARD, ne(messages.channel, textParam('channel'))));
  const keep = keepStatement(db);
  const change = (to: Partial<Record<'triedAt' | 'drawing', SQL>>) =>
    db.update(messages).set(to).where(IN_PLACE).prepare();
  const attempt = change({ triedAt: storedParam('triedAt') });
  const draw = change({ drawing: storedParam('drawing') });
  const forget = db.delete(messages).where(IN_PLACE).returning({ id: messages.id }).prepare();
  const sayOnce = createSayOnce(db);

  return {
    keepBoard: (board, { event, delivery }) =>
      write(() => {
        const { channel } = board;
        if (effects.deliveries.areKept(delivery)) return { kind: 'repeated' };
        if (others({ channel }) >= BOARDS_MAX) return { kind: 'too_many' };
        const former = find.get({ channel });
        keep.run({ ...board, id: null, kind: 'board', tokenId: null, drawing: null, triedAt: null });
        effects.deliveries.keep(delivery, event.at, null);
        effects.chain.append(event);
        effects.say([{ saying: { kind: 'board', channel }, dueAt: event.at }]);
        return { kind: 'kept', former: former && { channel: former.channel, ts: former.ts } };
      }),
    askForBoard: (channel, dueAt) => write(() => sayOnce({ kind: 'board', channel }, dueAt)),
    tryBoard: ({ channel, ts }, triedAt) => write(() => void attempt.run({ channel, ts, triedAt })),
    keepDrawing: ({ channel, ts }, drawing) => write(() => void draw.run({ channel, ts, drawing })),
    forgetBoard: ({ channel, ts }, event) =>
      write(() => {
        if (forget.all({ channel, ts }).length === 0) return false;
        if (event !== undefined) effects.chain.append(event);
        return true;
      }),
  };
}

function keepStatement(db: Db) {
  return insertInto(db, messages)
    .onConflictDoUpdate({
      target: messages.channel,
      targetWhere: IS_BOARD,
      set: {
        ts: sql`excluded.ts`,
        placedBy: sql`excluded.placed_by`,
        drawing: null,
        triedAt: null,
      },
    })
    .prepare();
}

/** Columns that only a board has may be null, but never a board's. */
function boardQuery(db: Db) {
  return db
    .select({
      channel: messages.channel,
      ts: messages.ts,
      placedBy: sql<Board['placedBy']>`${messages.placedBy}`,
      drawing: messages.drawing,
      triedAt: messages.triedAt,
    })
    .from(messages)
    .$dynamic();
}

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
  const keep = insertInto(db, messages)
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
