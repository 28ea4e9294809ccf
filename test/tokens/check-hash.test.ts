import { describe, expect, test } from 'vitest';
import { createCheckHash } from '../../src/tokens/check-hash.ts';
import { pepperFrom } from '../../src/tokens/pepper.ts';
import type { FreshDigest, StoredHash } from '../../src/tokens/store.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { ANN, aSecret, BOB, PEPPERS, withAnotherSecret, withPrefix } from './a-token.ts';

/** The digests of these tests were made under it, and nobody holds it any more. */
const LOST = pepperFrom('a pepper that was lost, long enough');
const VALUE = TokenValue.generate('apit');

describe('the hash of a secret', () => {
  test('lets its value in, and a digest under the current pepper is stored', async () => {
    const { check, written } = aDesk();

    expect(await check(VALUE)).toBe('right');

    const secret = lostSecret(VALUE);
    expect(written).toEqual([
      {
        lookupId: VALUE.lookupId,
        replaces: secret.digest,
        digest: VALUE.digest(PEPPERS.current.key),
        pepperId: PEPPERS.current.id,
        prefix: 'apit',
      },
    ]);
  });

  test('refuses another secret with its lookup id, and nothing is stored', async () => {
    const { check, written } = aDesk();

    expect(await check(withAnotherSecret(VALUE))).toBe('wrong');

    expect(written).toEqual([]);
  });

  test('refuses its own secret behind another prefix, with no bcrypt, and nothing is stored', async () => {
    const { check, written, compared } = aDesk();

    expect(await check(withPrefix(VALUE, 'other'))).toBe('wrong');

    expect([written, compared]).toEqual([[], []]);
  });

  test('lets its secret in behind any prefix where none was kept, and that one is kept', async () => {
    const { check, written } = aDesk({ prefix: null });

    expect(await check(withAnotherSecret(VALUE))).toBe('wrong');
    expect(await check(withPrefix(VALUE, 'older'))).toBe('right');

    expect(written.map(({ prefix }) => prefix)).toEqual(['older']);
  });

  test('refuses everything once a revocation has emptied it', async () => {
    const { check, written, compared } = aDesk({ hash: undefined });

    expect(await check(VALUE)).toBe('wrong');

    expect([written, compared]).toEqual([[], []]);
  });

  test('lets its value in though the fresh digest cannot be written: it is noted for later', async () => {
    const { check, noted } = aDesk({ isReadOnly: true });

    expect(await check(VALUE)).toBe('right');

    expect(noted).toEqual([VALUE]);
  });
});

