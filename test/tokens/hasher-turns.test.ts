import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { startHasher } from '../../src/tokens/hasher.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';

type Task = { readonly task: unknown; readonly done: (outcome: unknown) => void; readonly fail: () => void };

/** What the hasher asks of its workers: here nothing is done until the test says so. */
const { pools } = vi.hoisted(() => ({
  pools: [] as { options: { name?: string }; tasks: Task[]; isStopped: boolean }[],
}));

vi.mock('piscina', () => ({
  Piscina: class {
    readonly pool;
    constructor(options: object) {
      this.pool = { options, tasks: [] as Task[], isStopped: false };
      pools.push(this.pool);
    }
    run(task: unknown) {
      return new Promise((done, reject) => {
        this.pool.tasks.push({ task, done, fail: () => reject(new Error('the worker is gone')) });
      });
    }
    async destroy() {
      this.pool.isStopped = true;
    }
  },
}));

const VALUE = TokenValue.generate('apit');

beforeEach(() => {
  pools.length = 0;
});

describe('the workers of a hasher', () => {
  test('are as many as it was told for hashes, and as many for values, none of them before there is work', () => {
    startHasher(3);

    const options = {
      filename: expect.stringMatching(/^file:.*\/src\/tokens\/hasher-worker\.ts$/),
      minThreads: 0,
      maxThreads: 3,
      idleTimeout: 30_000,
    };
    expect(pools.map((pool) => pool.options)).toEqual([
      { ...options, name: 'hashSecret' },
      { ...options, name: 'matchSecret' },
    ]);
  });

  test('are given the secret of a value and no more of it', async () => {
    const { hasher, hashing, matching } = aHasher();

    const hash = hasher.hash(VALUE, 'ann');
    const matches = hasher.matches(VALUE, '$2b$10$…', 'ann');
    expect(hashing.map(({ task }) => task)).toEqual([{ secret: VALUE.secretForHash(), cost: 10 }]);
    expect(matching.map(({ task }) => task)).toEqual([{ secret: VALUE.secretForHash(), hash: '$2b$10$…' }]);
    hashing[0]?.done('$2b$10$hash');
    matching[0]?.done(true);

    expect(await Promise.all([hash, matches])).toEqual(['$2b$10$hash', true]);
  });

  test('are all stopped with it', async () => {
    const { hasher } = aHasher();

    await hasher.stop();

    expect(pools.map(({ isStopped }) => isStopped)).toEqual([true, true]);
  });
});

describe('what waits', () => {
  test('waits while as many are at work as there are workers, for each of both kinds by itself', async () => {
    const { hasher, hashing, matching, ask } = aHasher(2);

    for (const by of ['ann', 'ann', 'ann', 'bob']) ask(by);
    for (const by of ['ann', 'bob', 'ann']) void hasher.matches(VALUE, '', by);

    expect([hashing.length, matching.length]).toEqual([2, 2]);
    expect(hasher.waiting()).toBe(2 + 1);
    matching[0]?.done(true);
    await nextTurn();
    expect([hashing.length, matching.length]).toEqual([2, 3]);
    expect(hasher.waiting()).toBe(2);
    for (let done = 0; done < 4; done++) {
      hashing[done]?.done('');
      await nextTurn();
    }
    expect([hashing.length, hasher.waiting()]).toEqual([4, 0]);
    ask('ann');
    ask('ann');
    ask('ann');
    expect([hashing.length, hasher.waiting()]).toEqual([6, 1]);
  });

  test('has its turn by person, one after the other', async () => {
    const { hashing, ask, order } = aHasher();

    for (const by of ['ann', 'ann', 'ann', 'ann', 'bob', 'bob', 'carol']) ask(by);
    for (let done = 0; done < 7; done++) {
      hashing[done]?.done('');
      await nextTurn();
    }

    expect(order).toEqual(['ann', 'ann', 'bob', 'carol', 'ann', 'bob', 'ann']);
  });

  test('goes on where a worker failed, and only whoever asked for that hears of it', async () => {
    const { hasher, hashing, ask, order, failed } = aHasher();

    for (const by of ['ann', 'bob', 'carol']) ask(by);
    hashing[0]?.fail();
    await nextTurn();
    hashing[1]?.fail();
    await nextTurn();
    hashing[2]?.done('');
    await nextTurn();

    expect(failed).toEqual(['ann', 'bob']);
    expect(order).toEqual(['carol']);
    expect(hasher.waiting()).toBe(0);
  });
});

