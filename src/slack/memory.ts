import type { Clock } from '../clock.ts';
import { setBounded } from './bounded-map.ts';

/** Facts by id, each asked for at most once while it is fresh, however many wait for it. A failure is not remembered. */
export type Memory<T> = {
  find(id: string): Promise<T>;
  forget(id: string): void;
  forgetAll(): void;
};

/** A memory of at most `sizeMax` facts, the oldest dropped first, each good for `ageMsMax`. */
export function createMemory<T>(options: {
  readonly clock: Clock;
  readonly ageMsMax: number;
  readonly sizeMax: number;
  readonly ask: (id: string) => Promise<T>;
}): Memory<T> {
  const { clock, ageMsMax, sizeMax, ask } = options;
  const facts = new Map<string, { readonly at: number; readonly fact: Promise<T> }>();

  function remember(id: string): Promise<T> {
    const fact = ask(id);
    setBounded(facts, id, { at: clock(), fact }, sizeMax);
    fact.catch(() => {
      if (facts.get(id)?.fact === fact) facts.delete(id);
    });
    return fact;
  }

  return {
    find: (id) => {
      const known = facts.get(id);
      return known !== undefined && clock() - known.at < ageMsMax ? known.fact : remember(id);
    },
    forget: (id) => facts.delete(id),
    forgetAll: () => facts.clear(),
  };
}
