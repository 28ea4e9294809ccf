import { randomUUID } from 'node:crypto';
import { MINUTE_MS, SECOND_MS } from '../clock.ts';
import type { Outbox } from '../tokens/outbox.ts';
import { type Effect, leakSayings, type Saying } from '../tokens/telling.ts';
import type { Read, Write } from './access.ts';
import {
  and,
  asc,
  type Column,
  type Db,
  desc,
  eq,
  greater,
  inArray,
  insertInto,
  integerParam,
  isNotNull,
  lesser,
  lte,
  onConflict,
  or,
  rowCount,
  type SQL,
  sql,
  storedParam,
  textParam,
} from './drizzle.ts';
import type { Engine } from './engine.ts';
import { leakedTokens, leases, outbox, tokens } from './schema/sqlite.ts';

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
        // Not before Slack wants to be spoken to again.
        dueAt: lesser(outbox.dueAt, greater(sql`excluded.due_at`, outbox.quietUntil)),
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
    await upsert.run(rowOf(saying, dueAt));
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
    await insert.run(rowOf(saying, dueAt));
  };
}

function rowOf(saying: Saying, dueAt: number) {
  const untaken = { takenBy: null, takenUntil: 0, quietUntil: 0 };
  return { key: keyOf(saying), saying, dueAt, wantedAt: dueAt, version: 1, attempts: 0, ...untaken };
}

/** The outbox as one process sees it, and what it takes for itself alone. */
export function createOutbox({ connections, read, write }: Pick<Engine, 'connections' | 'read' | 'write'>) {
  const by = randomUUID();
  const { hasDue, waitingSayings } = createOutboxReads(connections.read, read, by);
  const { take, ...writes } = createOutboxWrites(connections.write, write, by);
  return {
    // Looked for before it is taken: mostly there is nothing, and nobody waits for a write.
    takeDue: async (now: number, limit: number) => ((await hasDue(now)) ? take(now, limit) : []),
    waitingSayings,
    ...writes,
    ...createLeases(connections.write, write, by),
  };
}

/** Longer than any call of Slack may take; it is made longer while they go on. */
const TAKEN_MS = 15 * SECOND_MS;

/**
 * That it is due, and nobody else is at it. Whoever took it and comes again is done with it, whether or not that could be written.
 * By the database's clock, whatever those of the processes say; what is due and quiet is so by theirs.
 */
function isFree(db: Db) {
  const { dueAt, quietUntil, takenUntil, takenBy } = outbox;
  const now = integerParam('now');
  const isOver = isPassed(takenUntil, TAKEN_MS, db);
  return and(lte(dueAt, now), lte(quietUntil, now), or(isOver, eq(takenBy, textParam('by'))));
}

/** That an instant has passed, or is further ahead than any may be: then the database's clock was set back. */
function isPassed(until: Column, msMax: number, { words }: Db): SQL {
  return sql`(${until} <= ${words.now} or ${until} > ${words.now} + ${sql.raw(String(msMax))})`;
}

/** Longer than anything is taken for. */
const LEASE_MS_MAX = 5 * MINUTE_MS;

/** What is due, and how long that has been so; `by`: the process that asks. */
function createOutboxReads(
  db: Db,
  read: Read,
  by: string,
): { hasDue(now: number): Promise<boolean> } & Pick<Outbox, 'waitingSayings'> {
  const due = db.select({ key: outbox.key }).from(outbox).where(isFree(db)).limit(rowCount(1)).prepare();

  const waiting = db
    .select({ count: sql<number>`count(*)`, sinceAt: sql<number | null>`min(${outbox.wantedAt})` })
    .from(outbox)
    .where(lte(outbox.wantedAt, integerParam('now')))
    .prepare();

  return {
    hasDue: (now) => read(async () => (await due.get({ now, by })) !== undefined),
    waitingSayings: (now) => read(async () => (await waiting.get({ now })) ?? { count: 0, sinceAt: null }),
  };
}

/**
 * Taking what is due, and what became of it. Taken, it is one process's until that is done or dead. A saying that was asked for
 * again since has another version, and stays as it is.
 */
function createOutboxWrites(
  db: Db,
  write: Write,
  by: string,
): { take(now: number, limit: number): ReturnType<Outbox['takeDue']> } & Pick<
  Outbox,
  'keepTaken' | 'settle' | 'postpone' | 'sayAgain' | 'sayAnew'
