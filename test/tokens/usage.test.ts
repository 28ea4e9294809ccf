import { describe, expect, test } from 'vitest';
import type { SecretUse } from '../../src/tokens/store.ts';
import type { TokenId } from '../../src/tokens/token.ts';
import { createUsageRecorder } from '../../src/tokens/usage.ts';

const [A, B] = [aSecretOf(1), aSecretOf(2)];
const HERE = '192.0.2.1';

describe('uses are', () => {
  test('counted in memory and written together', async () => {
    const { written, store } = aStore();
    const usage = createUsageRecorder(store);

    usage.used(A, 10, HERE);
    usage.used(B, 20, HERE);
    usage.used(A, 30, HERE);
    expect(written).toEqual([]);
    await usage.flush();

    expect(written).toEqual([
      [aUse(A, { lastUsedAt: 30, useCount: 2 }), aUse(B, { lastUsedAt: 20, useCount: 1 })],
    ]);
  });

  test('dated by the latest, in whatever order they come', async () => {
    const { written, store } = aStore();
    const usage = createUsageRecorder(store);

    usage.used(A, 30, HERE);
    usage.used(A, 10, HERE);
    await usage.flush();

    expect(written).toEqual([[aUse(A, { lastUsedAt: 30, useCount: 2 })]]);
  });

  test('counted apart for the old and the new value of one token', async () => {
    const { written, store } = aStore();
    const usage = createUsageRecorder(store);
    const fresh = { ...A, lookupId: 'fresh' };

    usage.used(A, 10, HERE);
    usage.used(fresh, 20, HERE);
    await usage.flush();

    expect(written).toEqual([
      [aUse(A, { lastUsedAt: 10, useCount: 1 }), aUse(fresh, { lastUsedAt: 20, useCount: 1 })],
    ]);
  });

  test('written once: a second flush has nothing to write', async () => {
    const { written, store } = aStore();
    const usage = createUsageRecorder(store);

    usage.used(A, 1, HERE);
    await usage.flush();
    await usage.flush();

    expect(written).toHaveLength(1);
  });

  test('one write for 100,000 of one value, from 100,000 addresses', async () => {
    const { written, store } = aStore();
    const usage = createUsageRecorder(store);

    for (let at = 1; at <= 100_000; at++) usage.used(A, at, `2001:db8::${at.toString(16)}`);
    await usage.flush();

    const addresses = [0, 1, 2, 3, 4].map((before) => `2001:db8::${(100_000 - before).toString(16)}`);
    expect(written).toEqual([[aUse(A, { lastUsedAt: 100_000, useCount: 100_000, addresses })]]);
  });

  test.for([
    ['199 secrets in one chunk', 199, [199]],
    ['200 secrets in one chunk', 200, [200]],
    ['201 secrets in two', 201, [200, 1]],
    ['1000 secrets in five', 1000, [200, 200, 200, 200, 200]],
  ] as const)('written in chunks of 200 at most: %s', async ([, secrets, sizes]) => {
    const { written, store } = aStore();
    const usage = createUsageRecorder(store);

    for (let i = 0; i < secrets; i++) usage.used(aSecretOf(i), i, HERE);
    await usage.flush();

    expect(written.map((chunk) => chunk.length)).toEqual(sizes);
    expect(new Set(written.flat().map(({ tokenId }) => tokenId)).size).toBe(secrets);
  });
});

describe('refusals are', () => {
  test('counted beside the uses, each with the latest of its own', async () => {
    const { written, store } = aStore();
    const usage = createUsageRecorder(store);

    usage.used(A, 10, HERE);
    usage.refused(A, 40, HERE);
    usage.used(A, 20, HERE);
    usage.refused(A, 30, HERE);
    await usage.flush();

    expect(written).toEqual([[aUse(A, { lastUsedAt: 20, useCount: 2, lastRefusedAt: 40, refusedCount: 2 })]]);
  });

  test('no uses: a value that was only refused was never used', async () => {
    const { written, store } = aStore();
    const usage = createUsageRecorder(store);

    usage.refused(A, 40, HERE);
    await usage.flush();

    expect(written).toEqual([[aUse(A, { lastRefusedAt: 40, refusedCount: 1 })]]);
  });
});

test('tries with a revoked value are counted apart from uses and refusals, without an address', async () => {
  const { written, store } = aStore();
  const usage = createUsageRecorder(store);

  usage.tried(A, 40);
  usage.tried(A, 30);
  usage.used(B, 10, HERE);
  usage.tried(B, 50);
  await usage.flush();

  expect(written).toEqual([
    [
      aUse(A, { triedCount: 2, lastTriedAt: 40, addresses: [] }),
      aUse(B, { lastUsedAt: 10, useCount: 1, triedCount: 1, lastTriedAt: 50 }),
    ],
  ]);
});

