import { availableParallelism } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createChainWatch } from './chain-watch.ts';
import { type Clock, MINUTE_MS, SECOND_MS, systemClock } from './clock.ts';
import { type Config, parseConfig } from './config.ts';
import { every } from './every.ts';
import { createGithubDoor } from './http/github.ts';
import { createGithubKeys } from './http/github-keys.ts';
import { createLog, type Log } from './log.ts';
import { type Chore, openServing, type Serving } from './serving.ts';
import type { Slack } from './slack/connect.ts';
import type { Store } from './store/store.ts';
import { type Hasher, startHasher } from './tokens/hasher.ts';

/** Figures are to be told within 10 s. */
const FLUSH_MS = 8 * SECOND_MS;

const TIDY_MS = 1 * MINUTE_MS;

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
  /** From now on `/readyz` says that it is about to end. Everything else goes on. */
  announceStop(): void;
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
  const slackConnected = () => slack.isConnected();
  const serving = await openServing({
    ...{ config, machineClock, log, hasher, droppedLogLines, slackConnected },
    store: { use: 'app' },
    flushMs: FLUSH_MS,
  });
  const listening = Promise.withResolvers<void>();
  const bring = () => bringSlack(config, { ...serving, machineClock, hasher });
  // Where Slack posts to us, its door is one of the server's.
  const slack = config.slack.mode.kind === 'http' ? await bring() : lateSlack(listening.promise.then(bring));
  const http = await serving.listen({ slackDoor: slack.door, githubDoor: githubDoorOf(config, serving) });
  nextTurn().then(listening.resolve);
  const chain = createChainWatch(serving);
  const chores = serving.startChores(choresOf(serving, chain));

  let stopping: Promise<void> | undefined;

  async function stop(): Promise<void> {
    http.drain();
    await slack.drain(config.stopping.drainMs);
    await slack.stop();
    await http.stop();
    await chores.stop();
    await chain
      .tellHead()
      .catch((fault: unknown) => log.warn({ err: fault }, 'the head of the audit chain is not told'));
    await hasher.stop();
    await serving.store.close();
  }

  return {
    port: http.port,
    isConnectedToSlack: slackConnected,
    inWork: slack.inWork,
    ended: slack.ended,
    announceStop: http.announceStop,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}

/** Slack's side, from when it is loaded: that alone takes 200 ms, in which nothing else is done. */
async function bringSlack(
  { prefix, policy, roles, leavers, guard, slack }: Config,
  parts: Serving & { readonly machineClock: Clock; readonly hasher: Hasher },
): Promise<Slack> {
  const { connectSlack } = await import('./slack/connect.ts');
  return connectSlack({
    ...parts,
    ...slack,
    ...{ prefix, policy, roles, leavers, guard },
    onAck: parts.metrics.acked,
  });
}

/** Slack's side while it is still on its way: values are verified without it. */
function lateSlack(coming: Promise<Slack>): Slack {
  let slack: Slack | undefined;
  const there = coming.then((come) => {
    slack = come;
    return come;
  });
  return {
    door: undefined,
    isConnected: () => slack?.isConnected() ?? false,
    inWork: () => slack?.inWork() ?? 0,
    ended: there.then(({ ended }) => ended),
    drain: async (msMax) => (await there).drain(msMax),
    stop: async () => (await there).stop(),
  };
}

function githubDoorOf({ githubKeysUrl: url }: Config, serving: Serving) {
  return url === undefined
    ? undefined
    : createGithubDoor({ ...serving, keys: createGithubKeys({ ...serving, url }) });
}

/** What only the app does by itself while it runs. */
function choresOf(serving: Serving, chain: ReturnType<typeof createChainWatch>): Chore[] {
  const { log } = serving;
  const look = () => chain.look();
  look().catch((fault: unknown) => log.error({ err: fault }, 'the audit chain could not be looked at'));
  return [
    every(FLUSH_MS, 'looking after the audit chain', look, log),
    every(TIDY_MS, 'tidying the database', () => tidyDatabase(serving), log),
  ];
}

/** Drops what is over, and says when somebody keeps the write-ahead log from being emptied. */
export async function tidyDatabase(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}): Promise<void> {
  const { isLogHeld } = await deps.store.tidy(deps.clock());
  if (isLogHeld) {
    deps.log.warn(
      'another process reads the database and keeps its -wal from being emptied: it grows, and digests of revoked values stay in it. End that read',
    );
  }
}

/** The same from settings by their names, logging to `stream`: for a process that is not the product, as the sandbox. */
export async function startAppFrom(
  settings: Readonly<Record<string, string>>,
  stream: { write(line: string): void },
): Promise<RunningApp> {
  const config = parseConfig(settings);
  return startApp(config, { log: createLog({ level: config.logLevel, stream }) });
}
