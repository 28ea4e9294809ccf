import { DAY_MS } from '../clock.ts';
import { BOARDS_MAX, type Board, type Leak, type LeakFound, type Outbox } from '../tokens/outbox.ts';
import { leakSayings } from '../tokens/telling.ts';
import type { TokenId } from '../tokens/token.ts';
import type { Read, Write } from './access.ts';
import {
  and,
  asc,
  countQuery,
  type Db,
  eq,
  insertInto,
  integerParam,
  lt,
  ne,
  onConflict,
  rowCount,
  type SQL,
  sql,
  storedParam,
  textParam,
} from './drizzle.ts';
import type { Effects } from './effects.ts';
import { createSayOnce } from './outbox.ts';
import { leakedTokens, leaks, messages, tokens } from './schema/sqlite.ts';

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
      write(async () => {
        const { channel } = board;
        if (await effects.deliveries.areKept(delivery)) return { kind: 'repeated' };
        if ((await others({ channel })) >= BOARDS_MAX) return { kind: 'too_many' };
        const former = await find.get({ channel });
        await keep.run({ ...board, kind: 'board', tokenId: null, drawing: null, triedAt: null });
        await effects.deliveries.keep(delivery, event.at, null);
        await effects.chain.append(event);
        await effects.say([{ saying: { kind: 'board', channel }, dueAt: event.at }]);
        return { kind: 'kept', former: former && { channel: former.channel, ts: former.ts } };
      }),
    askForBoard: (channel, dueAt) => write(() => sayOnce({ kind: 'board', channel }, dueAt)),
    tryBoard: ({ channel, ts }, triedAt) =>
      write(async () => {
        await attempt.run({ channel, ts, triedAt });
      }),
    keepDrawing: ({ channel, ts }, drawing) =>
      write(async () => {
        await draw.run({ channel, ts, drawing });
      }),
    forgetBoard: ({ channel, ts }, event) =>
      write(async () => {
        if ((await forget.all({ channel, ts })).length === 0) return false;
        if (event !== undefined) await effects.chain.append(event);
        return true;
      }),
  };
}

