import { Piscina } from 'piscina';
import type { TokenValue } from './token-value.ts';

/** bcrypt's work factor: about 70 ms a hash. */
export const BCRYPT_COST = 10;
/** Hashes that may wait: with two workers the last of them waits about 9 s. */
const QUEUE_MAX = 256;
const IDLE_MS_MAX = 30_000;

/** The verifier of record, outside the main thread: bcryptjs would stop it for the length of each hash. */
export type Hasher = {
  /** The bcrypt hash of the value's secret. Throws when more than 256 are waiting. */
  hash(value: TokenValue): Promise<string>;
  /** Whether `hash` was made of the value's secret; says nothing of its prefix. Throws when more than 256 are waiting. */
  matches(value: TokenValue, hash: string): Promise<boolean>;
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
  const matching = startPool<{ secret: string; hash: string }, boolean>('matchSecret', threads);
  return {
    hash: (value) => hashing.run({ secret: value.secretForHash(), cost: BCRYPT_COST }),
    matches: (value, hash) => matching.run({ secret: value.secretForHash(), hash }),
    waiting: () => hashing.queueSize + matching.queueSize,
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
    maxQueue: QUEUE_MAX,
    idleTimeout: IDLE_MS_MAX,
  });
}
