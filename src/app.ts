import { availableParallelism } from 'node:os';
import { createChainWatch } from './chain-watch.ts';
import {
  type Clock,
  HOUR_MS,
  isoTime,
  MINUTE_MS,
  SECOND_MS,
  type SteadyClock,
  steadyClock,
  systemClock,
} from './clock.ts';
import { type Config, parseConfig } from './config.ts';
import { every } from './every.ts';
import { proxiesIn } from './http/caller-address.ts';
import { createMetrics, type Metrics } from './http/metrics.ts';
import { type HttpOptions, type HttpServer, startHttp } from './http/server.ts';
import { createLeakWatch, type LeakWatch } from './leak-watch.ts';
import { createLog, type Log } from './log.ts';
import { SetupError } from './setup-error.ts';
import { connectSlack } from './slack/connect.ts';
import { StoreFault } from './store/fault.ts';
import { openStore, type Store } from './store/store.ts';
import { createCheckHash } from './tokens/check-hash.ts';
import { type Hasher, startHasher } from './tokens/hasher.ts';
import type { Peppers } from './tokens/pepper.ts';
import { createRedigests, type Redigests } from './tokens/redigest.ts';
import { createUsageRecorder, type UsageRecorder } from './tokens/usage.ts';

/** Figures are to be told within 10 s. */
const FLUSH_MS = 8 * SECOND_MS;

const TIDY_MS = 1 * MINUTE_MS;

/** A clock that is kept in step is never set back by so much. */
const BEHIND_MS_MIN = 1 * MINUTE_MS;

const SAID_EVERY_MS = 1 * HOUR_MS;

/** One core is left to everything else. */
const HASHER_THREADS = Math.min(4, Math.max(1, availableParallelism() - 1));

/** The app while it runs. */
export type RunningApp = {
  /** Where it listens, also when the settings said "any free one". */
  readonly port: number;
  isConnectedToSlack(): boolean;
  /** How many deliveries of Slack are in work: acknowledged or not, and not all that they lead to is done. */
  inWork(): number;
  /** Rejects when Slack shows that the app cannot work as it is set up. */
  readonly ended: Promise<void>;
  /** Refuses new work, finishes what is in work (no longer than the settings say) and leaves everything closed. */
  stop(): Promise<void>;
};

/** Builds and starts all of it: the store is open and HTTP listens when this resolves; Slack is still being connected. */
export async function startApp(
  config: Config,
  {
    clock: machineClock = systemClock,
    log,
    droppedLogLines = () => 0,
    hasher = startHasher(HASHER_THREADS),
  }: { clock?: Clock; log: Log; droppedLogLines?: () => number; hasher?: Hasher },
): Promise<RunningApp> {
  const { peppers, prefix, policy, roles, leavers } = config;
  const opened = await openForApp(config, machineClock, log);
  const clock = steadyClock(machineClock, await opened.latestSeen());
  const slackConnected = () => slack.isConnected();
  const metrics = createMetrics({
    ...figuresOf(opened),
    clock,
    catchUp: () => leaks.catchUp(),
    waitingHashes: () => hasher.waiting(),
    slackConnected,
    droppedLogLines,
  });
  const leaks = await watchLeaks(opened, clock, metrics);
  const store = leaks.watching(opened);
  const usage = createUsageRecorder(store);
  const redigests = createRedigests({ store, peppers });
  const checkHash = createCheckHash({ store, hasher, peppers, redigests });
  const verifying = { store, clock, peppers, redigests, checkHash, usage, leaks, log };
  const onAck = metrics.acked;
  const slack = connectSlack({
    ...verifying,
    ...config.slack,
    machineClock,
    hasher,
    prefix,
    policy,
    roles,
    leavers,
    onAck,
  });
  const { host, port, trustedProxies, publicUrl } = config.http;
  const isProxy = proxiesIn(trustedProxies);
  const http = await listenOrSay({
    ...verifying,
    host,
    port,
    isProxy,
    publicUrl,
    metrics,
    slackConnected,
    slackDoor: slack.door,
  });
  const chores = startChores(verifying);

  let stopping: Promise<void> | undefined;

  async function stop(): Promise<void> {
    http.drain();
    await slack.drain(config.drainMs);
    await slack.stop();
    await http.stop();
    await chores.stop();
    await hasher.stop();
    await store.close();
  }

  return {
    port: http.port,
    isConnectedToSlack: slackConnected,
    inWork: slack.inWork,
    ended: slack.ended,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
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

type ChoreDeps = {
  readonly store: Store;
  readonly clock: SteadyClock;
  readonly peppers: Peppers;
  readonly redigests: Redigests;
  readonly usage: UsageRecorder;
  readonly log: Log;
};

/** What is done by itself while the app runs; `stop` does once more what must not be lost. */
function startChores(deps: ChoreDeps): { stop(): Promise<void> } {
  const { redigests, usage, log } = deps;
  const chain = createChainWatch(deps);
  const look = () => chain.look();
  const time = createTimeKeeping(deps);
  look().catch((fault: unknown) => log.error({ err: fault }, 'the audit chain could not be looked at'));
  const chores = [
    every(FLUSH_MS, 'writing when tokens were used', () => usage.flush(), log),
    every(FLUSH_MS, 'writing digests under the current pepper', () => redigests.flush(), log),
    every(FLUSH_MS, 'looking after the audit chain', look, log),
    every(FLUSH_MS, 'keeping what time it is', time.keep, log),
    every(TIDY_MS, 'tidying the database', () => tidyDatabase(deps), log),
  ];
  return {
    stop: async () => {
      await Promise.all(chores.map((chore) => chore.stop()));
      await Promise.all([usage.flush(), redigests.flush()]);
      await time.keep().catch((fault: unknown) => log.warn({ err: fault }, 'what time it is was not kept'));
      await chain
        .tellHead()
        .catch((fault: unknown) => log.warn({ err: fault }, 'the head of the audit chain is not told'));
    },
  };
}

/** Drops what is over, and says when somebody keeps the write-ahead log from being emptied. */
export async function tidyDatabase({
  store,
  clock,
  log,
}: Pick<ChoreDeps, 'store' | 'log'> & { readonly clock: Clock }): Promise<void> {
  const { isLogHeld } = await store.tidy(clock());
  if (isLogHeld) {
    log.warn(
      'another process reads the database and keeps its -wal from being emptied: it grows, and digests of revoked values stay in it. End that read',
    );
  }
}

/** Keeps the latest instant, so that the next start knows it, and says when the machine's clock is behind it. */
function createTimeKeeping({ store, clock, log }: ChoreDeps): { keep(): Promise<void> } {
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

/** The same from settings by their names, logging to `stream`: for a process that is not the product, as the sandbox. */
export async function startAppFrom(
  settings: Readonly<Record<string, string>>,
  stream: { write(line: string): void },
): Promise<RunningApp> {
  const config = parseConfig(settings);
  return startApp(config, { log: createLog({ level: config.logLevel, stream }) });
}

async function openForApp({ databaseUrl, peppers }: Config, clock: Clock, log: Log): Promise<Store> {
  try {
    const store = await openStore({ url: databaseUrl, pepper: peppers.current, forApp: 'forApp', clock });
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
