import { Piscina } from 'piscina';
import type { TokenValue } from './token-value.ts';

/** bcrypt's work factor: about 70 ms a hash. */
export const BCRYPT_COST = 10;

/** Hashes that may wait: with two workers the last of them waits about 9 s. */
const HASHES_WAITING_MAX = 256;

/** Values that may wait to be matched: callers wait for them, with two workers the last about 2 s. */
const MATCHES_WAITING_MAX = 64;

const IDLE_MS_MAX = 30_000;

/** The verifier of record, outside the main thread: bcryptjs would stop it for the length of each hash. */
export type Hasher = {
  /**
   * The bcrypt hash of the value's secret, made for the person `by`: people have their turns one after the other, however many
   * of one wait. Undefined when more than 256 are waiting; room is made at the cost of whoever has most of them.
   */
  hash(value: TokenValue, by: string): Promise<string | undefined>;
  /**
   * Whether `hash` was made of the value's secret; says nothing of its prefix. `by`: whose token it is. Undefined when more than
   * 64 are waiting, as above.
   */
  matches(value: TokenValue, hash: string, by: string): Promise<boolean | undefined>;
  /** How many values wait for a worker. */
  waiting(): number;
  stop(): Promise<void>;
};

/**
 * A hasher with `threads` workers for making hashes and as many for matching them, started when first needed: many new values
 * do not keep verifications waiting, nor the other way round.
 */
export function startHasher(threads: number): Hasher {
  const hashing = startPool<{ secret: string; cost: number }, string>('hashSecret', threads);
  const hashes = createFairQueue({ runningMax: threads, waitingMax: HASHES_WAITING_MAX });
  const matches = createFairQueue({ runningMax: threads, waitingMax: MATCHES_WAITING_MAX });
  const matching = startPool<{ secret: string; hash: string }, boolean>('matchSecret', threads);
  return {
    hash: (value, by) =>
      hashes.run(by, () => hashing.run({ secret: value.secretForHash(), cost: BCRYPT_COST })),
    matches: (value, hash, by) =>
      matches.run(by, () => matching.run({ secret: value.secretForHash(), hash })),
    waiting: () => hashes.waiting() + matches.waiting(),
    stop: async () => {
      await Promise.all([hashing.destroy(), matching.destroy()]);
    },
  };
}

function startPool<Task, Outcome>(name: string, threads: number): Piscina<Task, Outcome> {
  return new Piscina<Task, Outcome>({
    filename: new URL('./hasher-worker.ts', import.meta.url).href,
    name,
    minThreads: 0,
    maxThreads: threads,
    idleTimeout: IDLE_MS_MAX,
  });
}

/**
 * Work that waits for its turn. `by`: whose it is. One of each has its turn after the other, so that a person with much
 * work keeps another waiting for one piece of it at most. Undefined when there is no room: nothing was done.
 */
export type FairQueue = {
  run<T>(by: string, work: () => Promise<T>): Promise<T | undefined>;
  /** How much waits. */
  waiting(): number;
};

type Waiting = { readonly start: () => void; readonly giveUp: () => void };

/**
 * A queue that does `runningMax` at a time and lets `waitingMax` wait. Where those are reached, whoever has most waiting
 * makes room: their latest work is given up for somebody who has less.
 */
function createFairQueue(bounds: { readonly runningMax: number; readonly waitingMax: number }): FairQueue {
  /** In the order of whose turn it is. */
  const lanes = new Map<string, Waiting[]>();
  let running = 0;
  let waiting = 0;

  function startNext(): void {
    running -= 1;
    for (const [by, lane] of lanes) {
      // Behind everybody else, if anything is left.
      lanes.delete(by);
      const next = lane.shift();
      if (lane.length > 0) lanes.set(by, lane);
      if (next === undefined) continue;
      waiting -= 1;
      next.start();
      return;
    }
  }

  /** Whether there is room for one more of `by`, made if need be. */
  function makeRoom(by: string): boolean {
    if (waiting < bounds.waitingMax) return true;
    const longest = longestOf(lanes.values());
    if (longest.length <= (lanes.get(by)?.length ?? 0) + 1) return false;
    waiting -= 1;
    longest.pop()?.giveUp();
    return true;
  }

  async function perform<T>(work: () => Promise<T>): Promise<T> {
    running += 1;
    try {
      return await work();
    } finally {
      startNext();
    }
  }

  return {
    waiting: () => waiting,
    run: async (by, work) => {
      if (running < bounds.runningMax) return perform(work);
      if (!makeRoom(by)) return undefined;
      return new Promise((resolve, reject) => {
        const lane = lanes.get(by) ?? [];
        lanes.set(by, lane);
        waiting += 1;
        lane.push({
          start: () => void perform(work).then(resolve, reject),
          giveUp: () => resolve(undefined),
        });
      });
    },
  };
}

function longestOf(lanes: Iterable<Waiting[]>): Waiting[] {
  let longest: Waiting[] = [];
  for (const lane of lanes) if (lane.length > longest.length) longest = lane;
  return longest;
}
