import { fileURLToPath } from 'node:url';
import { type Clock, systemClock } from '../clock.ts';
import type { Owners } from '../tokens/leavers.ts';
import type { Outbox } from '../tokens/outbox.ts';
import { type Pepper, type Peppers, peppersFrom } from '../tokens/pepper.ts';
import type { TokenStore, Visitors } from '../tokens/store.ts';
import { createAttention } from './attention.ts';
import {
  createBoardReads,
  createBoardWrites,
  createLeakReads,
  createLeakWrites,
  createMessageReads,
  createMessageWrites,
} from './boards.ts';
import { createDeliveryReads, createEffects, type Effects } from './effects.ts';
import type { Engine } from './engine.ts';
import { createHistory, createRefusals } from './events.ts';
import { cannotOpen } from './fault.ts';
import { createNotices } from './notices.ts';
import { createOutbox, freeTaken } from './outbox.ts';
import { createOwnerReads, createOwnerWrites } from './owners.ts';
import { type EndedAgain, endAgain, NOTHING_ENDED } from './recovery/end-again.ts';
import type { RevokedLog } from './recovery/revoked-log.ts';
import { createLiveValues, createOldValues } from './rotation.ts';
import { createSeals, type Seals, sealOnce } from './seals.ts';
import { createSecretReads, createSecretWrites } from './secrets.ts';
import {
  createAlarmRead,
  createAlarmWrite,
  createMarks,
  createSettings,
  type Settings,
  UNPROVEN_KEY,
} from './settings.ts';
import { openSqlite } from './sqlite/engine.ts';
import { createTokenCounts } from './token-counts.ts';
import { createTokenList } from './token-list.ts';
import { createTokenReads, createTokenWrites } from './tokens.ts';
import { createRecentReads, createUsage } from './usage.ts';
import { createDigestWrites, createHashRead } from './verification.ts';
import { createVisitors } from './visitors.ts';

/** The schema's steps, as files. */
export const MIGRATIONS_FOLDER = fileURLToPath(new URL('../../drizzle', import.meta.url));

/** Those for PostgreSQL. */
export const POSTGRES_MIGRATIONS_FOLDER = fileURLToPath(new URL('../../drizzle/postgres', import.meta.url));

const NO_LOG: Pick<RevokedLog, 'note'> = { note: () => undefined };

/** Shorter than any: it is looked for, and not there. */
const NO_LOOKUP_ID = '';

export type StoreOptions = {
  /** `file:PATH`, relative to the working directory, or `postgres://…`. */
  readonly url: string;
  /** Connections of this process to PostgreSQL: 10. */
  readonly poolMax?: number;
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
  Visitors &
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

/** Opens the database that `url` names, with all its statements prepared. A `StoreFault` says why it cannot. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const engine = await openEngine(options);
  try {
    await refuseUnproven(engine);
    return await storeOn(engine, options);
  } catch (error) {
    await engine.close().catch(() => undefined);
    throw error;
  }
}

/**
 * Opens the database that `url` names, whichever engine keeps it. What PostgreSQL needs is loaded where the URL names one, and costs
 * nobody else time or memory. Throws a `StoreFault` that says why it cannot.
 */
export async function openEngine(options: Omit<StoreOptions, 'pepper'>): Promise<Engine> {
  if (!isPostgresUrl(options.url)) return openSqlite(options, options.migrationsFolder ?? MIGRATIONS_FOLDER);
  const { openPostgres } = await import('./postgres/open.ts');
  return openPostgres(options, options.migrationsFolder ?? POSTGRES_MIGRATIONS_FOLDER);
}

/** Whether `url` names a PostgreSQL, well written or not. */
export function isPostgresUrl(url: string): boolean {
  return /^postgres(?:ql)?:/i.test(url);
}

async function refuseUnproven({ connections, read }: Engine): Promise<void> {
  if ((await read(() => createMarks(connections.read).read(UNPROVEN_KEY))) === undefined) return;
  throw cannotOpen(
    'This is a copy that was broken off, or found to differ. Empty it, then copy again with "npm run cli -- copy".',
  );
}

async function storeOn(engine: Engine, options: StoreOptions): Promise<Store> {
  const { connections, write, readSecret, revokedLog: log, isWritable, close } = engine;
  const db = connections.write;
  const peppers = options.peppers ?? peppersFrom(options.pepper);
  const reads = createReads(engine);
  const parts = { effects: createEffects(db, options.pepper), seals: createSeals(db, peppers) };
  const { tidyLimits, ...visitors } = createVisitors(engine);
  const writes = createWrites(engine, { ...parts, tidyLimits });
  const at = (options.clock ?? systemClock)();
  if (engine.isAlone) await freeTaken(engine);
  await sealOnce(engine, { ...parts, peppers }, at);
  const isReplayed = options.use !== undefined && log !== undefined;
  return {
    ...reads,
    ...createOutbox(engine),
    ...visitors,
    ...writes,
    isReadable: () =>
      readSecret(NO_LOOKUP_ID).then(
        () => true,
        () => false,
      ),
    isWritable,
    close,
    endedAgain: isReplayed ? await endAgain({ ...writes, ...parts, db, write, log }, at) : NOTHING_ENDED,
  };
}

function createReads({ connections: { read: db }, read, readSecret }: Engine) {
  return {
    readSecret,
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
    ...createMessageReads(db, read),
    ...createBoardReads(db, read),
    ...createLeakReads(db, read),
    ...createOwnerReads(db, read),
  };
}

function createWrites(
  { connections: { write: db }, write, revokedLog, checkpoint }: Engine,
  {
    effects,
    seals,
    tidyLimits,
  }: {
    readonly effects: Effects;
    readonly seals: Seals;
    readonly tidyLimits: (now: number) => Promise<void>;
  },
) {
  const log: Pick<RevokedLog, 'note'> = revokedLog ?? NO_LOG;
  const refusals = createRefusals(db, write, effects);
  const { tidyLeaks, ...leakWrites } = createLeakWrites(db, write, effects);
  return {
    ...createTokenWrites(db, write, effects, log),
    ...createSecretWrites(db, write, effects, log, seals),
    ...createDigestWrites(db, write, seals),
    ...createOldValues(db, write, effects, log, seals),
    ...createUsage(db, write, effects),
    ...createNotices(db, write, effects),
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
      await tidyLimits(now);
      // What revocations emptied is still in the log until it is moved into the database.
      return { isLogHeld: !(await checkpoint()) };
    },
  };
}
