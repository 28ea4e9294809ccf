import { type Clock, HOUR_MS, isoTime, MINUTE_MS, type SteadyClock, steadyClock } from './clock.ts';
import type { Config } from './config.ts';
import { every } from './every.ts';
import { proxiesIn } from './http/caller-address.ts';
import { createMetrics, type Metrics } from './http/metrics.ts';
import { type HttpOptions, type HttpServer, startHttp } from './http/server.ts';
import { createLeakWatch, type LeakWatch } from './leak-watch.ts';
import type { Log } from './log.ts';
import { SetupError } from './setup-error.ts';
import { StoreFault } from './store/fault.ts';
import { openStore, type Store, type StoreOptions } from './store/store.ts';
import { createCheckHash } from './tokens/check-hash.ts';
import type { Hasher } from './tokens/hasher.ts';
import type { Peppers } from './tokens/pepper.ts';
import { createRedigests, type Redigests } from './tokens/redigest.ts';
import { createUsageRecorder, type UsageRecorder } from './tokens/usage.ts';

/** A clock that is kept in step is never set back by so much. */
const BEHIND_MS_MIN = 1 * MINUTE_MS;

const SAID_EVERY_MS = 1 * HOUR_MS;

/** How a process that answers over HTTP is run, whether it speaks to Slack too or not. */
export type ServingOptions = {
  readonly config: Pick<Config, 'database' | 'peppers' | 'http'>;
  readonly machineClock: Clock;
  readonly log: Log;
  readonly hasher: Hasher;
  readonly droppedLogLines: () => number;
  /** Left out by what never speaks to Slack. */
  readonly slackConnected?: () => boolean;
  readonly store: Pick<StoreOptions, 'use' | 'presence'>;
  /** How often what was used is written: others know of it no earlier. */
  readonly flushMs: number;
};

/** What verifications, and whatever else is done with tokens, stand on. */
export type Parts = {
  readonly store: Store;
  readonly clock: SteadyClock;
  readonly peppers: Peppers;
  readonly redigests: Redigests;
  readonly checkHash: ReturnType<typeof createCheckHash>;
  readonly usage: UsageRecorder;
  readonly leaks: LeakWatch;
  readonly log: Log;
};

/** An open store, what counts and measures around it, and how it is served over HTTP. */
export type Serving = Parts & {
  readonly metrics: Metrics;
  /** Listens as the settings say. Throws a `SetupError` where it cannot. */
  listen(doors?: Pick<HttpOptions, 'slackDoor' | 'githubDoor'>): Promise<HttpServer>;
  /** Starts to write what was used, beside the chores that are given; `stop` writes it once more. */
  startChores(chores?: readonly Chore[]): { stop(): Promise<void> };
};

export type Chore = ReturnType<typeof every>;

/** Opens the store and builds all that stands on it but Slack's side. Throws a `SetupError` where the database can't be used. */
export async function openServing(options: ServingOptions): Promise<Serving> {
  const { config, machineClock, log, hasher, slackConnected } = options;
  const { peppers } = config;
  const opened = await open(options);
  const clock = steadyClock(machineClock, await opened.latestSeen());
  const metrics = createMetrics({
    ...figuresOf(opened),
    clock,
    catchUp: () => leaks.catchUp(),
    waitingHashes: () => hasher.waiting(),
    droppedLogLines: options.droppedLogLines,
    slackConnected,
  });
  const leaks = await watchLeaks(opened, clock, metrics);
  const store = leaks.watching(opened);
  const usage = createUsageRecorder(store);
  const redigests = createRedigests({ store, peppers });
  const checkHash = createCheckHash({ store, hasher, peppers, redigests });
  const parts = { store, clock, peppers, redigests, checkHash, usage, leaks, log };
  const { trustedProxies, ...http } = config.http;
  return {
    ...parts,
    metrics,
    listen: (doors = {}) =>
      listenOrSay({
        ...parts,
        ...http,
        isProxy: proxiesIn(trustedProxies),
        metrics,
        slackConnected,
        ...doors,
      }),
    startChores: (chores = []) => startChores(parts, options.flushMs, chores),
  };
}

async function open({ config, machineClock, log, store: asked }: ServingOptions): Promise<Store> {
  const { database, peppers } = config;
  try {
    const store = await openStore({
      ...database,
      pepper: peppers.current,
      peppers,
      clock: machineClock,
      ...asked,
    });
    const { tokens, values, expired } = store.endedAgain;
    if (tokens + values + expired > 0) {
      log.warn({ tokens, values, expired }, 'what had ended was live in the database, and was ended again');
    }
    return store;
  } catch (error) {
    if (error instanceof StoreFault && error.code === 'cannot_open') throw new SetupError(error.message);
    throw error;
  }
}

/** What the metrics ask the database. */
function figuresOf(store: Store) {
  return {
    countTokens: (now: number) => store.countTokens(now),
    waitingSayings: (now: number) => store.waitingSayings(now),
    isChainBroken: async () => (await store.chainAlarm()) !== undefined,
  };
}

/** The watch that counts into `metrics`, from now on. */
async function watchLeaks(store: Store, clock: Clock, metrics: Metrics): Promise<LeakWatch> {
  const since = (await store.chainHead())?.sequence ?? 0;
  return createLeakWatch({ store, clock, onFound: metrics.leakFound, onDead: metrics.leakEnded, since });
}

async function listenOrSay(options: HttpOptions): Promise<HttpServer> {
  try {
    return await startHttp(options);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    if (!/^E[A-Z]+$/.test(code)) throw error;
    throw new SetupError(
      `${options.host}:${options.port} can't be used (${code}). Set HTTP_PORT or HTTP_HOST to a free one on this machine.`,
    );
  }
}

/** What is done by itself in every process; `stop` does once more what must not be lost. */
function startChores(
  parts: Parts,
  flushMs: number,
  others: readonly Chore[],
): ReturnType<Serving['startChores']> {
  const { redigests, usage, log } = parts;
  const time = createTimeKeeping(parts);
  const chores = [
    every(flushMs, 'writing when tokens were used', () => usage.flush(), log),
    every(flushMs, 'writing digests under the current pepper', () => redigests.flush(), log),
    every(flushMs, 'keeping what time it is', time.keep, log),
    ...others,
  ];
  return {
    stop: async () => {
      await Promise.all(chores.map((chore) => chore.stop()));
      await Promise.all([usage.flush(), redigests.flush()]);
      await time.keep().catch((fault: unknown) => log.warn({ err: fault }, 'what time it is was not kept'));
    },
  };
}

/** Keeps the latest instant, so that the next start knows it, and says when the machine's clock is behind it. */
function createTimeKeeping({ store, clock, log }: Parts): { keep(): Promise<void> } {
  let saidAt = Number.NEGATIVE_INFINITY;
  return {
    keep: async () => {
      const [now, aheadMs] = [clock(), clock.aheadMs()];
      if (aheadMs >= BEHIND_MS_MIN && now - saidAt >= SAID_EVERY_MS) {
        saidAt = now;
        log.error(
          { machine: isoTime(now - aheadMs), apitoken: isoTime(now) },
          'the machine\'s clock is behind what apitoken saw before: what ended stays so. See operations.md, "A clock was wrong"',
        );
      }
      await store.keepLatest(now);
    },
  };
}