describe('of the addresses', () => {
  test.for<readonly [string, readonly string[], readonly string[]]>([
    ['one is one', ['a'], ['a']],
    ['the latest comes first', ['a', 'b', 'c'], ['c', 'b', 'a']],
    ['each is kept once', ['a', 'a', 'a'], ['a']],
    ['one that comes again is the latest again', ['a', 'b', 'c', 'a'], ['a', 'c', 'b']],
    ['five are kept', ['a', 'b', 'c', 'd', 'e'], ['e', 'd', 'c', 'b', 'a']],
    ['the sixth drops the first', ['a', 'b', 'c', 'd', 'e', 'f'], ['f', 'e', 'd', 'c', 'b']],
    ['a known one drops none', ['a', 'b', 'c', 'd', 'e', 'a'], ['a', 'e', 'd', 'c', 'b']],
    ['an unknown one is kept as it is', [''], ['']],
  ])('%s', async ([, presented, kept]) => {
    const { written, store } = aStore();
    const usage = createUsageRecorder(store);

    for (const [at, address] of presented.entries()) usage.used(A, at, address);
    await usage.flush();

    expect(written.flat().map(({ addresses }) => addresses)).toEqual([kept]);
  });

  test('those of refusals count too', async () => {
    const { written, store } = aStore();
    const usage = createUsageRecorder(store);

    usage.used(A, 1, 'a');
    usage.refused(A, 2, 'b');
    usage.used(A, 3, 'a');
    await usage.flush();

    expect(written.flat().map(({ addresses }) => addresses)).toEqual([['a', 'b']]);
  });
});

describe('uses that come while others are being written', () => {
  test('are left for the next flush, so that a flush ends under whatever load', async () => {
    const { written, store } = aStore(() => usage.used(A, 99, HERE));
    const usage = createUsageRecorder(store);

    usage.used(A, 1, HERE);
    await usage.flush();

    expect(written).toEqual([[aUse(A, { lastUsedAt: 1, useCount: 1 })]]);
    await usage.flush();
    expect(written.at(1)).toEqual([aUse(A, { lastUsedAt: 99, useCount: 1 })]);
  });

  test('of a value that still waits are written with it', async () => {
    const { written, store } = aStore((chunk) => {
      if (chunk.length === 200) usage.used(aSecretOf(200), 500, HERE);
    });
    const usage = createUsageRecorder(store);

    for (let i = 0; i < 201; i++) usage.used(aSecretOf(i), i, HERE);
    await usage.flush();

    expect(written.at(1)).toEqual([aUse(aSecretOf(200), { lastUsedAt: 500, useCount: 2 })]);
  });
});

describe('when the store fails', () => {
  test('uses and refusals are kept, and the fault is thrown', async () => {
    const fault = new Error('busy');
    const { written, store, failNext } = aStore();
    const usage = createUsageRecorder(store);
    usage.used(A, 10, 'a');
    usage.used(A, 20, 'b');
    usage.refused(A, 12, 'b');
    usage.tried(A, 13);
    usage.used(B, 15, HERE);

    failNext(fault);
    await expect(usage.flush()).rejects.toBe(fault);
    usage.used(A, 5, 'a');
    usage.refused(A, 22, 'a');
    usage.tried(A, 23);
    await usage.flush();

    const refusals = { lastRefusedAt: 22, refusedCount: 2, lastTriedAt: 23, triedCount: 2 };
    expect(written).toEqual([
      [
        aUse(A, { lastUsedAt: 20, useCount: 3, ...refusals, addresses: ['a', 'b'] }),
        aUse(B, { lastUsedAt: 15, useCount: 1 }),
      ],
    ]);
  });

  test('what was written before is not written again', async () => {
    const { written, store, failNext } = aStore((chunk) => {
      if (chunk.length === 200) failNext(new Error('busy'));
    });
    const usage = createUsageRecorder(store);
    for (let i = 0; i < 250; i++) usage.used(aSecretOf(i), i, HERE);

    await expect(usage.flush()).rejects.toThrow('busy');
    await usage.flush();

    expect(written.map((chunk) => chunk.length)).toEqual([200, 50]);
    expect(written.flat().reduce((sum, { useCount }) => sum + useCount, 0)).toBe(250);
  });

  test('uses during the failing write are counted too, and their addresses are the latest', async () => {
    const { written, store, failNext } = aStore();
    let isFirst = true;
    const usage = createUsageRecorder({
      addUses: async (uses) => {
        if (isFirst) {
          for (const address of ['c', 'd', 'e', 'f']) usage.used(A, 50, address);
          usage.refused(A, 51, 'f');
          usage.tried(A, 52);
        }
        isFirst = false;
        await store.addUses(uses);
      },
    });
    usage.used(A, 40, 'a');
    usage.used(A, 41, 'b');
    usage.refused(A, 42, 'b');
    usage.tried(A, 43);

    failNext(new Error('busy'));
    await expect(usage.flush()).rejects.toThrow('busy');
    await usage.flush();

    const addresses = ['f', 'e', 'd', 'c', 'b'];
    const others = { refusedCount: 2, lastRefusedAt: 51, triedCount: 2, lastTriedAt: 52 };
    expect(written).toEqual([[aUse(A, { lastUsedAt: 50, useCount: 6, ...others, addresses })]]);
  });
});

