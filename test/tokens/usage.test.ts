import { describe, expect, test } from 'vitest';
import type { TokenUse } from '../../src/tokens/store.ts';
import type { TokenId } from '../../src/tokens/token.ts';
import { createUsageRecorder } from '../../src/tokens/usage.ts';

const [A, B] = ['tok_a' as TokenId, 'tok_b' as TokenId];

describe('uses are', () => {
  test('counted in memory and written together', async () => {
    const { written, store } = aStore();
    const usage = createUsageRecorder(store);

    usage.record(A, 10);
    usage.record(B, 20);
    usage.record(A, 30);
    expect(written).toEqual([]);
    await usage.flush();

    expect(written).toEqual([
      [
        { tokenId: A, lastUsedAt: 30, count: 2 },
        { tokenId: B, lastUsedAt: 20, count: 1 },
      ],
    ]);
  });

  test('dated by the latest, in whatever order they come', async () => {
    const { written, store } = aStore();
    const usage = createUsageRecorder(store);

    usage.record(A, 30);
    usage.record(A, 10);
    await usage.flush();

    expect(written).toEqual([[{ tokenId: A, lastUsedAt: 30, count: 2 }]]);
  });

  test('written once: a second flush has nothing to write', async () => {
    const { written, store } = aStore();
    const usage = createUsageRecorder(store);

    usage.record(A, 1);
    await usage.flush();
    await usage.flush();

    expect(written).toHaveLength(1);
  });

  test.for([
    ['199 tokens in one chunk', 199, [199]],
    ['200 tokens in one chunk', 200, [200]],
    ['201 tokens in two', 201, [200, 1]],
    ['1000 tokens in five', 1000, [200, 200, 200, 200, 200]],
  ] as const)('written in chunks of 200 at most: %s', async ([, tokens, sizes]) => {
    const { written, store } = aStore();
    const usage = createUsageRecorder(store);

    for (let i = 0; i < tokens; i++) usage.record(aTokenId(i), i);
    await usage.flush();

    expect(written.map((chunk) => chunk.length)).toEqual(sizes);
    expect(new Set(written.flat().map(({ tokenId }) => tokenId)).size).toBe(tokens);
  });
});

describe('uses that come while others are being written', () => {
  test('are left for the next flush, so that a flush ends under whatever load', async () => {
    const { written, store } = aStore(() => usage.record(A, 99));
    const usage = createUsageRecorder(store);

    usage.record(A, 1);
    await usage.flush();

    expect(written).toEqual([[{ tokenId: A, lastUsedAt: 1, count: 1 }]]);
    await usage.flush();
    expect(written.at(1)).toEqual([{ tokenId: A, lastUsedAt: 99, count: 1 }]);
  });

  test('of a token that still waits are written with it', async () => {
    const { written, store } = aStore((chunk) => {
      if (chunk.length === 200) usage.record(aTokenId(200), 500);
    });
    const usage = createUsageRecorder(store);

    for (let i = 0; i < 201; i++) usage.record(aTokenId(i), i);
    await usage.flush();

    expect(written.at(1)).toEqual([{ tokenId: aTokenId(200), lastUsedAt: 500, count: 2 }]);
  });
});

describe('when the store fails', () => {
  test('uses are kept, and the fault is thrown', async () => {
    const fault = new Error('busy');
    const { written, store, failNext } = aStore();
    const usage = createUsageRecorder(store);
    usage.record(A, 10);
    usage.record(A, 20);
    usage.record(B, 15);

    failNext(fault);
    await expect(usage.flush()).rejects.toBe(fault);
    usage.record(A, 5);
    await usage.flush();

    expect(written).toEqual([
      [
        { tokenId: A, lastUsedAt: 20, count: 3 },
        { tokenId: B, lastUsedAt: 15, count: 1 },
      ],
    ]);
  });

  test('what was written before is not written again', async () => {
    const { written, store, failNext } = aStore((chunk) => {
      if (chunk.length === 200) failNext(new Error('busy'));
    });
    const usage = createUsageRecorder(store);
    for (let i = 0; i < 250; i++) usage.record(aTokenId(i), i);

    await expect(usage.flush()).rejects.toThrow('busy');
    await usage.flush();

    expect(written.map((chunk) => chunk.length)).toEqual([200, 50]);
    expect(written.flat().reduce((sum, { count }) => sum + count, 0)).toBe(250);
  });

  test('uses during the failing write are counted too', async () => {
    const { written, store, failNext } = aStore();
    const usage = createUsageRecorder({
      addUses: async (uses) => {
        usage.record(A, 50);
        await store.addUses(uses);
      },
    });
    usage.record(A, 40);

    failNext(new Error('busy'));
    await expect(usage.flush()).rejects.toThrow('busy');
    await usage.flush();

    expect(written).toEqual([[{ tokenId: A, lastUsedAt: 50, count: 2 }]]);
  });
});

test('no more than 100,000 tokens are remembered; those known are still counted', async () => {
  const { written, store } = aStore();
  const usage = createUsageRecorder(store);

  for (let i = 0; i < 100_001; i++) usage.record(aTokenId(i), 1);
  usage.record(aTokenId(0), 2);
  await usage.flush();

  const uses = written.flat();
  expect(uses).toHaveLength(100_000);
  expect(uses[0]).toEqual({ tokenId: aTokenId(0), lastUsedAt: 2, count: 2 });
});

function aTokenId(number: number): TokenId {
  return `tok_${number}` as TokenId;
}

/** A store that keeps the chunks it is handed; `failNext` makes it refuse the next one. */
function aStore(whileWriting: (uses: readonly TokenUse[]) => void = () => {}) {
  const written: (readonly TokenUse[])[] = [];
  let fault: Error | undefined;
  return {
    written,
    failNext: (error: Error) => {
      fault = error;
    },
    store: {
      addUses: async (uses: readonly TokenUse[]) => {
        const failure = fault;
        fault = undefined;
        if (failure !== undefined) throw failure;
        written.push(uses);
        if (written.length > 1000) throw new Error('this never ends');
        whileWriting(uses);
      },
    },
  };
}
