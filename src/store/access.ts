import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type Database from 'better-sqlite3';
import { faultFrom, isBusy, StoreFault, sqliteErrorIn } from './fault.ts';

/** How long a write waits, its queue included, before it gives up on a busy database. */
export const BUSY_MS_MAX = 5000;

/** Writes that may wait: some seconds' worth. */
const WAITING_MAX = 5000;

/**
 * What a power cut may do to a transaction: nothing (`lasting`), or undo it while none that lasts came after it (`eventual`:
 * for figures and what is found out anew). It costs no wait for the disk. A crash of the process undoes neither.
 */
type Durability = 'lasting' | 'eventual';

/**
 * Runs `body` as one transaction on the write connection: all of it or, when it throws, nothing. Each waits for those before
 * it. It may be called again after a busy database, so it has no effect but on the database, and it awaits nothing but its own
 * statements: SQLite answers those at once, so that its transaction is over before the event loop turns. Throws a `StoreFault`.
 */
export type Write = <T>(body: () => T | Promise<T>, durability?: Durability) => Promise<T>;

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
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let stopped = false;

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

  async function takeTurn<T>(attempt: () => T | Promise<T>): Promise<T> {
    if (stopped) throw new StoreFault('closed', 'The store is closed.');
    if (waiting >= WAITING_MAX) throw new StoreFault('busy', 'Too many writes are waiting.');
    const deadline = performance.now() + busyMsMax;
    const turn = last.then(async () => {
      // Lets the event loop breathe between two writes of a long queue.
      await nextTurn();
      return whenFree(attempt, deadline);
    });
    waiting += 1;
    last = turn.catch(() => undefined);
    try {
      return await turn;
    } catch (error) {
      throw faultFrom(error);
    } finally {
      waiting -= 1;
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
    stop: async () => {
      const stopping: Promise<unknown> = stopped ? last : checkpoint();
      stopped = true;
      await stopping;
    },
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

/**
 * What `body` reads; no iterator outlives it. What another writes between two of its statements it sees. Throws nothing but
 * `StoreFault`.
 */
export type Read = <T>(body: () => T | Promise<T>) => Promise<T>;

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

const PAUSE_MS_MIN = 1;

const PAUSE_MS_MAX = 10;

/**
 * What `attempt` returns once no other connection is in its way. It is called at least once, then again after random pauses
 * by timers, until `deadline` (of `performance.now()`); then a `StoreFault` `busy`. Other errors come out as they are.
 */
export async function whenFree<T>(attempt: () => T | Promise<T>, deadline: number): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (performance.now() >= deadline) {
        throw new StoreFault(
          'busy',
          'Another process keeps the database locked. Nothing was changed. Try again in 10 seconds.',
          sqliteErrorIn(error),
        );
      }
    }
    await sleep(PAUSE_MS_MIN + Math.random() * (PAUSE_MS_MAX - PAUSE_MS_MIN));
  }
}
