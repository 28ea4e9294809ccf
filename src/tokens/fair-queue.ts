/**
 * Work that waits for its turn. `by`: whose it is. One of each has its turn after the other, so that a person with much
 * work keeps another waiting for one piece of it at most. Undefined when there is no room: nothing was done.
 */
export type FairQueue = {
  run<T>(by: string, work: () => Promise<T>): Promise<T | undefined>;
  /** How much waits. */
  waiting(): number;
};

type Waiting = { readonly start: () => void; readonly giveUp: () => void };

/**
 * A queue that does `runningMax` at a time and lets `waitingMax` wait. Where those are reached, whoever has most waiting
 * makes room: their latest work is given up for somebody who has less.
 */
export function createFairQueue(bounds: {
  readonly runningMax: number;
  readonly waitingMax: number;
}): FairQueue {
  /** In the order of whose turn it is. */
  const lanes = new Map<string, Waiting[]>();
  let running = 0;
  let waiting = 0;

  function startNext(): void {
    running -= 1;
    for (const [by, lane] of lanes) {
      // Behind everybody else, if anything is left.
      lanes.delete(by);
      const next = lane.shift();
      if (lane.length > 0) lanes.set(by, lane);
      if (next === undefined) continue;
      waiting -= 1;
      next.start();
      return;
    }
  }

  /** Whether there is room for one more of `by`, made if need be. */
  function makeRoom(by: string): boolean {
    if (waiting < bounds.waitingMax) return true;
    const [most, lane] = longestOf(lanes);
    if (lane.length <= (lanes.get(by)?.length ?? 0) + 1) return false;
    waiting -= 1;
    lane.pop()?.giveUp();
    if (lane.length === 0) lanes.delete(most);
    return true;
  }

  async function perform<T>(work: () => Promise<T>): Promise<T> {
    running += 1;
    try {
      return await work();
    } finally {
      startNext();
    }
  }

  return {
    waiting: () => waiting,
    run: async (by, work) => {
      if (running < bounds.runningMax) return perform(work);
      if (!makeRoom(by)) return undefined;
      return new Promise((resolve, reject) => {
        const lane = lanes.get(by) ?? [];
        lanes.set(by, lane);
        waiting += 1;
        lane.push({
          start: () => void perform(work).then(resolve, reject),
          giveUp: () => resolve(undefined),
        });
      });
    },
  };
}

function longestOf(lanes: ReadonlyMap<string, Waiting[]>): readonly [string, Waiting[]] {
  let longest: readonly [string, Waiting[]] = ['', []];
  for (const entry of lanes) if (entry[1].length > longest[1].length) longest = entry;
  return longest;
}