function keepStatement(db: Db) {
  return insertInto(db, messages, { id: db.words.nextNumber })
    .onConflictDoUpdate({
      target: onConflict(messages.channel),
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

const NO_BOARD = { placedBy: null, drawing: null, triedAt: null };

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
  const keep = insertInto(db, messages, { id: db.words.nextNumber })
    .onConflictDoUpdate({
      target: onConflict(messages.kind, messages.tokenId),
      set: { channel: sql`excluded.channel`, ts: sql`excluded.ts` },
    })
    .prepare();

  return {
    keepReceipt: (tokenId, { channel, ts }) =>
      write(async () => {
        await keep.run({ ...NO_BOARD, kind: 'receipt', tokenId, channel, ts });
      }),
  };
}

/** How long a message in which a value stood is remembered: so long an edit of it changes its cards. */
const LEAK_MS_MAX = 90 * DAY_MS;

/** Forgotten in one go. */
const OLD_LEAKS_MAX = 200;

const OF_LEAK = and(eq(leaks.channel, textParam('channel')), eq(leaks.ts, textParam('ts')));

const IN_LEAK = and(eq(leakedTokens.channel, textParam('channel')), eq(leakedTokens.ts, textParam('ts')));

/** The messages in which live values stood. */
export function createLeakReads(db: Db, read: Read): Pick<Outbox, 'findLeak'> {
  const find = createFindLeak(db);
  return { findLeak: ({ channel, ts }) => read(() => find({ channel, ts })) };
}

function createFindLeak(db: Db) {
  const message = db.select().from(leaks).where(OF_LEAK).prepare();
  const inMessage = db
    .select({
      tokenId: leakedTokens.tokenId,
      madeAt: leakedTokens.madeAt,
      isThere: leakedTokens.isThere,
      owner: tokens.owner,
    })
    .from(leakedTokens)
    .innerJoin(tokens, eq(tokens.id, leakedTokens.tokenId))
    .where(IN_LEAK)
    .orderBy(asc(leakedTokens.tokenId))
    .prepare();

  return async (place: Pick<Leak, 'channel' | 'ts'>) => {
    const found = await message.get(place);
    return found && { ...found, tokens: await inMessage.all(place) };
  };
}

/** Noting what was found in a message, where its people were told, and forgetting what is long over. */
export function createLeakWrites(
  db: Db,
  write: Write,
  effects: Effects,
): Pick<Outbox, 'keepLeak' | 'keepLeakCard'> & { tidyLeaks(now: number): Promise<void> } {
  const find = createFindLeak(db);
  const keep = insertInto(db, leaks)
    .onConflictDoUpdate({
      target: onConflict(leaks.channel, leaks.ts),
      set: { policy: sql`excluded.policy` },
    })
    .prepare();
  const keepToken = insertInto(db, leakedTokens)
    .onConflictDoUpdate({
      target: onConflict(leakedTokens.channel, leakedTokens.ts, leakedTokens.tokenId),
      set: { madeAt: sql`excluded.made_at`, isThere: sql`excluded.is_there` },
    })
    .prepare();
  const drawn = db
    .update(leaks)
    .set({ cards: storedParam('cards') })
    .where(OF_LEAK)
    .prepare();
  const dropOld = createDropOldLeaks(db);

  return {
    keepLeak: (leak, found) =>
      write(async () => {
        const { channel, ts, seenAt } = leak;
        const changed = changedTokens((await find({ channel, ts }))?.tokens ?? [], found);
        if (changed.length === 0) return;
        await keep.run({ ...leak, cards: {} });
        for (const token of changed) await keepToken.run({ channel, ts, ...token });
        const owners = (await find({ channel, ts }))?.tokens.map(({ owner }) => owner) ?? [];
        const poster = changed.some(({ isNew }) => isNew) ? (['poster'] as const) : [];
        const sayings = leakSayings(leak, ['oncall', ...poster, ...owners]);
        await effects.say(sayings.map((saying) => ({ saying, dueAt: seenAt })));
      }),
    keepLeakCard: ({ channel, ts }, reader, card) =>
      write(async () => {
        const cards = (await find({ channel, ts }))?.cards;
        if (cards !== undefined)
          await drawn.run({ channel, ts, cards: JSON.stringify({ ...cards, [reader]: card }) });
      }),
    tidyLeaks: (now) => write(() => dropOld(now - LEAK_MS_MAX), 'eventual'),
  };
}

/** Of the tokens of a message, those of which something is otherwise than is known; `isNew`: that a value stands there. */
function changedTokens(known: Leak['tokens'], { live, there }: LeakFound) {
  const madeAtOf = new Map<TokenId, number>(live.map(({ tokenId, madeAt }) => [tokenId, madeAt]));
  const former = new Map(known.map((token) => [token.tokenId, token]));
  const fresh = live
    .filter(({ tokenId, madeAt }) => former.get(tokenId)?.madeAt !== madeAt)
    .map(({ tokenId, madeAt }) => ({ tokenId, madeAt, isThere: true, isNew: true }));
  const moved = known
    .filter(({ tokenId, madeAt }) => (madeAtOf.get(tokenId) ?? madeAt) === madeAt)
    .filter(({ tokenId, isThere }) => there.has(tokenId) !== isThere)
    .map(({ tokenId, madeAt, isThere }) => ({ tokenId, madeAt, isThere: !isThere, isNew: false }));
  return [...fresh, ...moved];
}

function createDropOldLeaks(db: Db): (before: number) => Promise<void> {
  const old = db
    .select({ channel: leaks.channel, ts: leaks.ts })
    .from(leaks)
    .where(lt(leaks.seenAt, integerParam('before')))
    .orderBy(asc(leaks.seenAt))
    .limit(rowCount(OLD_LEAKS_MAX))
    .prepare();
  const drop = db.delete(leaks).where(OF_LEAK).prepare();
  const dropTokens = db.delete(leakedTokens).where(IN_LEAK).prepare();

  return async (before) => {
    for (const place of await old.all({ before })) {
      await dropTokens.run(place);
      await drop.run(place);
    }
  };
}
