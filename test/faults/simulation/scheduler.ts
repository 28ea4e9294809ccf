import { setTimeout as sleep } from 'node:timers/promises';

type Job = () => Promise<void>;

/** How often the app's outbox looks for what is due. */
const OUTBOX_MS = 200;

const chores = new Map<string, Job>();

const waiting = new Set<() => void>();

/** In place of the app's `every`: a chore is done when `does` says so, and not by the machine's time. */
export function every(_ms: number, what: string, job: Job): { stop(): Promise<void> } {
  chores.set(what, job);
  return {
    stop: async () => {
      if (chores.get(what) === job) chores.delete(what);
    },
  };
}

/** Does one of the app's chores now. */
export async function does(what: string): Promise<void> {
  const job = chores.get(what);
  if (job === undefined) throw new Error(`the app has no chore called ${what}`);
  await job();
}

/** In place of the app's `pause`: the outbox waits for `wakes`, everything else for the machine's time. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms !== OUTBOX_MS) {
    await sleep(ms, undefined, { signal }).catch(() => undefined);
    return;
  }
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  waiting.add(resolve);
  signal.addEventListener('abort', () => resolve(), { once: true });
  await promise;
  waiting.delete(resolve);
}

/** Whether the outbox has said all that it took. */
export function isResting(): boolean {
  return waiting.size > 0;
}

/** The outbox looks for what is due. */
export function wakes(): void {
  for (const resolve of waiting) resolve();
  waiting.clear();
}
