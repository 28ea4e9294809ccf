import { type Clock, MINUTE_MS } from '../../clock.ts';
import { setBounded } from '../people/memory.ts';

const CHECKS_MAX = 10;

/** People remembered at once. */
const PEOPLE_MAX = 10_000;

/** Lets each person check ten values in any minute. In memory: a restart begins anew. */
export type CheckLimit = {
  /** Counts one more. False when it is one too many, which is not counted. */
  take(personId: string): boolean;
};

/** The limit, with nothing counted yet. */
export function createCheckLimit(clock: Clock): CheckLimit {
  const taken = new Map<string, readonly number[]>();
  return {
    take: (personId) => {
      const now = clock();
      const lately = (taken.get(personId) ?? []).filter((at) => now - at < MINUTE_MS);
      if (lately.length >= CHECKS_MAX) return false;
      setBounded(taken, personId, [...lately, now], PEOPLE_MAX);
      return true;
    },
  };
}