describe('bcrypt', () => {
  test('runs once for a value that is presented many times at once: all get its answer', async () => {
    const { check, compared } = aDesk();

    const outcomes = await Promise.all(Array.from({ length: 50 }, () => check(VALUE)));

    expect(new Set(outcomes)).toEqual(new Set(['right']));
    expect(compared).toHaveLength(1);
  });

  test('runs for one value of a secret at a time: no value gets the answer of another', async () => {
    const { check, compared } = aDesk();
    const wrong = withAnotherSecret(VALUE);

    const atOnce = await Promise.all([
      check(wrong),
      check(VALUE),
      check(wrong),
      check(withAnotherSecret(VALUE)),
    ]);
    const later = await check(VALUE);

    expect(atOnce).toEqual(['wrong', 'busy', 'wrong', 'busy']);
    expect(later).toBe('right');
    expect(compared).toEqual([wrong, VALUE]);
  });

  test('runs for 16 secrets at a time: the 17th is told to wait, and has its turn when one is done', async () => {
    const desk = aDesk({ isHeld: true });
    const values = Array.from({ length: 17 }, () => TokenValue.generate('apit'));

    const first = values.slice(0, 16).map((value) => desk.check(value));
    expect(await desk.check(values[16] ?? VALUE)).toBe('busy');
    desk.letGo();
    expect(await Promise.all(first)).toEqual(Array.from({ length: 16 }, () => 'right'));

    expect(await desk.check(values[16] ?? VALUE)).toBe('right');
    expect(desk.compared).toHaveLength(17);
  });

  test('runs for one owner’s values while 300 values of another’s are presented: of those 16 are checked', async () => {
    const desk = aDesk({ isHeld: true });
    const flood = Array.from({ length: 300 }, () => desk.check(TokenValue.generate('apit'), BOB));

    const checks = [desk.check(VALUE), desk.check(TokenValue.generate('apit'))];
    await expect.poll(() => desk.compared).toHaveLength(16 + 2);
    desk.letGo();

    expect(await Promise.all(checks)).toEqual(['right', 'right']);
    const outcomes = await Promise.all(flood);
    expect(outcomes).toEqual([...Array(16).fill('right'), ...Array(284).fill('busy')]);
  });

  test('that has no room at the hasher is told to wait, and remembered as nothing', async () => {
    let isFull = true;
    const { check } = aDesk({ isFull: () => isFull });

    expect(await check(VALUE)).toBe('busy');
    isFull = false;

    expect(await check(VALUE)).toBe('right');
  });

  test('runs once for a wrong value that comes again and again, while other values are still checked', async () => {
    const { check, compared } = aDesk();
    const wrong = withAnotherSecret(VALUE);

    for (let i = 0; i < 20; i++) expect(await check(wrong)).toBe('wrong');
    expect(await check(VALUE)).toBe('right');

    expect(compared).toEqual([wrong, VALUE]);
  });

  test('runs again for a wrong value after 10,000 others: what is remembered is bounded', async () => {
    const { check, compared } = aDesk();
    const wrong = withAnotherSecret(VALUE);
    await check(wrong);

    for (let i = 0; i < 9_999; i++) await check(withAnotherSecret(VALUE));
    await check(wrong);
    expect(compared).toHaveLength(10_000);
    await check(withAnotherSecret(VALUE));
    await check(wrong);

    expect(compared).toHaveLength(10_002);
  });

  test('that fails is a fault, holds no place, and is tried again', async () => {
    let isBroken = true;
    const { check } = aDesk({ isBroken: () => isBroken });

    for (let i = 0; i < 20; i++) await expect(check(VALUE)).rejects.toThrow('the worker died');
    isBroken = false;

    expect(await check(VALUE)).toBe('right');
  });
});

/** The secret of `value`, its digest made under the lost pepper. */
function lostSecret(value: TokenValue) {
  return aSecret(value, { digest: value.digest(LOST.key), pepperId: LOST.id });
}

/**
 * A check, and what it did. Its hasher takes a turn for each comparison and knows by the text whether it fits: `hash` of
 * `undefined` is a revoked secret, `isHeld` lets no comparison end before `letGo`.
 */
function aDesk(
  options: {
    prefix?: string | null;
    hash?: undefined;
    isReadOnly?: boolean;
    isHeld?: boolean;
    isBroken?: () => boolean;
    isFull?: () => boolean;
  } = {},
) {
  const { prefix = 'apit', isReadOnly = false, isHeld = false, isBroken = () => false } = options;
  const { isFull = () => false } = options;
  const written: FreshDigest[] = [];
  const noted: TokenValue[] = [];
  const compared: TokenValue[] = [];
  const gate = Promise.withResolvers<void>();
  if (!isHeld) gate.resolve();
  const hashes = new Map([[VALUE.lookupId, VALUE.secretForHash()]]);
  const checkHash = createCheckHash({
    peppers: PEPPERS,
    store: {
      readHash: async (lookupId): Promise<StoredHash | undefined> =>
        'hash' in options ? undefined : { hash: hashes.get(lookupId) ?? '', prefix },
      replaceDigests: async (fresh) => {
        if (isReadOnly) throw new Error('the database takes no writes');
        written.push(...fresh);
      },
    },
    hasher: {
      matches: async (value, hash) => {
        if (isBroken()) throw new Error('the worker died');
        if (isFull()) return undefined;
        compared.push(value);
        await gate.promise;
        return value.secretForHash() === hash;
      },
    },
    redigests: { note: (value) => void noted.push(value) },
  });
  return {
    written,
    noted,
    compared,
    letGo: () => gate.resolve(),
    check: (value: TokenValue, owner = ANN) => {
      if (!hashes.has(value.lookupId)) hashes.set(value.lookupId, value.secretForHash());
      return checkHash(value, { ...lostSecret(value), owner });
    },
  };
}
