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
