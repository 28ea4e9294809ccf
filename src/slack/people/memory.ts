import { LRUCache } from 'lru-cache';
import type { Clock } from '../../clock.ts';

/** Facts by id, each asked for at most once while it is fresh, however many wait for it. A failure is not remembered. */
export type Memory<T> = {
  find(id: string): Promise<T>;
  /**
   * The fact as it is now: by a call that begins after this one. A call under way is waited for and not shared, its answer may
   * be older; those who wait for it together share the next. So there is never more than one call of `findAnew` about an id.
   */
  findAnew(id: string): Promise<T>;
  forget(id: string): void;
  forgetAll(): void;
};

/** A memory of at most `sizeMax` facts, those longest not asked for dropped first, each good for less than `ageMsMax`. */
export function createMemory<T>(options: {
  readonly clock: Clock;
  readonly ageMsMax: number;
  readonly sizeMax: number;
  readonly ask: (id: string) => Promise<T>;
}): Memory<T> {
  const { clock, ageMsMax, sizeMax, ask } = options;
  const facts = new LRUCache<string, Promise<T>>({ max: sizeMax, ...goodFor(ageMsMax, clock) });
  /** The latest call that was begun about each id, while it goes on. */
  const underWay = new Map<string, Promise<unknown>>();
  /** What waits for that one. */
  const next = new Map<string, Promise<T>>();

  function remember(id: string): Promise<T> {
    const fact = ask(id);
    facts.set(id, fact);
    const ended = fact
      .catch(() => {
        if (facts.peek(id) === fact) facts.delete(id);
      })
      .then(() => {
        if (underWay.get(id) === ended) underWay.delete(id);
      });
    underWay.set(id, ended);
    return fact;
  }

  function findAnew(id: string): Promise<T> {
    const before = underWay.get(id);
    if (before === undefined) return remember(id);
    const waiting = next.get(id);
    if (waiting !== undefined) return waiting;
    const fresh = before.then(() => {
      next.delete(id);
      return remember(id);
    });
    next.set(id, fresh);
    return fresh;
  }

  return {
    find: (id) => facts.get(id) ?? remember(id),
    findAnew,
    forget: (id) => facts.delete(id),
    forgetAll: () => facts.clear(),
  };
}

/** The options of a cache whose entries are gone by our clock once they are `ageMs` old: of itself it keeps them so long and 1 ms. */
export function goodFor(ageMs: number, clock: Clock) {
  return { ttl: ageMs - 1, ttlResolution: 0, perf: { now: clock } } as const;
}
