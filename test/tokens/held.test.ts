import { describe, expect, test } from 'vitest';
import { MINUTE_MS } from '../../src/clock.ts';
import { areHeld, heldOldValue, heldProof, parseLeakSource, recogniseValue } from '../../src/tokens/held.ts';
import { type Peppers, pepperFrom, peppersFrom } from '../../src/tokens/pepper.ts';
import type { TokenId } from '../../src/tokens/token.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { ANN, aSecret, aToken, BOB, PEPPER, PEPPERS, T0, underOnly } from './a-token.ts';

const TOKEN_ID = aToken().id;
const OTHER_TOKEN_ID = aToken().id;
const VALUE = { tokenId: TOKEN_ID, lookupId: 'AAAAAAAAAAA1' };
const OTHER_VALUE = { tokenId: OTHER_TOKEN_ID, lookupId: 'BBBBBBBBBBB1' };
const OTHER_PEPPER = pepperFrom('another pepper, of 32 characters or more');
const proof = heldProof({ actor: ANN, values: [VALUE], at: T0 }, PEPPER);
const proofOfBoth = heldProof({ actor: ANN, values: [VALUE, OTHER_VALUE], at: T0 }, PEPPER);

type Asked = {
  text?: string;
  actor?: typeof ANN;
  tokenIds?: readonly TokenId[];
  /** The lookup ids that are still honoured, by their token. */
  standing?: ReadonlyMap<TokenId, readonly string[]>;
  peppers?: Peppers;
  now?: number;
};

function isHeld(asked: Asked): Promise<boolean> {
  const { text = proof, actor = ANN, tokenIds = [TOKEN_ID], peppers = PEPPERS, now = T0 } = asked;
  const standing =
    asked.standing ?? new Map([VALUE, OTHER_VALUE].map(({ tokenId, lookupId }) => [tokenId, [lookupId]]));
  const store = { standingValues: async () => standing };
  return areHeld(text, { actor, tokenIds }, { store, peppers, clock: () => now });
}

describe('a proof that a value was held', () => {
  test.for([
    ['is good at once', T0, true],
    ['is good for 30 minutes', T0 + 30 * MINUTE_MS, true],
    ['is not good a millisecond later', T0 + 30 * MINUTE_MS + 1, false],
    ['is good for a process whose clock is a minute behind', T0 - MINUTE_MS, true],
    ['is not good further before it was made', T0 - MINUTE_MS - 1, false],
  ] as const)('%s', async ([, now, expected]) => {
    expect(await isHeld({ now })).toBe(expected);
  });

  test.for([
    ['another person', { actor: BOB }],
    ['another token', { tokenIds: [OTHER_TOKEN_ID] }],
    ['another token beside its own', { tokenIds: [TOKEN_ID, OTHER_TOKEN_ID] }],
    ['another pepper', { peppers: peppersFrom(OTHER_PEPPER) }],
    ['a token that has a newer value alone', { standing: new Map([[TOKEN_ID, ['AAAAAAAAAAA2']]]) }],
    ['a token without a value', { standing: new Map([[TOKEN_ID, []]]) }],
    ['a token that is not there', { standing: new Map() }],
    ['the value of another token', { standing: new Map([[TOKEN_ID, [OTHER_VALUE.lookupId]]]) }],
  ] as const satisfies readonly (readonly [string, Asked])[])('proves nothing for %s', async ([, asked]) => {
    expect(await isHeld(asked)).toBe(false);
  });

  test('is good while its value is honoured beside a newer one', async () => {
    const standing = new Map([[TOKEN_ID, ['AAAAAAAAAAA2', VALUE.lookupId]]]);

    expect(await isHeld({ standing })).toBe(true);
  });

  test('of several values is good for each of them, for all, and for none that has ended', async () => {
    const text = proofOfBoth;
    const both = [TOKEN_ID, OTHER_TOKEN_ID];

    expect(await isHeld({ text, tokenIds: both })).toBe(true);
    expect(await isHeld({ text, tokenIds: both.toReversed() })).toBe(true);
    expect(await isHeld({ text, tokenIds: [OTHER_TOKEN_ID] })).toBe(true);
    const standing = new Map([[OTHER_TOKEN_ID, [OTHER_VALUE.lookupId]]]);
    expect(await isHeld({ text, tokenIds: [OTHER_TOKEN_ID], standing })).toBe(true);
    expect(await isHeld({ text, tokenIds: both, standing })).toBe(false);
  });

  test('outlives the rotation of the pepper it was made under', async () => {
    expect(await isHeld({ peppers: peppersFrom(OTHER_PEPPER, [PEPPER]) })).toBe(true);
  });

  test('holds neither value nor lookup id: a time and a MAC for each value', () => {
    expect(proof).toMatch(new RegExp(`^${T0}\\.[-_0-9A-Za-z]{22}$`));
    expect(proofOfBoth).toMatch(new RegExp(`^${T0}(\\.[-_0-9A-Za-z]{22}){2}$`));
  });

  test.for([
    ['nothing', ''],
    ['a dot', '.'],
    ['a time alone', `${T0}`],
    ['a time with an empty MAC', `${T0}.`],
    ['another time', proof.replace(`${T0}`, `${T0 + 1}`)],
    ['a MAC cut by one', proof.slice(0, -1)],
    ['another MAC', `${T0}.${'A'.repeat(22)}`],
    ['no time', `NaN.${proof.split('.')[1]}`],
    ['no end', `Infinity.${proof.split('.')[1]}`],
    ['half a millisecond', `${T0}5e-1.${proof.split('.')[1]}`],
    ['a time with a space before it', ` ${proof}`],
    ['a time with a space behind it', proof.replace('.', ' .')],
    ['a MAC behind a hundred others', proof.replace('.', `.${'A.'.repeat(100)}`)],
  ] as const)('is not %s', async ([, text]) => {
    expect(await isHeld({ text, now: T0 + MINUTE_MS })).toBe(false);
  });

  test('has room for a hundred values', async () => {
    const text = proof.replace('.', `.${'A.'.repeat(99)}`);

    expect(await isHeld({ text })).toBe(true);
  });
});

