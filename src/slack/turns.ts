import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { SECOND_MS } from '../clock.ts';
import { every } from '../every.ts';
import type { Log } from '../log.ts';
import type { Outbox } from '../tokens/outbox.ts';

/** Does `work` when all that was asked for before under the same key is done, however that ended. */
export type TakeTurn = <T>(key: string, work: () => Promise<T>) => Promise<T>;

/** Lines up work by its key. Keys that nobody waits for are forgotten. */
export function createTurns(): TakeTurn {
  const last = new Map<string, Promise<unknown>>();

  return async (key, work) => {
    const before = last.get(key);
    // How that one went, whoever asked for it is told.
    const turn = before === undefined ? work() : before.then(work, work);
    last.set(key, turn);
    try {
      return await turn;
    } finally {
      if (last.get(key) === turn) last.delete(key);
    }
  };
}

/** Longer than any call of Slack may take; it is made longer while the work goes on. */
const LEASE_MS = 15 * SECOND_MS;

const KEEP_MS = 5 * SECOND_MS;

/** How long a turn is waited for while another process has it. */
const WAIT_MS_MAX = 30 * SECOND_MS;

const LOOK_MS = 50;

type SharedDeps = { readonly store: Pick<Outbox, 'takeLease' | 'leaveLease'>; readonly log: Log };

/**
 * Lines up work by its key, over all processes: here one after the other, and among them by a lease in the database, which ends by itself
 * where one of them died. A database that cannot be written keeps nobody from what only reads it. `what` tells the keys from others'.
 */
export function createSharedTurns(what: string, deps: SharedDeps): TakeTurn {
  const takeTurn = createTurns();
  return (key, work) => takeTurn(key, () => withLease(`${what} ${key}`, work, deps));
}

async function withLease<T>(key: string, work: () => Promise<T>, deps: SharedDeps): Promise<T> {
  const { store, log } = deps;
  const take = () => store.takeLease(key, LEASE_MS);
  for (let waited = 0; waited < WAIT_MS_MAX && !(await orElse(true, take(), deps)); waited += LOOK_MS) {
    await wait(LOOK_MS);
  }
  const keeping = every(KEEP_MS, 'keeping a turn', async () => void (await take()), log);
  try {
    return await work();
  } finally {
    await keeping.stop();
    await orElse(undefined, store.leaveLease(key), deps);
  }
}

/** Who cannot write goes without: it ends by itself. */
async function orElse<T>(otherwise: T, asked: Promise<T>, { log }: SharedDeps): Promise<T> {
  try {
    return await asked;
  } catch (fault) {
    log.warn({ err: fault }, 'what only one process does at a time is done without the database');
    return otherwise;
  }
}

/** Does `work` unless some under the same key is being done, by whatever process: then it does nothing, and is undefined. */
export type OneAtATime = <T>(key: string, work: () => Promise<T>) => Promise<T | undefined>;

/** Nothing is being done yet. Keys are kept no longer than their work takes. */
export function createOneAtATime(what: string, deps: SharedDeps): OneAtATime {
  const working = new Set<string>();

  return async (key, work) => {
    if (working.has(key)) return undefined;
    working.add(key);
    try {
      const name = `${what} ${key}`;
      return (await orElse(true, deps.store.takeLease(name, LEASE_MS), deps))
        ? await withLease(name, work, deps)
        : undefined;
    } finally {
      working.delete(key);
    }
  };
}

/** `job`, of several processes by one at a time, and by the next one no sooner than `paceMs` after it. */
export function paced(
  what: string,
  paceMs: number,
  { store, log, job }: SharedDeps & { readonly job: () => Promise<void> },
): () => Promise<void> {
  return async () => {
    if (!(await store.takeLease(what, LEASE_MS))) return;
    const keeping = every(
      KEEP_MS,
      'keeping a turn',
      async () => void (await store.takeLease(what, LEASE_MS)),
      log,
    );
    try {
      await job();
    } finally {
      await keeping.stop();
      await store.leaveLease(what, paceMs);
    }
  };
}

/**
 * Gives each who asks a turn of the event loop to begin in, in their order. Slack delivers many at once at times, and many wait for the
 * same answer: what they all do then would else be done in one turn, in which nobody's value is verified.
 */
export function createLoopTurns(): () => Promise<void> {
  let last: Promise<unknown> = Promise.resolve();
  return async () => {
    last = last.then(() => nextTurn());
    await last;
  };
}
