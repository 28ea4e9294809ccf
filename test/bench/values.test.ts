import { describe, expect, test } from 'vitest';
import { seedDatabase } from '../../bench/seed.ts';
import {
  isRevokedAt,
  JUNK_KINDS,
  type JunkKind,
  junkAt,
  liveValues,
  PEPPER,
  revokedValues,
  valueAt,
  withWrongCheck,
} from '../../bench/values.ts';
import { openStore } from '../../src/store/store.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { verifyToken } from '../../src/tokens/verify.ts';
import { temporaryFolder } from '../fixture.ts';
import { underOnly } from '../tokens/a-token.ts';

const COUNT = 100;

test('a value for measuring has shape and check digits of a value, and is always the same one', () => {
  for (let index = 0; index < COUNT; index++) {
    expect(TokenValue.parse(valueAt(index))).toBeDefined();
    expect(valueAt(index)).toBe(valueAt(index));
  }
  expect(new Set(Array.from({ length: COUNT }, (_, index) => valueAt(index))).size).toBe(COUNT);
});

test.for([
  ['as many as asked for, spread over all', COUNT, 10, [0, 10, 20, 30, 40, 50, 60, 70, 80, 90]],
  ['fewer where there are fewer, each once', 10, 20, [0, 1, 2, 3, 4, 5, 6, 7, 8]],
] as const)('live values are %s', ([, count, wanted, indexes]) => {
  expect(liveValues(count, wanted)).toEqual(indexes.map(valueAt));
});

test('revoked values are of every tenth token', () => {
  expect(revokedValues(COUNT, 2)).toEqual([valueAt(9), valueAt(19)]);
  expect([8, 9, 10].map(isRevokedAt)).toEqual([false, true, false]);
});

describe('a seeded database', () => {
  test('gives the app itself the verdict that each value is made for', async () => {
    const url = `${temporaryFolder()}/seeded.db`;
    await seedDatabase(url, COUNT);
    const store = await openStore({ url: `file:${url}`, pepper: PEPPER });
    const verdictOf = async (text: string) => {
      const verdict = await verifyToken(text, { store, clock: Date.now, ...underOnly(PEPPER) });
      return verdict.kind === 'bad' ? verdict.why : verdict.kind;
    };
    const verdictsOf = async (texts: readonly string[]) => [
      ...new Set(await Promise.all(texts.map(verdictOf))),
    ];
    const junkOf = (kind: JunkKind) =>
      Array.from({ length: 20 }, (_, index) => junkAt(kind, index * 10, COUNT));

    const verdicts = {
      live: await verdictsOf(liveValues(COUNT, COUNT)),
      revoked: await verdictsOf(revokedValues(COUNT, COUNT)),
      'wrong check digits': await verdictsOf(liveValues(COUNT, COUNT).map(withWrongCheck)),
    };
    const junk = await Promise.all(JUNK_KINDS.map(async (kind) => [kind, await verdictsOf(junkOf(kind))]));
    await store.close();

    expect({ ...verdicts, ...Object.fromEntries(junk) }).toEqual({
      live: ['good'],
      revoked: ['revoked'],
      'wrong check digits': ['malformed'],
      'bad shape': ['malformed'],
      'bad check digits': ['malformed'],
      'unknown lookup': ['unknown'],
      'wrong secret': ['wrong'],
    });
  });
});
