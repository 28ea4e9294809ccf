import { describe, expect, test } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import { pepperFrom, peppersFrom } from '../../src/tokens/pepper.ts';
import type { StoredSecret } from '../../src/tokens/store.ts';
import type { TokenId } from '../../src/tokens/token.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { isSealed, sealOf, verifyToken, verifyValue } from '../../src/tokens/verify.ts';
import { ANN, aName, aSecret, PEPPER, sealed, T0, underOnly } from './a-token.ts';

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
  ])('%s', async ([, fields, now, expected]) => {
    const secret = fields === undefined ? undefined : aSecret(VALUE, fields);
    const store = { readSecret: async () => secret };

    const verdict = await verifyToken(VALUE.reveal(), { store, clock: () => now, ...underOnly(PEPPER) });

    if (expected === 'good') expect(verdict).toEqual({ kind: 'good', secret });
    else if (expected === 'ended' || expected === 'revoked')
      expect(verdict).toEqual({ kind: 'bad', why: expected, secret });
    else expect(verdict).toEqual({ kind: 'bad', why: expected });
    expect(await verifyValue(VALUE, { store, clock: () => now, ...underOnly(PEPPER) })).toEqual(verdict);
  });

  test('is looked up by its lookup id alone, once', async () => {
    const asked: string[] = [];
    const store = {
      readSecret: async (lookupId: string) => {
        asked.push(lookupId);
        return aSecret(VALUE);
      },
    };

    await verifyToken(VALUE.reveal(), { store, clock: () => T0, ...underOnly(PEPPER) });

    expect(asked).toEqual([VALUE.lookupId]);
  });

  test('of another prefix with right check digits is looked up too', async () => {
    const old = TokenValue.generate('oldprefix');
    const store = { readSecret: async () => aSecret(old) };

    expect(await verifyToken(old.reveal(), { store, clock: () => T0, ...underOnly(PEPPER) })).toMatchObject({
      kind: 'good',
    });
  });

  test('with the lookup id of another value is wrong: the whole value counts', async () => {
    const store = { readSecret: async () => aSecret(TokenValue.generate('apit')) };

    expect(await verifyToken(VALUE.reveal(), { store, clock: () => T0, ...underOnly(PEPPER) })).toEqual({
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

    expect(await verifyToken(VALUE.reveal(), { store, clock: () => now, ...underOnly(PEPPER) })).toEqual({
      kind: 'bad',
      why: 'ended',
      secret,
    });
  });
});

describe('a value whose digest was made under an old pepper', () => {
  const old = { digest: VALUE.digest(OTHER_PEPPER.key), pepperId: OTHER_PEPPER.id };

  test.for<readonly [string, Partial<StoredSecret>, number, string, number]>([
    ['is good, and is to be digested anew', {}, T0, 'good', 1],
    ['is bad at its end, and is to be digested anew', { endsAt }, endsAt, 'ended', 1],
    ['is bad once it is revoked', { digest: null }, T0, 'revoked', 0],
    ['is wrong when the digest is another one', { digest: VALUE.digest(PEPPER.key) }, T0, 'wrong', 0],
  ])('%s', async ([, fields, now, expected, count]) => {
    const noted: TokenValue[] = [];
    const secret = aSecret(VALUE, { ...old, ...fields }, OTHER_PEPPER);

    const verdict = await verifyToken(VALUE.reveal(), {
      ...underOnly(PEPPER),
      store: { readSecret: async () => secret },
      clock: () => now,
      peppers: peppersFrom(PEPPER, [OTHER_PEPPER]),
      redigests: { note: (value) => void noted.push(value) },
    });

    expect(verdict.kind === 'bad' ? verdict.why : verdict.kind).toBe(expected);
    expect(noted).toHaveLength(count);
  });
});

