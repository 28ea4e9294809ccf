import { Piscina } from 'piscina';
import { createFairQueue } from './fair-queue.ts';
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
