import { LRUCache } from 'lru-cache';
import { type Clock, MINUTE_MS } from '../../clock.ts';

const CHECKS_MAX = 10;

/** People remembered at once. */
const PEOPLE_MAX = 10_000;

/** Lets each person check ten values in any minute. In memory: a restart begins anew. */
export type CheckLimit = {
  /** Counts one more and returns 0; or for how many milliseconds they must wait where it is one too many, which is not counted. */
  take(personId: string): number;
};

/** Counts by `clock`. */
export function createCheckLimit(clock: Clock): CheckLimit {
  const taken = new LRUCache<string, readonly number[]>({ max: PEOPLE_MAX });
  return {
    take: (personId) => {
      const now = clock();
      const lately = (taken.get(personId) ?? []).filter((at) => now - at < MINUTE_MS);
      const [first] = lately;
      if (first !== undefined && lately.length >= CHECKS_MAX) return first + MINUTE_MS - now;
      taken.set(personId, [...lately, now]);
      return 0;
    },
  };
}
