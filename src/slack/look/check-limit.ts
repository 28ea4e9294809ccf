import { LRUCache } from 'lru-cache';
import { type Clock, MINUTE_MS } from '../../clock.ts';

const CHECKS_MAX = 10;

/** People remembered at once. */
const PEOPLE_MAX = 10_000;

/** Lets each person check ten values in any minute. In memory: a restart begins anew. */
export type CheckLimit = {
  /** Counts one more. False when it is one too many, which is not counted. */
  take(personId: string): boolean;
};

/** Counts by `clock`. */
export function createCheckLimit(clock: Clock): CheckLimit {
  const taken = new LRUCache<string, readonly number[]>({ max: PEOPLE_MAX });
  return {
    take: (personId) => {
      const now = clock();
      const lately = (taken.get(personId) ?? []).filter((at) => now - at < MINUTE_MS);
      if (lately.length >= CHECKS_MAX) return false;
      taken.set(personId, [...lately, now]);
      return true;
    },
  };
}
