import { statSync } from 'node:fs';
import { BUSY_MS_MAX } from '../access.ts';
import type { Db } from '../drizzle.ts';
import type { Engine } from '../engine.ts';
import { faultFrom } from '../fault.ts';
import { createRevokedLog } from '../recovery/revoked-log.ts';
import type { StoreOptions } from '../store.ts';
import { openConnection, openDatabase } from './open.ts';
import { createSecretRead } from './verification.ts';
import { createReader, createWriter } from './writer.ts';

/** Opens the SQLite database that `url` names. A `StoreFault` says why it cannot. */
export async function openSqlite(
  options: Pick<StoreOptions, 'url' | 'use' | 'presence' | 'busyMsMax'>,
  migrationsFolder: string,
): Promise<Engine> {
  const { connections, lock } = await openDatabase(options, migrationsFolder);
  const { write, verify, read } = connections;
  const path = write.sqlite.name;
  const revokedLog = createRevokedLog(path);
  const writer = createWriter(write.sqlite, options.busyMsMax ?? BUSY_MS_MAX, revokedLog);
  const file = fileAt(path);

  return {
    connections: { write: write.db, read: read.db },
    write: writer.write,
    read: createReader(read.sqlite),
    ...createSecretRead(verify, createReader(verify.sqlite)),
    snapshot: (body) => snapshotOf(path, body),
    revokedLog,
    isAlone: lock !== undefined,
    isWritable: () =>
      writer
        .tryWriting()
        .then(() => fileAt(path) === file)
        .catch(() => false),
    checkpoint: writer.checkpoint,
    close: async () => {
      try {
        await writer.stop();
      } finally {
        revokedLog.close();
        for (const { sqlite } of [verify, read, write]) sqlite.close();
        lock?.release();
      }
    },
  };
}

async function snapshotOf<T>(path: string, body: (db: Db) => Promise<T>): Promise<T> {
  const { sqlite, db } = openConnection(path, 'read');
  try {
    sqlite.exec('BEGIN');
    return await body(db);
  } catch (error) {
    throw faultFrom(error);
  } finally {
    sqlite.close();
  }
}

/** Which file has this name now; undefined when none has. */
function fileAt(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats && `${stats.dev}:${stats.ino}`;
}
