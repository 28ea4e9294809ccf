import { Piscina } from 'piscina';
import type { TokenValue } from './token-value.ts';

/** bcrypt's work factor: about 70 ms a hash. */
export const BCRYPT_COST = 10;
/** Hashes that may wait: with two workers the last of them waits about 9 s. */
const QUEUE_MAX = 256;
const IDLE_MS_MAX = 30_000;

/** Makes the verifier of record, outside the main thread: bcryptjs would stop it for the length of each hash. */
export type Hasher = {
  /** The bcrypt hash of the value's secret. Throws when more than 256 are waiting. */
  hash(value: TokenValue): Promise<string>;
  /** How many values wait for a worker. */
  waiting(): number;
  stop(): Promise<void>;
};

/** A hasher with `threads` workers, started when first needed. */
export function startHasher(threads: number): Hasher {
  const pool = new Piscina<{ secret: string; cost: number }, string>({
    filename: new URL('./hasher-worker.ts', import.meta.url).href,
    name: 'hashSecret',
    minThreads: 0,
    maxThreads: threads,
    maxQueue: QUEUE_MAX,
    idleTimeout: IDLE_MS_MAX,
  });
  return {
    hash: (value) => pool.run({ secret: value.secretForHash(), cost: BCRYPT_COST }),
    waiting: () => pool.queueSize,
    stop: () => pool.destroy(),
  };
}
