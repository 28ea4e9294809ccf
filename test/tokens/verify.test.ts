import { describe, expect, test } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import { pepperFrom } from '../../src/tokens/pepper.ts';
import type { StoredSecret } from '../../src/tokens/store.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { verifyToken, verifyValue } from '../../src/tokens/verify.ts';
import { aSecret, PEPPER, T0 } from './a-token.ts';

const VALUE = TokenValue.generate('apit');
const OTHER_PEPPER = pepperFrom('another pepper, of 32 characters or more');
const endsAt = T0 + DAY_MS;

describe('a value', () => {
  test.for<readonly [string, Partial<StoredSecret> | undefined, number, string]>([
    ['of a live token is good', {}, T0, 'good'],
    ['that is not known is bad', undefined, T0, 'unknown'],
    ['of a revoked token is bad', { digest: null }, T0, 'revoked'],
    ['of a revoked and expired token is revoked', { digest: null, endsAt }, endsAt, 'revoked'],
    [
      'of a revoked token is bad under whatever pepper',
      { digest: null, pepperId: OTHER_PEPPER.id },
      T0,
      'revoked',
    ],
    ['whose digest is another one is bad', { digest: VALUE.digest(OTHER_PEPPER.key) }, T0, 'wrong'],
    ['that is wrong and expired is wrong', { digest: Buffer.alloc(32), endsAt }, endsAt, 'wrong'],
    ['one millisecond before its end is good', { endsAt }, endsAt - 1, 'good'],
    ['at its very end is bad', { endsAt }, endsAt, 'ended'],
    ['without an end is good for ever', { endsAt: null }, T0 + 100_000 * DAY_MS, 'good'],
    ['that is being shown is good for 60 s', { shownAt: null }, T0 + 59_999, 'good'],
    ['that was not shown within 60 s is bad', { shownAt: null }, T0 + 60_000, 'not_shown'],
    ['that was shown stays good', { shownAt: T0 + 59_999 }, T0 + DAY_MS, 'good'],
    [
      'whose digest was made under another pepper is unknowable',
      { pepperId: OTHER_PEPPER.id },
      T0,
      'unknowable',
    ],
  ])('%s', async ([, fields, now, expected]) => {
    const secret = fields === undefined ? undefined : aSecret(VALUE, fields);
    const store = { readSecret: async () => secret };

    const verdict = await verifyToken(VALUE.reveal(), { store, clock: () => now, pepper: PEPPER });

    if (expected === 'good') expect(verdict).toEqual({ kind: 'good', secret });
    else if (expected === 'unknowable') expect(verdict).toEqual({ kind: 'unknowable' });
    else if (expected === 'ended' || expected === 'revoked')
      expect(verdict).toEqual({ kind: 'bad', why: expected, secret });
    else expect(verdict).toEqual({ kind: 'bad', why: expected });
    expect(await verifyValue(VALUE, { store, clock: () => now, pepper: PEPPER })).toEqual(verdict);
  });

  test('is looked up by its lookup id alone, once', async () => {
    const asked: string[] = [];
    const store = {
      readSecret: async (lookupId: string) => {
        asked.push(lookupId);
        return aSecret(VALUE);
      },
    };

    await verifyToken(VALUE.reveal(), { store, clock: () => T0, pepper: PEPPER });

    expect(asked).toEqual([VALUE.lookupId]);
  });

  test('of another prefix with right check digits is looked up too', async () => {
    const old = TokenValue.generate('oldprefix');
    const store = { readSecret: async () => aSecret(old) };

    expect(await verifyToken(old.reveal(), { store, clock: () => T0, pepper: PEPPER })).toMatchObject({
      kind: 'good',
    });
  });

  test('with the lookup id of another value is wrong: the whole value counts', async () => {
    const store = { readSecret: async () => aSecret(TokenValue.generate('apit')) };

    expect(await verifyToken(VALUE.reveal(), { store, clock: () => T0, pepper: PEPPER })).toEqual({
      kind: 'bad',
      why: 'wrong',
    });
  });

  test('is dated after it was read: a slow read gives nobody more time', async () => {
    let now = endsAt - 1;
    const secret = aSecret(VALUE, { endsAt });
    const store = {
      readSecret: async () => {
        now = endsAt;
        return secret;
      },
    };

    expect(await verifyToken(VALUE.reveal(), { store, clock: () => now, pepper: PEPPER })).toEqual({
      kind: 'bad',
      why: 'ended',
      secret,
    });
  });
});

describe('what has not the shape and check digits of a value never reaches the store', () => {
  const store = {
    readSecret: () => {
      throw new Error('the store was read');
    },
  };
  const text = VALUE.reveal();

  test.for([
    ['nothing', ''],
    ['a cut value', text.slice(0, -1)],
    ['a value with a space', ` ${text}`],
    ['a value with a wrong last digit', `${text.slice(0, -1)}${text.endsWith('0') ? '1' : '0'}`],
    ['a value with a wrong lookup id', text.replace(VALUE.lookupId, 'AAAAAAAAAAAA')],
    ['a value with another prefix in front', `x${text}`],
    ['a token id', 'tok_0123456789abcdef'],
    ['10,000 characters', 'a'.repeat(10_000)],
  ] as const)('%s', async ([, presented]) => {
    expect(await verifyToken(presented, { store, clock: () => T0, pepper: PEPPER })).toEqual({
      kind: 'bad',
      why: 'malformed',
    });
  });
});

test('a fault of the store is thrown, never a verdict', async () => {
  const store = { readSecret: () => Promise.reject(new Error('disk gone')) };

  await expect(verifyToken(VALUE.reveal(), { store, clock: () => T0, pepper: PEPPER })).rejects.toThrow(
    'disk gone',
  );
});
