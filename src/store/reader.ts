import type Database from 'better-sqlite3';
import { faultFrom, StoreFault } from './fault.ts';

/** What `body` reads, all of it before it returns: no iterator outlives it. Throws nothing but `StoreFault`. */
export type Read = <T>(body: () => T) => Promise<T>;

/** The reads of a connection. */
export function createReader(sqlite: Database.Database): Read {
  return async (body) => {
    try {
      return body();
    } catch (error) {
      // Asked only now: the getter costs a verification half a microsecond.
      if (!sqlite.open) throw new StoreFault('closed', 'The store is closed.');
      throw faultFrom(error);
    }
  };
}