describe('where no more may wait', () => {
  test.for([
    ['hashes, 256', 'hash', 256],
    ['values, 64', 'matches', 64],
  ] as const)('(%s) whoever has all of it is refused what they ask for last', async ([, kind, max]) => {
    const { hasher } = aHasher();
    const outcomes: unknown[] = [];
    const ask = () => {
      const asked = kind === 'hash' ? hasher.hash(VALUE, 'ann') : hasher.matches(VALUE, '', 'ann');
      void asked.then((outcome) => outcomes.push(outcome));
    };

    for (let count = 0; count < 1 + max; count++) ask();
    await nextTurn();
    expect([outcomes.length, hasher.waiting()]).toEqual([0, max]);
    ask();
    await nextTurn();

    expect([outcomes, hasher.waiting()]).toEqual([[undefined], max]);
  });

  test('somebody who has less has room made by the latest of whoever has most', async () => {
    const { hasher, hashing, ask, order, refused } = aHasher();
    for (let count = 0; count < 1 + 129; count++) ask('ann');
    for (let count = 0; count < 127; count++) ask('bob');

    ask('bob');
    await nextTurn();
    expect([refused, hasher.waiting()]).toEqual([['ann'], 256]);
    // Both have 128 by now.
    ask('bob');
    ask('ann');
    await nextTurn();
    expect([refused, hasher.waiting()]).toEqual([['ann', 'bob', 'ann'], 256]);
    ask('carol');
    await nextTurn();
    expect([refused, hasher.waiting()]).toEqual([['ann', 'bob', 'ann', 'ann'], 256]);

    for (let done = 0; done < 1 + 256; done++) {
      hashing[done]?.done('');
      await nextTurn();
    }
    expect(order.slice(0, 5)).toEqual(['ann', 'ann', 'bob', 'carol', 'ann']);
    expect(['ann', 'bob', 'carol'].map((by) => order.filter((one) => one === by).length)).toEqual([
      1 + 127,
      128,
      1,
    ]);
    expect(hasher.waiting()).toBe(0);
  });

  test('who would have as much as whoever has most is refused', async () => {
    const { hasher, ask, refused } = aHasher();
    ask('dave');
    for (const [by, count] of [
      ['carol', 57],
      ['ann', 100],
      ['bob', 99],
    ] as const) {
      for (let asked = 0; asked < count; asked++) ask(by);
    }

    ask('bob');
    await nextTurn();
    expect(refused).toEqual(['bob']);
    ask('carol');
    await nextTurn();

    expect(refused).toEqual(['bob', 'ann']);
    expect(hasher.waiting()).toBe(256);
  });

  test('it is the last that they asked for that is given up, and none of what came before', async () => {
    const { hasher } = aHasher();
    const refused: number[] = [];
    const ask = async (index: number) => {
      if ((await hasher.hash(VALUE, 'ann')) === undefined) refused.push(index);
    };
    for (let index = 0; index < 1 + 256; index++) void ask(index);

    void hasher.hash(VALUE, 'bob');
    await nextTurn();
    void hasher.hash(VALUE, 'carol');
    await nextTurn();

    expect(refused).toEqual([256, 255]);
  });
});

/** A hasher whose work is done when the test says so, by people: whose work was done, in that order, or refused, or failed. */
function aHasher(threads = 1) {
  const hasher = startHasher(threads);
  const [hashing, matching] = pools.map(({ tasks }) => tasks);
  if (hashing === undefined || matching === undefined) throw new Error('there are not two pools');
  const [order, refused, failed]: [string[], string[], string[]] = [[], [], []];
  const ask = (by: string) => {
    hasher.hash(VALUE, by).then(
      (hash) => (hash === undefined ? refused : order).push(by),
      () => failed.push(by),
    );
  };
  return { hasher, hashing, matching, ask, order, refused, failed };
}
