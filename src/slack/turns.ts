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

/** Does `work` unless some under the same key is being done: then it does nothing, and is undefined. */
export type OneAtATime = <T>(key: string, work: () => Promise<T>) => Promise<T> | undefined;

/** Nothing is being done yet. Keys are kept no longer than their work takes. */
export function createOneAtATime(): OneAtATime {
  const working = new Set<string>();

  return (key, work) => {
    if (working.has(key)) return undefined;
    working.add(key);
    return work().finally(() => working.delete(key));
  };
}