> {
  const take = takeStatement(db);
  const isTaken = and(eq(outbox.key, textParam('key')), eq(outbox.takenBy, textParam('by')));
  const keep = db
    .update(outbox)
    .set({ takenUntil: takenUntil(db) })
    .where(isTaken)
    .prepare();
  const leave = db
    .update(outbox)
    .set({ takenBy: null, takenUntil: 0, quietUntil: greater(outbox.quietUntil, integerParam('quietUntil')) })
    .where(isTaken)
    .returning({ key: outbox.key })
    .prepare();
  const isAsTaken = and(eq(outbox.key, textParam('key')), eq(outbox.version, integerParam('version')));
  const settle = db.delete(outbox).where(isAsTaken).prepare();
  const change = (to: Partial<Record<'dueAt' | 'wantedAt' | 'attempts', SQL | number>>) =>
    db.update(outbox).set(to).where(isAsTaken).prepare();
  const postpone = change({ dueAt: storedParam('dueAt'), attempts: sql`${outbox.attempts} + 1` });
  const sayAgain = change({ dueAt: storedParam('dueAt'), wantedAt: storedParam('dueAt'), attempts: 0 });
  const say = createSay(db);
  /** False where somebody else took it meanwhile. */
  const isLeft = async (key: string, quietUntil = 0) => (await leave.all({ key, by, quietUntil })).length > 0;

  return {
    take: (now, limit) =>
      write(async () => {
        const taken = await take.all({ now, by, limit: Math.min(limit, ROWS_MAX) });
        return taken.sort((a, b) => a.dueAt - b.dueAt).map(({ dueAt: _, ...due }) => due);
      }, 'eventual'),
    keepTaken: (sayings) =>
      write(async () => {
        for (const { key } of sayings) await keep.run({ key, by });
      }, 'eventual'),
    settle: ({ key, version }) =>
      write(async () => {
        const isOurs = await isLeft(key);
        await settle.run({ key, version });
        return isOurs;
      }),
    postpone: ({ key, version }, dueAt, quietUntil) =>
      write(async () => {
        const isOurs = await isLeft(key, quietUntil);
        await postpone.run({ key, version, dueAt });
        return isOurs;
      }),
    sayAgain: ({ key, version }, dueAt) =>
      write(async () => {
        const isOurs = await isLeft(key);
        await sayAgain.run({ key, version, dueAt });
        return isOurs;
      }),
    sayAnew: (saying, dueAt) => write(() => say([{ saying, dueAt }])),
  };
}

function takenUntil({ words }: Db): SQL {
  return sql`${words.now} + ${sql.raw(String(TAKEN_MS))}`;
}

function takeStatement(db: Db) {
  const due = db
    .select({ key: outbox.key })
    .from(outbox)
    .where(isFree(db))
    .orderBy(asc(outbox.dueAt))
    .limit(rowCount(integerParam('limit')));
  return db
    .update(outbox)
    .set({ takenBy: textParam('by'), takenUntil: takenUntil(db) })
    .where(inArray(outbox.key, due))
    .returning({
      key: outbox.key,
      version: outbox.version,
      attempts: outbox.attempts,
      saying: outbox.saying,
      dueAt: outbox.dueAt,
    })
    .prepare();
}

/** What one of several processes does at a time. */
function createLeases(db: Db, write: Write, by: string): Pick<Outbox, 'takeLease' | 'leaveLease'> {
  const isOver = isPassed(leases.takenUntil, LEASE_MS_MAX, db);
  const isFreeOrOurs = sql`(${isOver} or ${leases.takenBy} = ${textParam('by')})`;
  const until = sql`${db.words.now} + ${integerParam('forMs')}`;
  const take = insertInto(db, leases, { takenBy: storedParam('by'), takenUntil: until })
    .onConflictDoUpdate({
      target: onConflict(leases.key),
      set: { takenBy: sql`excluded.taken_by`, takenUntil: sql`excluded.taken_until` },
      setWhere: isFreeOrOurs,
    })
    .returning({ key: leases.key })
    .prepare();
  const isOurs = and(eq(leases.key, textParam('key')), eq(leases.takenBy, textParam('by')));
  const drop = db.delete(leases).where(isOurs).prepare();
  const shorten = db.update(leases).set({ takenBy: 'nobody', takenUntil: until }).where(isOurs).prepare();

  return {
    takeLease: (key, forMs) => write(async () => (await take.all({ key, by, forMs })).length > 0, 'eventual'),
    leaveLease: (key, afterMs = 0) =>
      write(async () => {
        await (afterMs === 0 ? drop.run({ key, by }) : shorten.run({ key, by, forMs: afterMs }));
      }, 'eventual'),
  };
}

/** Frees all that was taken, by whomever. */
export async function freeTaken({
  connections: { write: db },
  write,
}: Pick<Engine, 'connections' | 'write'>): Promise<void> {
  await write(async () => {
    await db.update(outbox).set({ takenBy: null, takenUntil: 0 }).where(isNotNull(outbox.takenBy)).run();
    await db.delete(leases).run();
  });
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
