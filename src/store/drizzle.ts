import { createRequire } from 'node:module';
import type Database from 'better-sqlite3';
import type { Column, Placeholder, SQL } from 'drizzle-orm';
import type { IndexColumn, SQLiteTable } from 'drizzle-orm/sqlite-core';
import type { RemoteCallback, SqliteRemoteDatabase } from 'drizzle-orm/sqlite-proxy';
import type { Page, PageRequest } from '../tokens/store.ts';

/**
 * Drizzle by `require`: its 131 ES modules cost 380 ms at start, the same code as CommonJS 55 ms. The one place that loads
 * it (docs/decisions/001-drizzle-by-require.md). Types come from the same packages and are erased.
 */
const require = createRequire(import.meta.url);

const core: typeof import('drizzle-orm') = require('drizzle-orm');
const sqliteCore: typeof import('drizzle-orm/sqlite-core') = require('drizzle-orm/sqlite-core');
const betterSqlite3: typeof import('drizzle-orm/better-sqlite3') = require('drizzle-orm/better-sqlite3');
const migrator: typeof import('drizzle-orm/migrator') = require('drizzle-orm/migrator');

export const { and, asc, desc, eq, getTableColumns, getTableName, gt, gte, inArray } = core;
export const { isNotNull, isNull, lt, lte, ne, not, notInArray, or, sql } = core;
export const { blob, check, index, integer, primaryKey, sqliteTable, text, uniqueIndex } = sqliteCore;
export const { readMigrationFiles } = migrator;

export type { Column, SQL } from 'drizzle-orm';

/**
 * A connection as Drizzle sees it, of either engine: one set of queries, whose answers are awaited. `words` are those in which the
 * engines differ.
 */
export type Db = SqliteRemoteDatabase & { readonly words: Words };

/** How an engine says what the other one says otherwise. */
export type Words = {
  /** That the column is one of the texts or numbers in the JSON list that the parameter `name` holds. */
  isIn(column: Column, name: string): SQL;
  /** That `text` has `part` in it, as it is: no wildcards to be escaped, and a text of any length. */
  has(text: SQL | Column, part: SQL): SQL;
  /** What time it is by the clock of the database, which all processes share: milliseconds since 1970 UTC. */
  readonly now: SQL<number>;
  /** The number of a new row that is to get the next one. */
  readonly nextNumber: SQL;
  /** Bytes of a prepared query, to be compared. */
  bytesParam(name: string): SQL<Buffer>;
};

const SQLITE_WORDS: Words = {
  isIn: (column, name) => sql`${column} in (select value from json_each(${textParam(name)}))`,
  has: (text, part) => sql`instr(${text}, ${part}) > 0`,
  now: sql`cast(unixepoch('subsec') * 1000 as integer)`,
  nextNumber: sql`null`,
  bytesParam: (name) => sql`cast(${sql.placeholder(name)} as blob)`,
};

/** The connection `sqlite`, which answers at once what Drizzle awaits. */
export function drizzleSqlite(sqlite: Database.Database): Db {
  return Object.assign(betterSqlite3.drizzle(sqlite) as unknown as SqliteRemoteDatabase, {
    words: SQLITE_WORDS,
  });
}

const POSTGRES_WORDS: Words = {
  isIn: (column, name) => {
    const value = sql.raw(column.dataType === 'number' ? 'cast(value as bigint)' : 'value');
    return sql`${column} = any(array(select ${value} from json_array_elements_text(cast(${sql.placeholder(name)} as json))))`;
  },
  now: sql`cast(extract(epoch from clock_timestamp()) * 1000 as bigint)`,
  has: (text, part) => sql`strpos(${text}, ${part}) > 0`,
  nextNumber: sql`default`,
  bytesParam: (name) => sql`cast(${sql.placeholder(name)} as bytea)`,
};

/** What tables of PostgreSQL are written with. For `schema/postgres.ts`, which a running app does not load. */
export function postgresCore(): typeof import('drizzle-orm/pg-core') {
  return require('drizzle-orm/pg-core');
}

/** Sends a statement of which each parameter is a `?`. `rows` are lists of columns; after `get`, the first of them if there is one. */
export type SendStatement = (text: string, params: unknown[], method: string) => Promise<{ rows: unknown }>;