describe('a value whose digest was made under a lost pepper', () => {
  const lost = aSecret(VALUE, { pepperId: OTHER_PEPPER.id, endsAt });

  test.for<readonly [string, 'right' | 'wrong' | 'busy', StoredSecret | undefined, number, string]>([
    ['is good when its hash says so', 'right', lost, T0, 'good'],
    ['is wrong when its hash says so', 'wrong', lost, T0, 'wrong'],
    ['is neither while nobody can say', 'busy', lost, T0, 'busy'],
    ['is bad when it was revoked during the check', 'right', { ...lost, digest: null }, T0, 'revoked'],
    ['is bad when it ended during the check', 'right', { ...lost, endsAt: T0 }, T0, 'ended'],
    ['is bad at its end', 'right', lost, endsAt, 'ended'],
    ['is bad when it was withdrawn during the check', 'right', undefined, T0, 'unknown'],
    ['that was wrong is revoked when it was revoked', 'wrong', { ...lost, digest: null }, T0, 'revoked'],
  ])('%s', async ([, outcome, after, now, expected]) => {
    let secret: StoredSecret | undefined = lost;

    const verdict = await verifyToken(VALUE.reveal(), {
      ...underOnly(PEPPER),
      store: { readSecret: async () => secret },
      clock: () => now,
      checkHash: async () => {
        secret = after;
        return outcome;
      },
    });

    expect(verdict.kind === 'bad' ? verdict.why : verdict.kind).toBe(expected);
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
    expect(await verifyToken(presented, { store, clock: () => T0, ...underOnly(PEPPER) })).toEqual({
      kind: 'bad',
      why: 'malformed',
    });
  });
});

test('a fault of the store is thrown, never a verdict', async () => {
  const store = { readSecret: () => Promise.reject(new Error('disk gone')) };

  await expect(verifyToken(VALUE.reveal(), { store, clock: () => T0, ...underOnly(PEPPER) })).rejects.toThrow(
    'disk gone',
  );
});

describe('the seal of a secret', () => {
  const pepper = pepperFrom('0123456789abcdef0123456789abcdef');
  const digest = Buffer.alloc(32, 7);
  const fixed = {
    lookupId: 'AbCdEf012345',
    tokenId: 'tok_0123456789abcdef' as TokenId,
    owner: ANN,
    name: aName('déploy 🚀'),
    scopes: ['read', 'write'],
    createdAt: T0,
    shownAt: T0 + 1,
    endsAt: T0 + 90 * DAY_MS,
    generation: 2,
  };

  // Made with Python's hmac, from the derivation of the key on.
  test.for<readonly [string, Partial<StoredSecret>, string]>([
    ['', {}, 'cd8c230f593d4a1f4e1e128a6debaa2f5891813fd02079171f7fa6bffd614b9b'],
    [
      ', of one without scopes or end that nobody saw',
      { shownAt: null, endsAt: null, generation: 0, scopes: [] },
      'ee3bde743afcfe34938d8d6a93dc31403f8ea3067f8df8600de66bca026a09e6',
    ],
  ])('stays what it was when the first value was sealed%s', ([, fields, hex]) => {
    expect(sealOf({ ...fixed, ...fields }, digest, pepper).toString('hex')).toBe(hex);
  });

  test.for([
    ['of none is none', (_: Buffer): Uint8Array | null => null, false],
    ['as it was made is right', (seal: Buffer) => seal, true],
    [
      'with another last byte is wrong',
      (seal: Buffer) => seal.map((byte, at) => (at === 31 ? byte ^ 1 : byte)),
      false,
    ],
    ['without its last byte is wrong', (seal: Buffer) => seal.subarray(0, 31), false],
    ['with a byte more is wrong', (seal: Buffer) => Buffer.concat([seal, Buffer.alloc(1)]), false],
  ] as const)('%s', ([, changed, isRight]) => {
    const secret = { ...fixed, digest, pepperId: pepper.id };
    const bytes = changed(sealOf(secret, digest, pepper));
    const seal = bytes && Buffer.from(bytes);

    expect(isSealed({ ...secret, seal }, digest, pepper)).toBe(isRight);
  });

  test('that is wrong leaves a live value without an answer, and says of which token', async () => {
    const secret = { ...aSecret(VALUE), endsAt: null };
    const read = (found: StoredSecret) =>
      verifyToken(VALUE.reveal(), {
        store: { readSecret: async () => found },
        clock: () => T0,
        ...underOnly(PEPPER),
      });

    expect(await read(secret)).toEqual({ kind: 'busy', brokenSealOf: secret.tokenId });
    expect(await read(sealed(secret))).toMatchObject({ kind: 'good' });
  });

  test('that is wrong is not told to whoever has not the whole value', async () => {
    const secret = { ...aSecret(VALUE, { digest: VALUE.digest(OTHER_PEPPER.key) }), endsAt: null };
    const store = { readSecret: async () => secret };

    expect(await verifyToken(VALUE.reveal(), { store, clock: () => T0, ...underOnly(PEPPER) })).toEqual({
      kind: 'bad',
      why: 'wrong',
    });
  });
});
