import { existsSync, realpathSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import type { TokenStore } from '../../tokens/store.ts';
import type { WorkspaceId } from '../../tokens/token.ts';
import { drizzleSqlite } from '../drizzle.ts';
import { createHistory } from '../events.ts';
import { isBusy } from '../fault.ts';
import { createAlarmRead } from '../settings.ts';
import { type SchemaAge, schemaAge } from '../sqlite/migrate.ts';
import { pathOf } from '../sqlite/open.ts';
import { createReader } from '../sqlite/writer.ts';
import { MIGRATIONS_FOLDER } from '../store.ts';
import { MARK_KEY } from './end-again.ts';
import { isUncut, type LogMark, revokedLogOf } from './revoked-log.ts';
import { flawIn } from './start-check.ts';

/** Bits of a mode that let anybody but the owner in. */
const OTHERS = 0o077;

/** Files and folder of a database, looked at without writing, making or opening for good any of them. */
export type ExaminedFiles = {
  readonly path: string;
  /** Undefined: there is none, or an empty one. */
  readonly bytes: number | undefined;
  /** Names of the database beyond its own: by each it would have a log of its own. */
  readonly otherNames: number;
  /** Files that others than their owner may read or write. */
  readonly open: readonly string[];
  /** Left to this user on that disk; undefined where there is no folder yet. */
  readonly freeBytes: number | undefined;
  readonly log: { readonly path: string; readonly exists: boolean };
};

/** The files of the database that `url` names. Throws a `StoreFault` of a URL that names none. */
export function examineFiles(url: string): ExaminedFiles {
  const path = pathOf(url);
  const logPath = revokedLogOf(path);
  const files = [path, `${path}-wal`, `${path}-shm`, logPath].filter((file) => existsSync(file));
  const database = statSync(path, { throwIfNoEntry: false });
  return {
    path,
    bytes: database === undefined || database.size === 0 ? undefined : database.size,
    otherNames: (database?.nlink ?? 1) - 1,
    open: files.filter((file) => (statSync(file).mode & OTHERS) !== 0),
    freeBytes: freeBytesIn(dirname(path)),
    log: { path: logPath, exists: existsSync(logPath) },
  };
}

function freeBytesIn(folder: string): number | undefined {
  if (!existsSync(folder)) return undefined;
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** Whether an app has the database at `path` open, as the lock beside it tells. */
export function isHeldByApp(path: string): boolean {
  const lock = existsSync(path) ? `${realpathSync(path)}.lock` : undefined;
  if (lock === undefined || !existsSync(lock)) return false;
  const sqlite = new Database(lock, { timeout: 0 });
  try {
    sqlite.exec('BEGIN EXCLUSIVE');
    return false;
  } catch (error) {
    return isBusy(error);
  } finally {
    sqlite.close();
  }
}

/** A database that is there, open for reading alone. */
export type ExaminedDatabase = {
  /** The first flaw that SQLite finds (`quick_check`), in its words. */
  readonly flaw: string | undefined;
  readonly schema: SchemaAge;
  /** Undefined before the app was first connected, and where the schema is not ours. */
  readonly workspace: WorkspaceId | undefined;
  readonly chain: Pick<TokenStore, 'chainHead' | 'eventsAfter' | 'chainAlarm'>;
  /** Whether the log still holds what this database remembers of it. Throws where this user cannot write it. */
  isLogUncut(): boolean;
  close(): void;
};

/** The database at `path`, which must be there. Nothing of it is changed, its schema included. Throws SQLite's error. */
export function examineDatabase(path: string): ExaminedDatabase {
  const flaw = flawIn(path);
  const sqlite = new Database(path, { readonly: true, fileMustExist: true });
  const schema = flaw === undefined ? schemaAge(sqlite, MIGRATIONS_FOLDER) : 'current';
  const settingOf = (key: string) =>
    sqlite.prepare('select value from settings where key = ?').pluck().get(key) as string | undefined;
  const isOurs = flaw === undefined && schema !== 'foreign';
  return {
    flaw,
    schema,
    workspace: isOurs ? (settingOf('workspace') as WorkspaceId | undefined) : undefined,
    get chain() {
      const [db, read] = [drizzleSqlite(sqlite), createReader(sqlite)];
      return { ...createHistory(db, read), ...createAlarmRead(db, read) };
    },
    isLogUncut: () => isUncut(revokedLogOf(path), settingOf(MARK_KEY) as LogMark | undefined),
    close: () => void sqlite.close(),
  };
}
