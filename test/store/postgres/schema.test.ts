import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Column, SQL, Table } from 'drizzle-orm';
import { type PgTable, getTableConfig as postgresConfig } from 'drizzle-orm/pg-core';
import { SQLiteSyncDialect, type SQLiteTable, getTableConfig as sqliteConfig } from 'drizzle-orm/sqlite-core';
import { expect, test } from 'vitest';
import * as postgres from '../../../src/store/schema/postgres.ts';
import * as sqlite from '../../../src/store/schema/sqlite.ts';
import { aClient, aDatabaseWithTables } from '../fixtures/a-postgres.ts';

const STEPS = fileURLToPath(new URL('../../../drizzle/postgres/', import.meta.url));

/** What PostgreSQL has beside: SQLite brings a number of each row by itself. */
const POSTGRES_ALONE = { columns: ['tokens.rowid'], indexes: ['tokens_rowid'] };

const KIND_OF: Readonly<Record<string, string>> = {
  integer: 'whole',
  bigint: 'whole',
  smallint: 'yes or no',
  blob: 'bytes',
  bytea: 'bytes',
  text: 'text',
};

const dialect = new SQLiteSyncDialect();

function kindOf(column: Column): string | undefined {
  return column.dataType === 'boolean' ? 'yes or no' : KIND_OF[column.getSQLType()];
}

const words = (condition: SQL | undefined) => condition && dialect.sqlToQuery(condition).sql;

type Config = ReturnType<typeof sqliteConfig> | ReturnType<typeof postgresConfig>;

/** What both engines must agree on, in their own words for neither. */
function shapeOf(config: Config, table: Table) {
  const properties = new Map(Object.entries(table).map(([property, column]) => [column, property]));
  const columns = config.columns.map((column) => ({
    name: `${config.name}.${column.name}`,
    property: properties.get(column),
    kind: kindOf(column),
    isRequired: column.notNull,
    isKey: column.primary,
    preset: column.default === undefined ? undefined : Number(column.default),
  }));
  const indexes = config.indexes.map(({ config: { name, unique, columns: on, where } }) => ({
    name,
    unique,
    on: on.map((each) => ('name' in each ? each.name : undefined)),
    where: words(where),
  }));
  return {
    columns: columns.filter(({ name }) => !POSTGRES_ALONE.columns.includes(name)),
    indexes: indexes.filter(({ name }) => !POSTGRES_ALONE.indexes.includes(String(name))),
    keys: config.primaryKeys.map(({ columns: of }) => of.map(({ name }) => name)),
    checks: config.checks.map(({ name, value }) => [name, words(value)]),
    references: config.foreignKeys.map((key) => {
      const { columns: from, foreignColumns } = key.reference();
      return [...from, ...foreignColumns].map(({ name }) => name).join(' → ');
    }),
  };
}

test('both schemas have the same tables, and each the same columns, keys, indexes, checks and references', () => {
  const own = Object.entries(sqlite).map(([name, table]) => [
    name,
    shapeOf(sqliteConfig(table as SQLiteTable), table),
  ]);
  const other = Object.entries(postgres).map(([name, table]) => [
    name,
    shapeOf(postgresConfig(table as PgTable), table),
  ]);

  expect(own.length).toBeGreaterThan(15);
  expect(Object.fromEntries(other)).toEqual(Object.fromEntries(own));
});

test('the steps make what the schema says: every column of its kind, every index and key', async () => {
  const client = await aClient(await aDatabaseWithTables());

  const { rows } = await client.query<{ name: string; kind: string; required: boolean }>(
    `select table_name || '.' || column_name as name, data_type as kind, is_nullable = 'NO' as required
       from information_schema.columns where table_schema = 'public' and table_name <> 'migrations' order by 1`,
  );
  const indexes = await client.query<{ name: string }>(
    "select indexname as name from pg_indexes where schemaname = 'public' and indexname not like '%pk%' order by 1",
  );

  const configs = Object.values(postgres).map((table) => postgresConfig(table as PgTable));
  const wanted = configs.flatMap(({ name: table, columns }) =>
    columns.map((column) => ({
      name: `${table}.${column.name}`,
      kind: column.getSQLType(),
      required: column.notNull,
    })),
  );
  expect(rows).toEqual(wanted.sort((a, b) => (a.name < b.name ? -1 : 1)));
  expect(indexes.rows.map(({ name }) => name)).toEqual(
    expect.arrayContaining(configs.flatMap(({ indexes: of }) => of.map(({ config }) => config.name))),
  );
});

test('every text is compared and sorted byte by byte, whatever the collation of the database', async () => {
  const client = await aClient(await aDatabaseWithTables());

  const { rows } = await client.query(
    `select table_name || '.' || column_name as name from information_schema.columns
       where table_schema = 'public' and data_type = 'text' and collation_name is distinct from 'C'`,
  );
  const order = await client.query(
    "select name from (values ('b'), ('a'), ('Z'), ('é')) as v (name) order by name",
  );

  expect(rows).toEqual([]);
  // That of the tests' own database is another one, so that a forgotten column shows.
  expect(order.rows.map(({ name }) => name)).toEqual(['a', 'b', 'é', 'Z']);
});

test('no step names a schema: the tables are made where the user of the URL makes tables', () => {
  const steps = readdirSync(STEPS).filter((file) => file.endsWith('.sql'));

  expect(steps.length).toBeGreaterThan(0);
  for (const file of steps) expect(readFileSync(`${STEPS}${file}`, 'utf8')).not.toMatch(/"public"|public\./);
});
