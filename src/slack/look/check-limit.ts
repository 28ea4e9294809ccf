import { type Clock, MINUTE_MS } from '../../clock.ts';
import type { Visitors } from '../../tokens/store.ts';

const CHECKS_MAX = 10;

/** Lets each person check ten values in any minute, by whichever process. */
export type CheckLimit = {
  /** Counts one more and is 0; or for how many milliseconds they must wait where it is one too many, which is not counted. */
  take(personId: string): Promise<number>;
};

/** Counts in the database, by `clock`; `what` tells what is counted from other things. */
export function createCheckLimit(
  what: string,
  { store, clock }: { readonly store: Pick<Visitors, 'countWithin'>; readonly clock: Clock },
): CheckLimit {
  return {
    take: (personId) =>
      store.countWithin(`${what} ${personId}`, { max: CHECKS_MAX, windowMs: MINUTE_MS, now: clock() }),
  };
}
