import { chmodSync, realpathSync } from 'node:fs';
import Database from 'better-sqlite3';
import { StoreFault } from './fault.ts';
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
 * (https://sqlite.org/lockingv3.html). Throws a `StoreFault` when another app has it.
 */
export async function lockForApp(path: string): Promise<AppLock> {
  // By whatever link it was named, one database has one lock.
  const file = `${realpathSync(path)}.lock`;
  try {
    return await whenFree(() => locked(file), performance.now() + BUSY_MS_MAX);
  } catch (error) {
    if (!(error instanceof StoreFault)) throw error;
    throw new StoreFault(
      'cannot_open',
      'another apitoken app has this database open: stop that one first, or set DATABASE_URL to another path.',
    );
  }
}

function locked(file: string): AppLock {
  const sqlite = new Database(file, { timeout: 0 });
  try {
    chmodSync(file, OWNER_ONLY);
    sqlite.exec('BEGIN EXCLUSIVE');
    return { release: () => void sqlite.close() };
  } catch (error) {
    sqlite.close();
    throw error;
  }
}
