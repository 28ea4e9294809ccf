import { chmodSync, closeSync, existsSync, mkdirSync, openSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { whenFree } from '../access.ts';
import { type Db, drizzleSqlite } from '../drizzle.ts';
import { cannotOpen, isBusy, StoreFault, sqliteErrorIn } from '../fault.ts';
import { givenAlike } from '../recovery/given-alike.ts';
import { refuseDamaged, refuseLost, refuseMissing, refusePresent } from '../recovery/start-check.ts';
import type { StoreOptions } from '../store.ts';
import { migrate, refuseForeign } from './migrate.ts';

/** Another process may be migrating a large database, once. */
const START_BUSY_MS_MAX = 30_000;

const OWNER_ONLY_FILE = 0o600;

const OWNER_ONLY_FOLDER = 0o700;

/**
 * `write` takes what changes anything, `verify` the one read of a verification (an open iterator there would show the past),
 * `read` all the rest.
 */
export type Connections = Readonly<Record<'write' | 'verify' | 'read', Connection>>;

/** An open database, and that no other app opens it, where that was asked for. */
export type Opened = { readonly connections: Connections; readonly lock: AppLock | undefined };

/**
 * The file that `url` (`file:PATH`, relative to the working directory) names, made where it is missing, for its owner alone,
 * brought to the newest schema and opened three times; for an app, when no other app may. Throws a `StoreFault` whose message
 * says what to do.
 */
export async function openDatabase(
  { url, use, presence }: Pick<StoreOptions, 'url' | 'use' | 'presence'>,
  migrationsFolder: string,
): Promise<Opened> {
  const path = pathOf(url);
  let lock: AppLock | undefined;
  try {
    if (presence === 'must_not') refusePresent(path);
    else refuseLost(path);
    if (presence === 'must') refuseMissing(path);
    makeMissing(path);
    // Before anything of it is changed, its schema included.
    if (use === 'app') lock = await lockForApp(path);
    if (lock !== undefined) refuseDamaged(path);
    const deadline = performance.now() + START_BUSY_MS_MAX;
    return { connections: await whenFree(() => openAll(path, migrationsFolder), deadline), lock };
  } catch (error) {
    lock?.release();
    throw openingFault(error, path);
  }
}

/** The file that `url` names. Throws a `StoreFault`. */
export function pathOf(url: string): string {
  const path = /^file:(?!:memory:)([^?#]+)$/.exec(url)?.[1];
  if (path !== undefined) return behindLinks(resolve(path));
  // Without the URL itself: one of another kind may hold a password.
  throw cannotOpen('DATABASE_URL must be file:PATH, for example file:data/apitoken.db.');
}

/** Where the file itself is, by whatever symbolic links it was named: what lies beside a database lies beside that one. */
function behindLinks(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

/** Makes the file where it is missing, for its owner alone, who is that of its folder where root makes it. */
export function makeMissing(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: OWNER_ONLY_FOLDER });
  const isNew = !existsSync(path);
  closeSync(openSync(path, 'a', OWNER_ONLY_FILE));
  if (isNew) givenAlike(path, dirname(path));
}

/** SQLite gives the log and the shared memory beside the database the database's own mode. */
function makePrivate(path: string): void {
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    if (existsSync(file)) chmodSync(file, OWNER_ONLY_FILE);
  }
}

function openAll(path: string, migrationsFolder: string): Connections {
  const opened: Connection[] = [];
  const open = (use: ConnectionUse) => {
    const connection = openConnection(path, use);
    opened.push(connection);
    return connection;
  };
  try {
    const { sqlite } = open('migrate');
    makePrivate(path);
    migrate(sqlite, migrationsFolder);
    sqlite.close();
    return { write: open('write'), verify: open('verify'), read: open('read') };
  } catch (error) {
    for (const { sqlite } of opened) sqlite.close();
    throw error;
  }
}

function openingFault(error: unknown, path: string): StoreFault {
  const cause = sqliteErrorIn(error) ?? error;
  if (!(cause instanceof Error)) return cannotOpen(`${path} can't be opened.`);
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
  if (cause instanceof StoreFault && cause.code !== 'busy') {
    return cannotOpen(`${path}: ${cause.message}`, cause);
  }
  return cannotOpen(sentenceOf(code, path), cause);
}

function sentenceOf(code: string, path: string): string {
  if (code === 'busy') {
    return `${path} is locked by another process. Stop that process, or wait until it is done, then start again.`;
  }
  if (/^SQLITE_(NOTADB|CORRUPT)/.test(code)) {
    return `${path} is not a SQLite database, or is damaged (${code}). Set DATABASE_URL to another path, or restore a backup.`;
  }
  if (/^(SQLITE_(CANTOPEN|READONLY|PERM|IOERR|FULL)|E[A-Z]+$)/.test(code)) {
    return `${path} can't be written (${code}). Let this user write it and its folder, or set DATABASE_URL to another path.`;
  }
  return `${path} can't be opened (${code}). Set DATABASE_URL to another path, or restore a backup.`;
}

/** What a connection is for. Only `write` and `migrate` can change anything. */
type ConnectionUse = 'migrate' | 'write' | 'verify' | 'read';

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
    // A pragma changes the file, and whose file it is only its tables tell.
    if (use === 'migrate') refuseForeign(sqlite);
    for (const pragma of [...PRAGMAS, ...PRAGMAS_OF[use]]) setPragma(sqlite, pragma);
  } catch (error) {
    sqlite.close();
    throw error;
  }
  return { sqlite, db: drizzleSqlite(sqlite) };
}

