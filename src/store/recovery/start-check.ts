import { existsSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { cannotOpen } from '../fault.ts';
import { revokedLogOf } from './revoked-log.ts';

/** Size in bytes; 0 of a file that is not there. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Throws a `StoreFault` when there was a database at `path`, as what lies beside it tells, and it is lost. */
export function refuseLost(path: string): void {
  if (sizeOf(path) > 0) return;
  const left = [revokedLogOf(path), restoringOf(path)].find((file) => existsSync(file));
  const evidence = left ?? (sizeOf(`${path}-wal`) > 0 ? `${path}-wal` : undefined);
  if (evidence === undefined) return;
  throw cannotOpen(
    `the database is missing or empty, but ${evidence} tells of one. Put a backup back with "npm run cli -- restore FILE", or make a new one with "npm run cli -- init".`,
  );
}

/** What a restore makes ready before it takes the place of the database at `path`: one that was cut off leaves it. */
export function restoringOf(path: string): string {
  return `${path}.restoring`;
}

/** Throws a `StoreFault` when there is a database at `path`. */
export function refusePresent(path: string): void {
  if (sizeOf(path) === 0) return;
  throw cannotOpen('there is a database already: it is left as it is. Set DATABASE_URL to another path.');
}

/** Throws a `StoreFault` when there is no database at `path`. */
export function refuseMissing(path: string): void {
  if (sizeOf(path) > 0) return;
  throw cannotOpen(
    'there is no database: set DATABASE_URL to its path, or make a new one with "npm run cli -- init".',
  );
}

/**
 * Looks through the whole database where a write-ahead log was left over: by a crash, or by a copy that was laid over the file.
 * Nothing is written. Throws a `StoreFault` when it is damaged. Only for whoever holds the lock of the only app.
 */
export function refuseDamaged(path: string): void {
  if (sizeOf(`${path}-wal`) === 0) return;
  const flaw = flawIn(path);
  if (flaw === undefined) return;
  throw cannotOpen(
    `the database is damaged (${flaw}); nothing was changed. Put a backup back with "npm run cli -- restore FILE".`,
  );
}

/** The first flaw that SQLite finds in the file at `path`, in its words; undefined when there is none. */
export function flawIn(path: string): string | undefined {
  // A connection that only reads does not move the log into the database when it is closed.
  const sqlite = new Database(path, { readonly: true, fileMustExist: true, timeout: 0 });
  try {
    const found = sqlite.pragma('quick_check(1)', { simple: true });
    return found === 'ok' ? undefined : inOneLine(String(found));
  } catch (error) {
    if (error instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(error.code))
      return error.code;
    throw error;
  } finally {
    sqlite.close();
  }
}

/** SQLite heads its list of flaws with the name of the database between stars. */
function inOneLine(text: string): string {
  return text
    .replaceAll('*', '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(', ');
}
