import { describe, expect, test } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import {
  newTokenId,
  offersFor,
  parsePersonId,
  parseTokenId,
  remarksOf,
  statusOf,
} from '../../src/tokens/token.ts';
import { aToken, BOB, T0 } from './a-token.ts';

const expiresAt = T0 + 30 * DAY_MS;
const revokedAt = T0 + DAY_MS;
const revoked = { revokedAt, revokedBy: BOB };

describe('a token', () => {
  test.for([
    ['is unclaimed while no value was shown', { claimedAt: null }, T0, 'unclaimed'],
    ['is active from the instant a value was shown', { claimedAt: T0 }, T0, 'active'],
    ['is active one millisecond before it expires', { expiresAt }, expiresAt - 1, 'active'],
    ['is expired at the very instant it expires', { expiresAt }, expiresAt, 'expired'],
    ['stays expired', { expiresAt }, expiresAt + 1000 * DAY_MS, 'expired'],
    ['never expires when it has no end', { expiresAt: null }, T0 + 100_000 * DAY_MS, 'active'],
    [
      'is expired, not unclaimed, when nobody claimed it in time',
      { expiresAt, claimedAt: null },
      expiresAt,
      'expired',
    ],
    ['is revoked at the instant of its revocation', revoked, revokedAt, 'revoked'],
    ['is revoked, not expired, after its expiry', { expiresAt, ...revoked }, expiresAt + 1, 'revoked'],
    ['is revoked, even when that was after its expiry', { expiresAt: T0, ...revoked }, revokedAt, 'revoked'],
    ['is revoked, not unclaimed', { claimedAt: null, ...revoked }, revokedAt, 'revoked'],
    ['is revoked, whatever the clock says', revoked, 0, 'revoked'],
  ] as const)('%s', ([, fields, now, status]) => {
    expect(statusOf(aToken(fields), now)).toBe(status);
  });
});

describe('an active token', () => {
  const soon = T0 + 200 * DAY_MS;

  test.for([
    ['is fine otherwise', {}, T0, []],
    ['is not expiring soon 14 days and a millisecond before', { expiresAt }, expiresAt - 14 * DAY_MS - 1, []],
    ['is expiring soon 14 days before', { expiresAt }, expiresAt - 14 * DAY_MS, ['expiring soon']],
    ['is expiring soon to the last', { expiresAt }, expiresAt - 1, ['expiring soon']],
    ['is not expiring soon when it never expires', { expiresAt: null, lastUsedAt: soon }, soon, []],
    ['is not idle a millisecond before 90 days', { expiresAt: null }, T0 + 90 * DAY_MS - 1, []],
    ['is idle when unused for 90 days', { expiresAt: null }, T0 + 90 * DAY_MS, ['idle']],
    [
      'is idle 90 days after creation when it was never used',
      { expiresAt: null, lastUsedAt: null },
      T0 + 90 * DAY_MS,
      ['idle'],
    ],
    [
      'is not idle when it was used since',
      { expiresAt: null, lastUsedAt: T0 + DAY_MS },
      T0 + 90 * DAY_MS,
      [],
    ],
    ['may be both', { expiresAt: T0 + 91 * DAY_MS }, T0 + 90 * DAY_MS, ['expiring soon', 'idle']],
    ['tells that its owner is gone', { ownerGoneAt: T0 }, T0, ['owner gone']],
    [
      'tells that its owner may not use the app any more',
      { ownerGoneAt: T0, ownerIsBarred: true },
      T0,
      ['owner may not use apitoken'],
    ],
    [
      'tells all three',
      { expiresAt: T0 + 91 * DAY_MS, ownerGoneAt: T0 },
      T0 + 90 * DAY_MS,
      ['owner gone', 'expiring soon', 'idle'],
    ],
  ] as const)('%s', ([, fields, now, remarks]) => {
    expect(remarksOf(aToken(fields), now)).toEqual(remarks);
  });

  test('is not the only one of which it is told that the owner is gone: so is an unclaimed one', () => {
    expect(remarksOf(aToken({ claimedAt: null, ownerGoneAt: T0 }), T0)).toEqual(['owner gone']);
  });

  test.for([
    ['a revoked', { ownerGoneAt: T0, ...revoked }],
    ['an expired', { ownerGoneAt: T0, expiresAt: T0 + 1 }],
    ['an unclaimed', { claimedAt: null, createdAt: T0 + 88 * DAY_MS }],
  ] as const)('alone has remarks: %s one has none', ([, fields]) => {
    const now = T0 + 89 * DAY_MS;

    expect(remarksOf(aToken({ lastUsedAt: T0 - 100 * DAY_MS, ...fields }), now)).toEqual([]);
  });
});

