import Database from 'better-sqlite3';
import { type Db, drizzle } from './drizzle.ts';
import { StoreFault } from './fault.ts';

/** What a connection is for. Only `write` and `migrate` can change anything. */
export type ConnectionUse = 'migrate' | 'write' | 'verify' | 'read';

/** One open connection: Drizzle's view of it, and SQLite's for transactions and pragmas. */
export type Connection = { readonly db: Db; readonly sqlite: Database.Database };

/** How long a reader waits inside SQLite, which stops the event loop: only another process's recovery can ask for it. */
const READER_BUSY_MS_MAX = 200;
const VERIFY_CACHE_KIB = 65_536;

/** Name, what it is set to, what it then reads. */
type Pragma = readonly [name: string, value: string | number, readBack: string | number];

/**
 * Set on every connection. `synchronous`: better-sqlite3 13 falls to NORMAL when a file is already in WAL mode, and a power
 * cut then revives revoked tokens. `secure_delete`: what a revocation empties is overwritten with zeros. No `mmap_size`: a
 * disk error would be a signal instead of an error code (sqlite.org/mmap.html).
 */
const PRAGMAS: readonly Pragma[] = [
  ['journal_mode', 'WAL', 'wal'],
  ['synchronous', 'FULL', 2],
  ['trusted_schema', 'OFF', 0],
  ['mmap_size', 0, 0],
  ['secure_delete', 'ON', 1],
];
const READER_PRAGMAS: readonly Pragma[] = [
  ['foreign_keys', 'ON', 1],
  ['busy_timeout', READER_BUSY_MS_MAX, READER_BUSY_MS_MAX],
  ['query_only', 'ON', 1],
];
const PRAGMAS_OF: Readonly<Record<ConnectionUse, readonly Pragma[]>> = {
  // A migration rebuilds a table by dropping the old one, which foreign keys would forbid.
  migrate: [['foreign_keys', 'OFF', 0]],
  write: [['foreign_keys', 'ON', 1]],
  verify: [...READER_PRAGMAS, ['cache_size', -VERIFY_CACHE_KIB, -VERIFY_CACHE_KIB]],
  read: READER_PRAGMAS,
};

/** Opens a connection to the file at `path`. Throws a `StoreFault` when a pragma does not take, else SQLite's error. */
export function openConnection(path: string, use: ConnectionUse): Connection {
  const sqlite = new Database(path, { timeout: 0 });
  try {
    for (const pragma of [...PRAGMAS, ...PRAGMAS_OF[use]]) setPragma(sqlite, pragma);
  } catch (error) {
    sqlite.close();
    throw error;
  }
  return { sqlite, db: drizzle(sqlite) };
}

function setPragma(sqlite: Database.Database, [name, value, readBack]: Pragma): void {
  sqlite.pragma(`${name} = ${value}`);
  const actual = sqlite.pragma(name, { simple: true });
  if (actual === readBack) return;
  throw new StoreFault(
    'cannot_open',
    `The database does not take ${name} = ${value} (it stays ${actual}): put the file on a local disk.`,
  );
}
