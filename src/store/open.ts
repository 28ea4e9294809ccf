import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type AppLock, lockForApp } from './app-lock.ts';
import { type Connection, type ConnectionUse, openConnection } from './connection.ts';
import { StoreFault, sqliteErrorIn } from './fault.ts';
import { migrate } from './migrate.ts';
import { whenFree } from './retry.ts';

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
 * brought to the newest schema and opened three times; `forApp` when no other app may. Throws a `StoreFault` whose message
 * says what to do.
 */
export async function openDatabase(
  url: string,
  migrationsFolder: string,
  forApp?: 'forApp',
): Promise<Opened> {
  const path = pathOf(url);
  let lock: AppLock | undefined;
  try {
    makePrivate(path);
    // Before anything of it is changed, its schema included.
    lock = forApp && (await lockForApp(path));
    const deadline = performance.now() + START_BUSY_MS_MAX;
    return { connections: await whenFree(() => openAll(path, migrationsFolder), deadline), lock };
  } catch (error) {
    lock?.release();
    throw openingFault(error, path);
  }
}

function pathOf(url: string): string {
  const path = /^file:(?!:memory:)([^?#]+)$/.exec(url)?.[1];
  if (path !== undefined) return resolve(path);
  // Without the URL itself: one of another kind may hold a password.
  throw new StoreFault('cannot_open', 'DATABASE_URL must be file:PATH, for example file:data/apitoken.db.');
}

/** SQLite gives the log and the shared memory beside the database the database's own mode. */
function makePrivate(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: OWNER_ONLY_FOLDER });
  closeSync(openSync(path, 'a', OWNER_ONLY_FILE));
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
  if (!(cause instanceof Error)) return new StoreFault('cannot_open', `${path} cannot be opened.`);
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
  if (cause instanceof StoreFault && cause.code !== 'busy') {
    return new StoreFault('cannot_open', `${path}: ${cause.message}`, cause);
  }
  return new StoreFault('cannot_open', sentenceOf(code, path), cause);
}

function sentenceOf(code: string, path: string): string {
  if (code === 'busy') {
    return `${path} is locked by another process: stop that one, or wait until it is done, and start again.`;
  }
  if (/^SQLITE_(NOTADB|CORRUPT)/.test(code)) {
    return `${path} is no SQLite database, or a damaged one (${code}): set DATABASE_URL to another path, or restore a backup.`;
  }
  if (/^(SQLITE_(CANTOPEN|READONLY|PERM|IOERR|FULL)|E[A-Z]+$)/.test(code)) {
    return `${path} cannot be written (${code}): let this user write it and its folder, or set DATABASE_URL to another path.`;
  }
  return `${path} cannot be opened (${code}): set DATABASE_URL to another path, or restore a backup.`;
}