/** A connection to PostgreSQL that `send` speaks to. What it needs of Drizzle is loaded for it alone. */
export function drizzlePostgres(send: SendStatement): Db {
  const proxy: typeof import('drizzle-orm/sqlite-proxy') = require('drizzle-orm/sqlite-proxy');
  return Object.assign(proxy.drizzle(send as RemoteCallback), { words: POSTGRES_WORDS });
}

/**
 * A text of a prepared query. Always by way of a cast: SQLite 3.54 plans a query that joins or sorts anew at each
 * execution when it compares a column with a bare `?` (26 µs instead of 10, gitlab.com/cznic/sqlite/-/issues/264).
 */
export function textParam(name: string): SQL<string> {
  return sql`cast(${sql.placeholder(name)} as text)`;
}

/** An integer of a prepared query, cast for the same reason. */
export function integerParam(name: string): SQL<number> {
  // Which both engines take for one of 64 bits.
  return sql`cast(${sql.placeholder(name)} as bigint)`;
}

/** The lesser of two numbers, neither of them null. */
export function lesser(one: SQL | Column, other: SQL | Column): SQL {
  return sql`case when ${one} < ${other} then ${one} else ${other} end`;
}

/** The greater of two numbers, neither of them null. */
export function greater(one: SQL | Column, other: SQL | Column): SQL {
  return sql`case when ${one} > ${other} then ${one} else ${other} end`;
}

/** A column that no index is searched for: an expression, which is none (https://sqlite.org/optoverview.html). */
export function withoutIndex(column: Column | SQL): SQL {
  return sql`coalesce(${column}, null)`;
}

/**
 * A number for `limit` or `offset`, cast or literal: a bare `?` there has the query planned anew too (9 µs instead of 5).
 * Drizzle writes out whatever SQL it is given; its types know a placeholder only.
 */
export function rowCount(count: number | SQL<number>): Placeholder {
  const written: unknown = typeof count === 'number' ? sql.raw(String(count)) : count;
  return written as Placeholder;
}

/** How many rows of `table` there are `where` so, asked with the parameters in it. */
export function countQuery(db: Db, table: SQLiteTable, where: SQL | undefined) {
  const count = db.select({ total: sql<number>`count(*)` }).from(table).where(where).prepare();
  return async (params: Readonly<Record<string, unknown>>): Promise<number> =>
    (await count.get({ ...params }))?.total ?? 0;
}

/** An insert of whole rows, to be completed and prepared; `given`: what the columns get that no parameter fills. */
export function insertInto<T extends SQLiteTable>(
  db: Db,
  table: T,
  given: Readonly<Record<string, SQL>> = {},
) {
  // Drizzle types a row by its values, and these are the parameters that stand for them.
  return db.insert(table).values({ ...rowParams(table), ...given } as unknown as T['$inferInsert'] as never);
}

/** Columns in which two rows must not agree, as the target of an upsert: PostgreSQL takes them by their bare names alone. */
export function onConflict(...columns: readonly Column[]): IndexColumn[] {
  return columns.map(({ name }) => sql`${sql.identifier(name)}`) as unknown[] as IndexColumn[];
}

/** A value of a prepared query that is stored and compared with nothing. */
export function storedParam(name: string): SQL {
  return sql`${sql.placeholder(name)}`;
}

/** The values of a prepared insert of whole rows: each column from the property of its name. */
export function rowParams<T extends SQLiteTable>(
  table: T,
): { [K in keyof T['$inferInsert']]-?: Placeholder } {
  const params = Object.keys(getTableColumns(table)).map((name) => [name, sql.placeholder(name)]);
  return Object.fromEntries(params);
}

const PAGE_ROWS_MAX = 200;

/** Which rows of how many a page shows. */
export type PageRows = Page & { readonly limit: number; readonly offset: number };

/** The page that is asked for of `total` rows, from 1 and 200 rows at most. One beyond the last is the last. */
export function pageOf(request: PageRequest, total: number): PageRows {
  const limit = clamp(request.pageSize, PAGE_ROWS_MAX);
  const pageCount = Math.max(1, Math.ceil(total / limit));
  const page = clamp(request.page, pageCount);
  return { page, pageCount, limit, offset: (page - 1) * limit };
}

function clamp(number: number, max: number): number {
  return Math.min(Math.max(1, Math.trunc(number)), max);
}
