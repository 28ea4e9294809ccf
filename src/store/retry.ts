import { setTimeout as sleep } from 'node:timers/promises';
import { isBusy, StoreFault, sqliteErrorIn } from './fault.ts';

const PAUSE_MS_MIN = 1;
const PAUSE_MS_MAX = 10;

/**
 * What `attempt` returns once no other connection is in its way. It is called at least once, then again after random pauses
 * by timers, until `deadline` (of `performance.now()`); then a `StoreFault` `busy`. Other errors come out as they are.
 */
export async function whenFree<T>(attempt: () => T, deadline: number): Promise<T> {
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (performance.now() >= deadline) {
        throw new StoreFault('busy', 'Another process kept the database locked.', sqliteErrorIn(error));
      }
    }
    await sleep(PAUSE_MS_MIN + Math.random() * (PAUSE_MS_MAX - PAUSE_MS_MIN));
  }
}
