import type Database from 'better-sqlite3';
import { readMigrationFiles } from '../drizzle.ts';
import { cannotOpen } from '../fault.ts';

type Migration = ReturnType<typeof readMigrationFiles>[number];

/**
 * Brings the database to the newest schema in `folder`, in one transaction that holds the write lock from its first look:
 * of two processes that start at once the second finds the work done. On a connection with foreign keys off; references are
 * checked before the commit. Throws a `StoreFault`, or SQLite's error; then nothing was changed.
 */
export function migrate(sqlite: Database.Database, folder: string): void {
  const known = readMigrationFiles({ migrationsFolder: folder });
  sqlite.transaction(() => applyMissing(sqlite, known)).immediate();
}

function applyMissing(sqlite: Database.Database, known: readonly Migration[]): void {
  const applied = appliedOf(sqlite);
  const unknown = [...applied].find((madeAt) => !known.some(({ folderMillis }) => folderMillis === madeAt));
  if (unknown !== undefined) {
    throw cannotOpen(
      'A newer apitoken wrote this database. Start that version, or restore a backup from before the upgrade.',
    );
  }
  const missing = known.filter(({ folderMillis }) => !applied.has(folderMillis));
  if (missing.length === 0) return;
  for (const migration of missing) apply(sqlite, migration);
  checkReferences(sqlite);
}

/** Throws a `StoreFault` when the database is another program's. Nothing of it is changed. */
export function refuseForeign(sqlite: Database.Database): void {
  const tables = tablesOf(sqlite);
  if (tables.length === 0 || tables.includes('migrations')) return;
  throw cannotOpen('This database belongs to another program. Set DATABASE_URL to another path.');
}

function tablesOf(sqlite: Database.Database): readonly unknown[] {
  return sqlite.prepare("select name from sqlite_schema where type = 'table'").pluck().all();
}

/** When those were made that this database has, which names them. */
function appliedOf(sqlite: Database.Database): ReadonlySet<unknown> {
  if (tablesOf(sqlite).length === 0)
    sqlite.exec('create table migrations (made_at integer primary key not null) strict');
  else refuseForeign(sqlite);
  return new Set(sqlite.prepare('select made_at from migrations').pluck().all());
}

function apply(sqlite: Database.Database, migration: Migration): void {
  for (const statement of migration.sql) sqlite.exec(statement);
  sqlite.prepare('insert into migrations (made_at) values (?)').run(migration.folderMillis);
}

function checkReferences(sqlite: Database.Database): void {
  const broken = sqlite.prepare('select count(*) from pragma_foreign_key_check').pluck().get();
  if (broken === 0) return;
  throw cannotOpen(
    `The upgrade would break ${broken} rows of the database, so nothing was changed. Start the previous version, and report this.`,
  );
}

/** How the schema of a database stands to the newest one in `folder`. */
export type SchemaAge = 'current' | 'older' | 'newer' | 'foreign';

/** That, of the database behind `sqlite`. Nothing is written. */
export function schemaAge(sqlite: Database.Database, folder: string): SchemaAge {
  const isOurs = sqlite.prepare("select 1 from sqlite_schema where name = 'migrations'").pluck().get() === 1;
  if (!isOurs) return 'foreign';
  const known = new Set<unknown>(
    readMigrationFiles({ migrationsFolder: folder }).map(({ folderMillis }) => folderMillis),
  );
  const applied = new Set(sqlite.prepare('select made_at from migrations').pluck().all());
  if ([...applied].some((madeAt) => !known.has(madeAt))) return 'newer';
  return applied.size < known.size ? 'older' : 'current';
}
