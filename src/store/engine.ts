import type { TokenStore } from '../tokens/store.ts';
import type { Read, Write } from './access.ts';
import type { Db } from './drizzle.ts';
import type { RevokedLog } from './recovery/revoked-log.ts';

/** An open database: how it is read and written, whichever engine keeps it. */
export type Engine = {
  /** The connection that writes, inside `write` alone, and the one by which all is read but what a verification reads. */
  readonly connections: Readonly<Record<'write' | 'read', Db>>;
  readonly write: Write;
  readonly read: Read;
  /** The one read of a verification. */
  readonly readSecret: TokenStore['readSecret'];
  /** What `body` comes to, on a connection that sees the database as of one moment, whoever writes meanwhile. */
  snapshot<T>(body: (db: Db) => Promise<T>): Promise<T>;
  /** What must be on the disk before a revocation commits; undefined where the engine's own log is not to be outlived. */
  readonly revokedLog: RevokedLog | undefined;
  /** Whether no other app can have it open: whatever one has taken is a dead one's. */
  readonly isAlone: boolean;
  /** Whether the disk takes a write just now, tried by one that is taken back. */
  isWritable(): Promise<boolean>;
  /** Gets rid of what is left of emptied rows beside the tables. False when somebody keeps it from doing so. */
  checkpoint(): Promise<boolean>;
  /** Waits for the writes that are queued, then closes. */
  close(): Promise<void>;
};
