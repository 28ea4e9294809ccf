import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Clock, systemClock } from '../clock.ts';
import type { Owners } from '../tokens/leavers.ts';
import type { Outbox } from '../tokens/outbox.ts';
import { type Pepper, type Peppers, peppersFrom } from '../tokens/pepper.ts';
import type { TokenStore } from '../tokens/store.ts';
import { BUSY_MS_MAX, createReader, createWriter, type Writer } from './access.ts';
import { createAttention } from './attention.ts';
import {
  createBoardReads,
  createBoardWrites,
  createLeakReads,
  createLeakWrites,
  createMessageReads,
  createMessageWrites,
} from './boards.ts';
import type { Db } from './drizzle.ts';
import { createDeliveryReads, createEffects, type Effects } from './effects.ts';
import { createHistory, createRefusals } from './events.ts';
import { createNotices } from './notices.ts';
import { type Connections, type Opened, openDatabase } from './open.ts';
import { createOutboxReads, createOutboxWrites } from './outbox.ts';
import { createOwnerReads, createOwnerWrites } from './owners.ts';
import { type EndedAgain, endAgain, NOTHING_ENDED } from './recovery/end-again.ts';
import { createRevokedLog, type RevokedLog } from './recovery/revoked-log.ts';
import { createLiveValues, createOldValues } from './rotation.ts';
import { createSeals, type Seals, sealOnce } from './seals.ts';
import { createSecretReads, createSecretWrites } from './secrets.ts';
import { createAlarmRead, createAlarmWrite, createSettings, type Settings } from './settings.ts';
import { createTokenCounts } from './token-counts.ts';
import { createTokenList } from './token-list.ts';
import { createTokenReads, createTokenWrites } from './tokens.ts';
import { createRecentReads, createUsage } from './usage.ts';
import { createDigestWrites, createHashRead, createSecretRead } from './verification.ts';

/** The schema's steps, as files. */
export const MIGRATIONS_FOLDER = fileURLToPath(new URL('../../drizzle', import.meta.url));

/** Shorter than any: it is looked for, and not there. */
const NO_LOOKUP_ID = '';

export type StoreOptions = {
  /** `file:PATH`, relative to the working directory. */
  readonly url: string;
  /** Makes the MACs of the audit chain: the current one. */
  readonly pepper: Pepper;
  /** All that are at hand, under which seals are proven: where they are left out, that one alone. */
  readonly peppers?: Peppers;
  readonly migrationsFolder?: string;
  /**
   * Ends again first what `revoked.log` says that ended. `app`: refuses to open what another app has open, and keeps others from
   * opening it.
   */
  readonly use?: 'app' | 'verifier';
  /** Refuses a database that is not there, or one that is; else it is made where it is missing, unless it was lost. */
  readonly presence?: 'must' | 'must_not';
  /** How long a write waits for a busy database: 5 s. */
  readonly busyMsMax?: number;
  /** What time it is: the system's. */
  readonly clock?: Clock;
};

/** Where everything is kept. All its methods throw nothing but `StoreFault`. */
export type Store = TokenStore &
  Outbox &
  Owners &
  Settings & {
    /** Whether a verification could read just now, from the table that decides it. */
    isReadable(): Promise<boolean>;
    /**
     * Whether the disk takes a write, tried by one that is taken back, into the file that the next start will open: one that was
     * removed or replaced still takes what is lost with it.
     */
    isWritable(): Promise<boolean>;
    /** What was found live at the opening for the app though it had ended before, and was ended again. */
    readonly endedAgain: EndedAgain;
    /** Waits for the writes that are queued, then closes. Nothing works afterwards. */
    close(): Promise<void>;
  };

