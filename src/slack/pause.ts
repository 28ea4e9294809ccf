import { setTimeout as sleep } from 'node:timers/promises';

/** Waits `ms`, or until `signal` aborts if that is sooner. Never throws. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // Nothing but the abort can end it early.
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
