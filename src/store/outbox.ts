import type { Outbox } from '../tokens/outbox.ts';
import { type Effect, leakSayings, type Saying } from '../tokens/telling.ts';
import type { Read, Write } from './access.ts';
import {
  and,
  asc,
  type Db,
  desc,
  eq,
  insertInto,
  integerParam,
  lesser,
  lte,
  onConflict,
  rowCount,
  type SQL,
  sql,
  storedParam,
  textParam,
} from './drizzle.ts';
import { leakedTokens, outbox, tokens } from './schema/sqlite.ts';

const ROWS_MAX = 200;

/** Messages with a value of one token whose cards are brought up to date: the latest. */
const LEAKS_MAX = 20;

/** Puts sayings into the outbox. For use inside a write. */
export type Say = (sayings: Effect['sayings']) => Promise<void>;

/** As `Say`, but leaves alone what is to be said already: when, and how often that was tried. */
export type SayOnce = (saying: Saying, dueAt: number) => Promise<void>;

/** The way into the outbox on the write connection `db`. */
export function createSay(db: Db): Say {
  const upsert = insertInto(db, outbox)
    .onConflictDoUpdate({
      target: onConflict(outbox.key),
      set: {
        dueAt: lesser(outbox.dueAt, sql`excluded.due_at`),
        wantedAt: lesser(outbox.wantedAt, sql`excluded.wanted_at`),
        version: sql`${outbox.version} + 1`,
        attempts: 0,
      },
    })
    .prepare();
  const leaksOf = db
    .select({ channel: leakedTokens.channel, ts: leakedTokens.ts, owner: tokens.owner })
    .from(leakedTokens)
    .innerJoin(tokens, eq(tokens.id, leakedTokens.tokenId))
    .where(eq(leakedTokens.tokenId, textParam('tokenId')))
    .orderBy(desc(leakedTokens.ts))
    .limit(rowCount(LEAKS_MAX))
    .prepare();

  async function say(saying: Saying, dueAt: number): Promise<void> {
    await upsert.run({ key: keyOf(saying), saying, dueAt, wantedAt: dueAt, version: 1, attempts: 0 });
  }

  return async (sayings) => {
    for (const { saying, dueAt } of sayings) {
      await say(saying, dueAt);
      if (saying.kind !== 'receipt') continue;
      // What is drawn anew in the receipt is so in the cards about messages that hold a value of the token.
      for (const { owner, ...leak } of await leaksOf.all({ tokenId: saying.tokenId })) {
        for (const told of leakSayings(leak, ['oncall', owner])) await say(told, dueAt);
      }
    }
  };
}

/** The same on the write connection `db`. */
export function createSayOnce(db: Db): SayOnce {
  const insert = insertInto(db, outbox).onConflictDoNothing().prepare();
  return async (saying, dueAt) => {
    await insert.run({ key: keyOf(saying), saying, dueAt, wantedAt: dueAt, version: 1, attempts: 0 });
  };
}

/** What is due, and how long that has been so. */
export function createOutboxReads(db: Db, read: Read): Pick<Outbox, 'takeDue' | 'waitingSayings'> {
  const due = db
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

  const waiting = db
    .select({ count: sql<number>`count(*)`, sinceAt: sql<number | null>`min(${outbox.wantedAt})` })
    .from(outbox)
    .where(lte(outbox.wantedAt, integerParam('now')))
    .prepare();

  return {
    takeDue: (now, limit) => read(() => due.all({ now, limit: Math.min(limit, ROWS_MAX) })),
    waitingSayings: (now) => read(async () => (await waiting.get({ now })) ?? { count: 0, sinceAt: null }),
  };
}

/** What became of what was due. A saying that was asked for again since has another version, and stays as it is. */
export function createOutboxWrites(db: Db, write: Write): Pick<Outbox, 'settle' | 'postpone' | 'sayAgain'> {
  const taken = and(eq(outbox.key, textParam('key')), eq(outbox.version, integerParam('version')));
  const settle = db.delete(outbox).where(taken).prepare();
  const change = (to: Partial<Record<'dueAt' | 'wantedAt' | 'attempts', SQL | number>>) =>
    db.update(outbox).set(to).where(taken).prepare();
  const postpone = change({ dueAt: storedParam('dueAt'), attempts: sql`${outbox.attempts} + 1` });
  const sayAgain = change({ dueAt: storedParam('dueAt'), wantedAt: storedParam('dueAt'), attempts: 0 });

  return {
    settle: ({ key, version }) =>
      write(async () => {
        await settle.run({ key, version });
      }),
    postpone: ({ key, version }, dueAt) =>
      write(async () => {
        await postpone.run({ key, version, dueAt });
      }),
    sayAgain: ({ key, version }, dueAt) =>
      write(async () => {
        await sayAgain.run({ key, version, dueAt });
      }),
  };
}

function keyOf(saying: Saying): string {
  if (saying.kind === 'home') return `home:${saying.person}`;
  if (saying.kind === 'barred') return `barred:${saying.person}`;
  if (saying.kind === 'board') return `board:${saying.channel}`;
  if (saying.kind === 'leak') return `leak:${saying.channel}:${saying.ts}:${saying.reader}`;
  // A token is revoked once: its id names that occasion.
  if (saying.kind === 'several_revoked') return `several_revoked:${saying.person}:${saying.tokenIds[0]}`;
  if (saying.kind === 'found_in_public') return `found_in_public:${saying.tokenIds[0]}`;
  const kind = saying.kind === 'notice' ? `notice:${saying.notice}` : saying.kind;
  return `${kind}:${saying.tokenId}`;
}