test.for([
  ['not a millisecond before 7 days', {}, T0 + 7 * DAY_MS - 1, []],
  ['at 7 days', {}, T0 + 7 * DAY_MS, ['never claimed']],
  ['also when it expired before', { expiresAt: T0 + DAY_MS }, T0 + 7 * DAY_MS, ['never claimed']],
  ['not once it is revoked', revoked, T0 + 7 * DAY_MS, []],
] as const)('a token that nobody took is told to be never claimed: %s', ([, fields, now, remarks]) => {
  expect(remarksOf(aToken({ claimedAt: null, ...fields }), now)).toEqual(remarks);
});

describe("a person's id", () => {
  test.for(['U0ANN', 'W0ANN', 'U1', `U${'A'.repeat(30)}`])('is %s', (text) => {
    expect(parsePersonId(text)).toBe(text);
  });

  test.for([
    ['nothing', ''],
    ['one letter', 'U'],
    ['one that is too long', `U${'A'.repeat(31)}`],
    ['one in small letters', 'U0ann'],
    ["a channel's", 'C0GENERAL'],
    ['one with something before it', '@U0ANN'],
    ['one with something behind it', 'U0ANN|ann'],
    ['one with a line end', 'U0ANN\n'],
  ] as const)('is not %s', ([, text]) => {
    expect(parsePersonId(text)).toBeUndefined();
  });
});

describe('a token id', () => {
  test('is new each time, and parsed as itself', () => {
    const ids = Array.from({ length: 1000 }, newTokenId);

    expect(new Set(ids).size).toBe(1000);
    for (const id of ids) expect(parseTokenId(id)).toBe(id);
  });

  test.for([
    ['nothing', ''],
    ['one cut by a character', 'tok_0123456789abcde'],
    ['one with a character too many', 'tok_0123456789abcdef0'],
    ['one in capitals', 'TOK_0123456789abcdef'],
    ['one with spaces around it', ' tok_0123456789abcdef '],
    ['one with letters before it', 'xtok_0123456789abcdef'],
    ['one with a line end', 'tok_0123456789abcdef\n'],
    ['one with another character', 'tok_0123456789abcde-'],
  ] as const)('is not %s', ([, text]) => {
    expect(parseTokenId(text)).toBeUndefined();
  });
});

test.for([
  ['unclaimed', { claimedAt: null }, T0 + 7 * DAY_MS - 1, ['show_value', 'revoke']],
  ['never claimed in time', { claimedAt: null }, T0 + 7 * DAY_MS, ['create_again', 'revoke']],
  [
    'never claimed in time, and expired',
    { claimedAt: null, expiresAt },
    expiresAt,
    ['create_again', 'revoke'],
  ],
  ['active', { expiresAt }, expiresAt - 1, ['rotate', 'revoke']],
  ['expired', { expiresAt }, expiresAt, ['rotate', 'create_again', 'revoke']],
  ['revoked', revoked, revokedAt, ['create_again']],
] as const)('what may be done with a token that is %s', ([, fields, now, offers]) => {
  expect(offersFor(aToken(fields), now)).toEqual(offers);
});
