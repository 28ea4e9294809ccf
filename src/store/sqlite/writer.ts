import type Database from 'better-sqlite3';
import { createQueue, type Read, type Write } from '../access.ts';
import { faultFrom, isBusy, StoreFault, sqliteErrorIn } from '../fault.ts';

export type Writer = {
  readonly write: Write;
  /** Writes pages of the log and takes them back. Throws a `StoreFault` when the disk or a lock does not let it. */
  tryWriting(): Promise<void>;
  /** Moves the log into the database and empties it. False when somebody is reading from it just now. */
  checkpoint(): Promise<boolean>;
  /** Waits for the writes that are queued and checkpoints; later ones are refused. */
  stop(): Promise<void>;
};

/**
 * Dirties more pages than the cache below may hold, so that SQLite writes some to the log before the transaction ends
 * (https://sqlite.org/pragma.html#pragma_cache_spill). A smaller write would be kept in memory, and taken back from there.
 */
const TRIAL = "insert into settings (key, value) values ('trial', hex(zeroblob(16384)))";

const TRIAL_CACHE_PAGES = 1;

/** What is to be on the disk before a transaction commits: `takeBack` when it surely came to nothing, `forget` once it is over. */
export type BeforeCommit = { sync(): void; takeBack(): void; forget(): void };

/** The writer of a connection. */
export function createWriter(
  sqlite: Database.Database,
  busyMsMax: number,
  before: BeforeCommit = { sync: () => undefined, takeBack: () => undefined, forget: () => undefined },
): Writer {
  const begin = sqlite.prepare('BEGIN IMMEDIATE');
  const commit = sqlite.prepare('COMMIT');
  const rollback = sqlite.prepare('ROLLBACK');
  const { takeTurn, stop } = createQueue(busyMsMax);

  async function transact<T>(body: () => T | Promise<T>): Promise<T> {
    begin.run();
    try {
      const outcome = await body();
      before.sync();
      commit.run();
      return outcome;
    } catch (error) {
      // After any other error the commit may be on the disk all the same.
      if (sqliteErrorIn(error)?.code === 'SQLITE_FULL') takeBack(sqlite, begin, before);
      throw error;
    } finally {
      before.forget();
      // Still in it only after a throw; SQLite itself ends a transaction when the disk is full.
      if (sqlite.inTransaction) rollback.run();
    }
  }

  /** SQLite takes another level between two transactions alone: each leaves the connection as it must be for the next. */
  async function transactEventually<T>(body: () => T | Promise<T>): Promise<T> {
    sqlite.pragma('synchronous = NORMAL');
    try {
      return await transact(body);
    } finally {
      sqlite.pragma('synchronous = FULL');
    }
  }

  /** Its first column is whether it was kept from it: https://sqlite.org/pragma.html#pragma_wal_checkpoint */
  async function checkpoint(): Promise<boolean> {
    return (await takeTurn(() => sqlite.pragma('wal_checkpoint(TRUNCATE)', { simple: true }))) === 0;
  }

  return {
    write: (body, durability = 'lasting') =>
      takeTurn(() => (durability === 'lasting' ? transact(body) : transactEventually(body))),
    tryWriting: () => takeTurn(() => tryWriting(sqlite, { begin, rollback })),
    checkpoint,
    stop: () => stop(checkpoint),
  };
}

/** Under the lock that all take who write there: SQLite itself ends a transaction when the disk is full. */
function takeBack(sqlite: Database.Database, begin: Database.Statement, before: BeforeCommit): void {
  try {
    if (!sqlite.inTransaction) begin.run();
    before.takeBack();
  } catch (error) {
    // Somebody else has the lock: what was noted as ended stays so, and ends at the next start.
    if (!isBusy(error)) throw error;
  }
}

function tryWriting(
  sqlite: Database.Database,
  { begin, rollback }: Readonly<Record<'begin' | 'rollback', Database.Statement>>,
): void {
  const cacheSize = sqlite.pragma('cache_size', { simple: true });
  sqlite.pragma(`cache_size = ${TRIAL_CACHE_PAGES}`);
  try {
    begin.run();
    sqlite.exec(TRIAL);
  } finally {
    if (sqlite.inTransaction) rollback.run();
    sqlite.pragma(`cache_size = ${cacheSize}`);
  }
  // What was written lies in the log's file: the next trial would find room there on a full disk.
  sqlite.pragma('wal_checkpoint(TRUNCATE)');
}

/** The reads of a connection. */
export function createReader(sqlite: Database.Database): Read {
  return async (body) => {
    try {
      return await body();
    } catch (error) {
      // Asked only now: the getter costs a verification half a microsecond.
      if (!sqlite.open) throw new StoreFault('closed', 'The store is closed.');
      throw faultFrom(error);
    }
  };
}