function setPragma(sqlite: Database.Database, [name, value, readBack]: Pragma): void {
  sqlite.pragma(`${name} = ${value}`);
  const actual = sqlite.pragma(name, { simple: true });
  if (actual === readBack) return;
  throw cannotOpen(
    `The database does not accept ${name} = ${value} (it stays ${actual}). Put the file on a local disk.`,
  );
}

/** An app that is being replaced may be about to let go. */
const BUSY_MS_MAX = 1000;

const OWNER_ONLY = 0o600;

/** Held until `release`, or until the process ends in whatever way. */
type AppLock = { release(): void };

/**
 * Makes this the only app on the database at `path`, which must be there. Two apps would each keep their own figures in
 * memory: what one has not written yet, the other takes for unused. Verifiers and the command line need no such lock.
 *
 * The lock is SQLite's own exclusive one on an empty file beside the database, so the system frees it when its holder is killed
 * (https://sqlite.org/lockingv3.html). Throws a `StoreFault` when another app has it, or when it could have it by another name.
 */
export async function lockForApp(path: string): Promise<AppLock> {
  // By whatever symbolic link it was named, one database has one lock.
  const file = `${realpathSync(path)}.lock`;
  refuseSecondName(path);
  try {
    return await whenFree(() => locked(file, path), performance.now() + BUSY_MS_MAX);
  } catch (error) {
    if (!(error instanceof StoreFault) || error.code !== 'busy') throw error;
    throw cannotOpen(
      'another apitoken app has this database open. Stop that one first, or set DATABASE_URL to another path.',
    );
  }
}

/** By each name it would have a lock and a write-ahead log of its own: https://sqlite.org/howtocorrupt.html, "Multiple links". */
function refuseSecondName(path: string): void {
  if (statSync(path).nlink <= 1) return;
  throw cannotOpen(
    'this file has a second name (a hard link). Another app could open it by that name. Remove the link, or copy the file.',
  );
}

function locked(file: string, path: string): AppLock {
  let sqlite: Database.Database | undefined;
  try {
    const holder = new Database(file, { timeout: 0 });
    sqlite = holder;
    holder.exec('BEGIN EXCLUSIVE');
    chmodSync(file, OWNER_ONLY);
    givenAlike(file, path);
    return { release: () => void holder.close() };
  } catch (error) {
    sqlite?.close();
    const fault = sqliteErrorIn(error);
    throw fault !== undefined && !isBusy(fault) && existsSync(file) ? unusable(file, fault.code) : error;
  }
}

/** Not the database is to blame, which may stand well beside what somebody put there. */
function unusable(file: string, code: string): StoreFault {
  return cannotOpen(`The lock file ${file} can't be used (${code}). Remove it, then start again.`);
}
