import type { Visitors } from '../tokens/store.ts';
import {
  asc,
  type Db,
  eq,
  gt,
  insertInto,
  integerParam,
  lte,
  onConflict,
  rowCount,
  sql,
  storedParam,
  textParam,
} from './drizzle.ts';
import type { Engine } from './engine.ts';
import { changes, homePages, limits } from './schema/sqlite.ts';

/** Of what Slack told that it changed, in one read. Who missed more forgets everything. */
const CHANGES_MAX = 200;

/** Limits are looked at within a minute. */
const KEPT_MS = 10 * 60_000;

const KEPT_ROWS_DROPPED_MAX = 200;

/** What every process knows of the people who come, by whichever they came before. */
export function createVisitors({
  connections,
  read,
  write,
}: Pick<Engine, 'connections' | 'read' | 'write'>): Visitors & {
  tidyLimits(now: number): Promise<void>;
} {
  const db = connections.write;
  const { tidyLimits, countWithin } = createLimits(db);
  const keepPage = insertInto(db, homePages)
    .onConflictDoUpdate({ target: onConflict(homePages.person), set: { page: sql`excluded.page` } })
    .prepare();
  const pageOf = connections.read
    .select({ page: homePages.page })
    .from(homePages)
    .where(eq(homePages.person, textParam('person')))
    .prepare();
  const since = connections.read
    .select({ subject: changes.subject, number: changes.number })
    .from(changes)
    .where(gt(changes.number, integerParam('after')))
    .orderBy(asc(changes.number))
    .limit(rowCount(CHANGES_MAX + 1))
    .prepare();
  const last = connections.read
    .select({ number: sql<number>`coalesce(max(${changes.number}), 0)` })
    .from(changes)
    .prepare();
  const noteChange = createNoteChange(db);

  return {
    tidyLimits: (now) => write(() => tidyLimits(now), 'eventual'),
    countWithin: (key, limit) => write(() => countWithin(key, limit), 'eventual'),
    keepHomePage: (person, page) =>
      write(async () => {
        await keepPage.run({ person, page });
      }, 'eventual'),
    homePageOf: (person) => read(async () => (await pageOf.get({ person }))?.page),
    noteChange: (subject) => write(() => noteChange(subject), 'eventual'),
    lastChange: () => read(async () => (await last.get())?.number ?? 0),
    changesAfter: (after) =>
      read(async () => {
        const rows = await since.all({ after });
        return rows.length > CHANGES_MAX ? 'too_many' : rows;
      }),
  };
}

/** Counting, inside a write. */
function createLimits(db: Db) {
  const ofKey = eq(limits.key, textParam('key'));
  const find = db.select({ instants: limits.instants }).from(limits).where(ofKey).prepare();
  const keep = insertInto(db, limits)
    .onConflictDoUpdate({
      target: onConflict(limits.key),
      set: { instants: sql`excluded.instants`, lastAt: sql`excluded.last_at` },
    })
    .prepare();
  const old = db
    .select({ key: limits.key })
    .from(limits)
    .where(lte(limits.lastAt, integerParam('until')))
    .limit(rowCount(KEPT_ROWS_DROPPED_MAX))
    .prepare();
  const drop = db.delete(limits).where(ofKey).prepare();

  return {
    countWithin: async (
      key: string,
      { max, windowMs, now, times = 1 }: Parameters<Visitors['countWithin']>[1],
    ): Promise<number> => {
      const kept = (await find.get({ key }))?.instants ?? [];
      // One that is to come is another machine's, whose clock is ahead: it counts, and no longer than the others.
      const lately = kept.filter((at) => Math.abs(now - at) < windowMs);
      const [first] = lately;
      if (first !== undefined && lately.length >= max) return Math.max(1, first + windowMs - now);
      const instants = [...lately, ...Array.from({ length: times }, () => now)];
      await keep.run({ key, instants: instants.toSorted((a, b) => a - b), lastAt: now });
      return 0;
    },
    tidyLimits: async (now: number) => {
      for (const { key } of await old.all({ until: now - KEPT_MS })) await drop.run({ key });
    },
  };
}

/** The number of each is greater than all before it, inside a write. */
function createNoteChange(db: Db) {
  const next = sql`(select coalesce(max(earlier.number), 0) + 1 from ${changes} as earlier)`;
  const note = db
    .insert(changes)
    .values({ subject: storedParam('subject'), number: next } as never)
    .onConflictDoUpdate({ target: onConflict(changes.subject), set: { number: sql`excluded.number` } })
    .returning({ number: changes.number })
    .prepare();
  return async (subject: string): Promise<number> => {
    const [noted] = await note.all({ subject });
    if (noted === undefined) throw new Error('a change that was just noted is not there');
    return noted.number;
  };
}