/** Opens the SQLite database that `url` names, with all its statements prepared. A `StoreFault` says why it cannot. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const folder = options.migrationsFolder ?? MIGRATIONS_FOLDER;
  const opened = await openDatabase(options, folder);
  const { connections } = opened;
  const log = createRevokedLog(connections.write.sqlite.name);
  const writer = createWriter(connections.write.sqlite, options.busyMsMax ?? BUSY_MS_MAX, log);
  const reads = createReads(connections);
  const { db } = connections.write;
  const effects = createEffects(db, options.pepper);
  const peppers = options.peppers ?? peppersFrom(options.pepper);
  const seals = createSeals(db, peppers);
  const writes = createWrites(db, writer, { effects, log, seals });
  const lifecycle = createLifecycle(opened, writer, log);
  const at = (options.clock ?? systemClock)();
  try {
    await sealOnce({ db, write: writer.write, effects, peppers }, at);
    const endedAgain =
      options.use === undefined
        ? NOTHING_ENDED
        : await endAgain({ ...writes, db, write: writer.write, effects, log, seals }, at);
    return { ...reads, ...writes, ...lifecycle, endedAgain };
  } catch (error) {
    await lifecycle.close().catch(() => undefined);
    throw error;
  }
}

function createReads({ verify, read: reading }: Connections) {
  const { db } = reading;
  const read = createReader(reading.sqlite);
  return {
    ...createSecretRead(verify, createReader(verify.sqlite)),
    ...createSecretReads(db, read),
    ...createHashRead(db, read),
    ...createLiveValues(db, read),
    ...createTokenReads(db, read),
    ...createTokenList(db, read),
    ...createTokenCounts(db, read),
    ...createRecentReads(db, read),
    ...createAttention(db, read),
    ...createHistory(db, read),
    ...createAlarmRead(db, read),
    ...createDeliveryReads(db, read),
    ...createOutboxReads(db, read),
    ...createMessageReads(db, read),
    ...createBoardReads(db, read),
    ...createLeakReads(db, read),
    ...createOwnerReads(db, read),
  };
}

function createWrites(
  db: Db,
  writer: Writer,
  { effects, log, seals }: { readonly effects: Effects; readonly log: RevokedLog; readonly seals: Seals },
) {
  const { write } = writer;
  const refusals = createRefusals(db, write, effects);
  const { tidyLeaks, ...leakWrites } = createLeakWrites(db, write, effects);
  return {
    ...createTokenWrites(db, write, effects, log),
    ...createSecretWrites(db, write, effects, log, seals),
    ...createDigestWrites(db, write, seals),
    ...createOldValues(db, write, effects, log, seals),
    ...createUsage(db, write, effects),
    ...createNotices(db, write, effects),
    ...createOutboxWrites(db, write),
    ...createMessageWrites(db, write),
    ...createBoardWrites(db, write, effects),
    ...leakWrites,
    ...createOwnerWrites(db, write, effects),
    ...createSettings(db, write, effects),
    ...createAlarmWrite(db, write),
    recordDeed: refusals.recordDeed,
    keepAnswered: refusals.keepAnswered,
    recordRefusal: refusals.recordRefusal,
    tidy: async (now: number) => {
      await refusals.tidy(now);
      await tidyLeaks(now);
      // What revocations emptied is still in the log until it is moved into the database.
      return { isLogHeld: !(await writer.checkpoint()) };
    },
  };
}

function createLifecycle(
  { connections: { write, verify, read }, lock }: Opened,
  writer: Writer,
  log: RevokedLog,
) {
  const { readSecret } = createSecretRead(verify, createReader(verify.sqlite));
  const path = write.sqlite.name;
  const file = fileAt(path);

  return {
    isReadable: () =>
      readSecret(NO_LOOKUP_ID).then(
        () => true,
        () => false,
      ),
    isWritable: () =>
      writer
        .tryWriting()
        .then(() => fileAt(path) === file)
        .catch(() => false),
    close: async () => {
      try {
        await writer.stop();
      } finally {
        log.close();
        for (const { sqlite } of [verify, read, write]) sqlite.close();
        lock?.release();
      }
    },
  };
}

/** Which file has this name now; undefined when none has. */
function fileAt(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats && `${stats.dev}:${stats.ino}`;
}