describe('a proof that the old value of a token was held', () => {
  const NEWER = 'AAAAAAAAAAA2';

  function heldOld(
    lookupIds: readonly string[] | undefined,
    { actor = ANN, now = T0 }: Pick<Asked, 'actor' | 'now'> = {},
  ): Promise<unknown> {
    const standing = new Map(lookupIds === undefined ? [] : [[TOKEN_ID, lookupIds] as const]);
    const store = { standingValues: async () => standing };
    return heldOldValue(proof, { actor, tokenId: TOKEN_ID }, { store, peppers: PEPPERS, clock: () => now });
  }

  test.for([
    ['beside a newer one', [NEWER, VALUE.lookupId]],
    ['beside a newer one and one between', [NEWER, 'AAAAAAAAAAA3', VALUE.lookupId]],
  ] as const)('tells which one it is: %s', async ([, lookupIds]) => {
    expect(await heldOld(lookupIds)).toEqual({ kind: 'held', lookupId: VALUE.lookupId });
  });

  test.for([
    ['the newest value', [VALUE.lookupId, 'AAAAAAAAAAA0']],
    ['the only value', [VALUE.lookupId]],
    ['a value that has ended', [NEWER, 'AAAAAAAAAAA3']],
    ['a value of a token that has none', []],
    ['a value of a token that is not there', undefined],
  ] as const)('says that %s is no old one', async ([, lookupIds]) => {
    expect(await heldOld(lookupIds)).toEqual({ kind: 'ended' });
  });

  test.for([
    ['after 30 minutes', { now: T0 + 30 * MINUTE_MS + 1 }],
    ['of another person', { actor: BOB, now: T0 + 31 * MINUTE_MS }],
  ] as const)('has lapsed %s', async ([, asked]) => {
    expect(await heldOld([NEWER, VALUE.lookupId], asked)).toEqual({ kind: 'lapsed' });
  });

  test('proves nothing for another person', async () => {
    expect(await heldOld([NEWER, VALUE.lookupId], { actor: BOB })).toEqual({ kind: 'ended' });
  });
});

describe('a value that leaked', () => {
  test.for([
    ['a live one is counted, with where and when it was seen', {}, 'good'],
    ['a revoked one is not', { digest: null }, 'bad'],
    ['an expired one is not', { endsAt: T0 }, 'bad'],
  ] as const)('is recognised: %s', async ([, fields, kind]) => {
    const value = TokenValue.generate('apit');
    const secret = aSecret(value, fields);
    const counted: unknown[] = [];
    let now = T0;
    const store = {
      readSecret: async () => {
        now += 5;
        return secret;
      },
    };
    const leaks = { found: (...what: unknown[]) => void counted.push(what) };

    const verdict = await recogniseValue(value, 'shortcut', {
      store,
      clock: () => now,
      leaks,
      ...underOnly(PEPPER),
    });

    expect(verdict).toMatchObject({ kind, secret });
    expect(counted).toEqual(kind === 'good' ? [[secret, 'shortcut', T0]] : []);
  });

  test.for(['message', 'shortcut', 'command', 'github', 'http', 'cli'])('comes by %s', (source) => {
    expect(parseLeakSource(source)).toBe(source);
  });

  test.for(['', 'Message', 'mail', null, undefined, 1])('does not come by %j', (text) => {
    expect(parseLeakSource(text)).toBeUndefined();
  });
});
