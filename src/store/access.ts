import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { faultFrom, isBusy, StoreFault, sqliteErrorIn } from './fault.ts';

/** How long a write waits, its queue included, before it gives up on a busy database. */
export const BUSY_MS_MAX = 5000;

/** Writes that may wait: some seconds' worth. */
const WAITING_MAX = 5000;

/**
 * What a power cut may do to a transaction: nothing (`lasting`), or undo it while none that lasts came after it (`eventual`:
 * for figures and what is found out anew). It costs no wait for the disk. A crash of the process undoes neither.
 */
export type Durability = 'lasting' | 'eventual';

/**
 * Runs `body` as one transaction on the write connection: all of it or, when it throws, nothing. Each waits for those before
 * it, on PostgreSQL also for those of other processes. It may be called again after a busy database, so it has no effect but on
 * the database, and it awaits nothing but its own statements: SQLite answers those at once, so that its transaction is over
 * before the event loop turns. Throws a `StoreFault`.
 */
export type Write = <T>(body: () => T | Promise<T>, durability?: Durability) => Promise<T>;

/**
 * What `body` reads; no iterator outlives it. What another writes between two of its statements it sees. Throws nothing but
 * `StoreFault`.
 */
export type Read = <T>(body: () => T | Promise<T>) => Promise<T>;

/** Work that is done one at a time, in the order in which it was asked for. */
export type Queue = {
  /** What `attempt` comes to, which is made again while the database is busy. Throws a `StoreFault`. */
  takeTurn<T>(attempt: () => T | Promise<T>): Promise<T>;
  /** Takes the last turn; later ones are refused. */
  stop(last: () => Promise<unknown>): Promise<void>;
};

/** A queue whose turns wait no longer than `busyMsMax` each, their time in it included. */
export function createQueue(busyMsMax: number): Queue {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let stopped = false;

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

  return {
    takeTurn,
    stop: async (work) => {
      const stopping = stopped ? last : work();
      stopped = true;
      await stopping;
    },
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
