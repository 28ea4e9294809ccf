import { chmodSync, existsSync, realpathSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { isBusy, StoreFault, sqliteErrorIn } from './fault.ts';
import { whenFree } from './retry.ts';

/** An app that is being replaced may be about to let go. */
const BUSY_MS_MAX = 1000;
const OWNER_ONLY = 0o600;

/** Held until `release`, or until the process ends in whatever way. */
export type AppLock = { release(): void };

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
    return await whenFree(() => locked(file), performance.now() + BUSY_MS_MAX);
  } catch (error) {
    if (!(error instanceof StoreFault) || error.code !== 'busy') throw error;
    throw new StoreFault(
      'cannot_open',
      'another apitoken app has this database open: stop that one first, or set DATABASE_URL to another path.',
    );
  }
}

/** By each name it would have a lock and a write-ahead log of its own: https://sqlite.org/howtocorrupt.html, "Multiple links". */
function refuseSecondName(path: string): void {
  if (statSync(path).nlink <= 1) return;
  throw new StoreFault(
    'cannot_open',
    'this file has a second name (a hard link), by which another app could open it: remove that name, or make it a copy.',
  );
}

function locked(file: string): AppLock {
  let sqlite: Database.Database | undefined;
  try {
    const holder = new Database(file, { timeout: 0 });
    sqlite = holder;
    holder.exec('BEGIN EXCLUSIVE');
    chmodSync(file, OWNER_ONLY);
    return { release: () => void holder.close() };
  } catch (error) {
    sqlite?.close();
    const fault = sqliteErrorIn(error);
    throw fault !== undefined && !isBusy(fault) && existsSync(file) ? unusable(file, fault.code) : error;
  }
}

/** Not the database is to blame, which may stand well beside what somebody put there. */
function unusable(file: string, code: string): StoreFault {
  return new StoreFault(
    'cannot_open',
    `${file}, which keeps a second app away, cannot be used (${code}): remove it and start again.`,
  );
}
