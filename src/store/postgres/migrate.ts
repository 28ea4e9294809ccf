import type { ClientBase } from 'pg';
import { readMigrationFiles } from '../drizzle.ts';
import { cannotOpen } from '../fault.ts';
import { codeIn } from './fault.ts';

type Migration = ReturnType<typeof readMigrationFiles>[number];

/** Of `migrations`, the row that a migration locks: no step was made then. */
const LOCK_ROW = 0;

/** Another process may be migrating a large database, once. */
const LOCK_MS_MAX = 30_000;

/** How often one that starts at the same moment as another looks again. */
const TRIES_MAX = 5;

/**
 * Brings the tables in the schema of `client` to the newest step in `folder`, in one transaction under a lock: of two processes that
 * start at once the second finds the work done. Throws a `StoreFault`, or PostgreSQL's error; then nothing was changed.
 */
export async function migratePostgres(client: ClientBase, folder: string): Promise<void> {
  const known = readMigrationFiles({ migrationsFolder: folder });
  for (let left = TRIES_MAX; ; left -= 1) {
    try {
      await inTransaction(client, () => applyMissing(client, known));
      return;
    } catch (error) {
      // Another one made the first table meanwhile, or won.
      if (left <= 1 || !/^(42P07|23505|40001|40P01)$/.test(codeIn(error))) throw error;
    }
  }
}

async function inTransaction(client: ClientBase, body: () => Promise<void>): Promise<void> {
  // Of this transaction alone: with a pooler in between, the connection is others' afterwards.
  const local = `set local lock_timeout = ${LOCK_MS_MAX}; set local statement_timeout = 0`;
  await client.query(`begin isolation level read committed; ${local}`);
  try {
    await body();
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

async function applyMissing(client: ClientBase, known: readonly Migration[]): Promise<void> {
  if ((await ownerOf(client)) === 'nobody') {
    await client.query('create table migrations (made_at bigint primary key)');
    await client.query('insert into migrations (made_at) values ($1)', [LOCK_ROW]);
  }
  await client.query('select 1 from migrations where made_at = $1 for update', [LOCK_ROW]);
  // Asked for after the lock: what the one before did is seen.
  const applied = await appliedOf(client);
  refuseNewer(applied, known);
  for (const step of known.filter(({ folderMillis }) => !applied.has(folderMillis))) {
    for (const statement of step.sql) await client.query(statement);
    await client.query('insert into migrations (made_at) values ($1)', [step.folderMillis]);
  }
}

/** Whose tables are there. Throws a `StoreFault` when they are another program's: nothing of it is changed. */
export async function ownerOf(client: ClientBase): Promise<'nobody' | 'apitoken'> {
  const tables = await tablesOf(client);
  if (tables.size === 0) return 'nobody';
  if (['migrations', 'tokens', 'secrets', 'settings'].every((name) => tables.has(name))) return 'apitoken';
  throw cannotOpen(
    'This schema belongs to another program. Name another database in DATABASE_URL, or give the user a schema of its own.',
  );
}

/** Those of the schema in which ours are made; what an extension brought is nobody's. */
async function tablesOf(client: ClientBase): Promise<ReadonlySet<unknown>> {
  const { rows } = await client.query(
    `select c.relname as name from pg_class c
     where c.relnamespace = (select oid from pg_namespace where nspname = current_schema())
       and c.relkind in ('r', 'p', 'v', 'm')
       and not exists (select 1 from pg_depend d where d.objid = c.oid and d.deptype = 'e')`,
  );
  return new Set(rows.map(({ name }) => name));
}

/** When those were made that this database has, which names them. */
async function appliedOf(client: ClientBase): Promise<ReadonlySet<number>> {
  const { rows } = await client.query('select made_at from migrations where made_at <> $1', [LOCK_ROW]);
  return new Set(rows.map(({ made_at: madeAt }) => Number(madeAt)));
}

/** How the tables of ours stand to the newest step in `folder`. Throws a `StoreFault` where they are of a newer version. */
export async function ageOf(client: ClientBase, folder: string): Promise<'older' | 'current'> {
  const known = readMigrationFiles({ migrationsFolder: folder });
  const applied = await appliedOf(client);
  refuseNewer(applied, known);
  return applied.size < known.length ? 'older' : 'current';
}

function refuseNewer(applied: ReadonlySet<number>, known: readonly Migration[]): void {
  if ([...applied].every((madeAt) => known.some(({ folderMillis }) => folderMillis === madeAt))) return;
  throw cannotOpen(
    'A newer apitoken wrote this database. Start that version, or restore a backup from before the upgrade.',
  );
}