describe('no more than 100,000 secrets are remembered', () => {
  test('and those known are still counted', async () => {
    const { written, store } = aStore();
    const usage = createUsageRecorder(store);

    for (let i = 0; i < 100_001; i++) usage.used(aSecretOf(i), 1, HERE);
    usage.used(aSecretOf(0), 2, HERE);
    await usage.flush();

    const uses = written.flat();
    expect(uses).toHaveLength(100_000);
    expect(uses[0]).toEqual(aUse(aSecretOf(0), { lastUsedAt: 2, useCount: 2 }));
  });

  test('nor more after a failing write during which others came: these stay, and those known are still counted', async () => {
    const { written, store } = aStore();
    let isFirst = true;
    const usage = createUsageRecorder({
      addUses: async (uses) => {
        if (!isFirst) return store.addUses(uses);
        isFirst = false;
        usage.used(aSecretOf(0), 2, HERE);
        for (let i = 0; i < 199; i++) usage.used(aSecretOf(100_000 + i), 2, HERE);
        throw new Error('busy');
      },
    });
    for (let i = 0; i < 100_000; i++) usage.used(aSecretOf(i), 1, HERE);

    await expect(usage.flush()).rejects.toThrow('busy');
    await usage.flush();

    const uses = written.flat();
    expect(uses).toHaveLength(100_000);
    const isAt = (number: number) => uses.find(({ lookupId }) => lookupId === `lookup ${number}`);
    expect(isAt(0)).toEqual(aUse(aSecretOf(0), { lastUsedAt: 2, useCount: 2 }));
    expect([isAt(1), isAt(100_198)]).toEqual([
      undefined,
      aUse(aSecretOf(100_198), { lastUsedAt: 2, useCount: 1 }),
    ]);
  });

  test('and after a flush there is room again', async () => {
    const { written, store } = aStore();
    const usage = createUsageRecorder(store);
    for (let i = 0; i < 100_000; i++) usage.used(aSecretOf(i), 1, HERE);
    await usage.flush();

    usage.refused(aSecretOf(100_000), 7, HERE);
    await usage.flush();

    expect(written.at(-1)).toEqual([aUse(aSecretOf(100_000), { lastRefusedAt: 7, refusedCount: 1 })]);
  });
});

type Used = Pick<SecretUse, 'tokenId' | 'lookupId'>;

function aSecretOf(number: number): Used {
  return { tokenId: `tok_${number}` as TokenId, lookupId: `lookup ${number}` };
}

/** What is written of a value that was presented from `HERE`. */
function aUse(secret: Used, fields: Partial<SecretUse>): SecretUse {
  return {
    ...secret,
    useCount: 0,
    lastUsedAt: null,
    refusedCount: 0,
    lastRefusedAt: null,
    triedCount: 0,
    lastTriedAt: null,
    addresses: [HERE],
    ...fields,
  };
}

/** A store that keeps the chunks it is handed; `failNext` makes it refuse the next one. */
function aStore(whileWriting: (uses: readonly SecretUse[]) => void = () => {}) {
  const written: (readonly SecretUse[])[] = [];
  let fault: Error | undefined;
  return {
    written,
    failNext: (error: Error) => {
      fault = error;
    },
    store: {
      addUses: async (uses: readonly SecretUse[]) => {
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

test('a use is known while it is counted and while it is being written, and of no other value', async () => {
  let end: (() => void) | undefined;
  const usage = createUsageRecorder({
    addUses: () =>
      new Promise((resolve) => {
        end = resolve;
      }),
  });
  usage.refused(A, 1, HERE);
  expect(usage.isUsed(A.lookupId)).toBe(false);

  usage.used(A, 2, HERE);
  expect([usage.isUsed(A.lookupId), usage.isUsed(B.lookupId)]).toEqual([true, false]);
  const flushed = usage.flush();
  expect([usage.isUsed(A.lookupId), usage.isUsed(B.lookupId)]).toEqual([true, false]);
  end?.();
  await flushed;

  expect(usage.isUsed(A.lookupId)).toBe(false);
});
