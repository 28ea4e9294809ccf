import { setTimeout as sleep } from 'node:timers/promises';

/** Waits `ms`, or until `signal` aborts if that is sooner. Never throws. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // Nothing but the abort can end it early.
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

/** What `work` comes to, or undefined when that takes longer than `ms`: it goes on then, and is no longer waited for. */
export async function within<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  const waiting = new AbortController();
  try {
    return await Promise.race([work, pause(ms, waiting.signal).then(() => undefined)]);
  } finally {
    waiting.abort();
  }
}
