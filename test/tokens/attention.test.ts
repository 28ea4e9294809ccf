import { describe, expect, test } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import { attentionOf, byAttention, isListed, STATUS_FILTERS } from '../../src/tokens/attention.ts';
import type { TokenId, UsedToken } from '../../src/tokens/token.ts';
import { aName, aToken, BOB, T0 } from './a-token.ts';

const NOW = T0 + 400 * DAY_MS;
const [LOW, HIGH] = ['tok_0000000000000000', 'tok_zzzzzzzzzzzzzzzz'] as [TokenId, TokenId];
const dead = { expiresAt: NOW - 10 * DAY_MS };
const revoked = { revokedAt: NOW - DAY_MS, revokedBy: BOB };
const later = { expiresAt: NOW + 14 * DAY_MS + 1 };
const gone = { ...later, lastUsedAt: null, ownerGoneAt: NOW };

describe('of a token', () => {
  test.for([
    ['that is used and has long to live', later, 'none'],
    ['that expires in 14 days', { expiresAt: NOW + 14 * DAY_MS }, 'expiring'],
    ['that expires in a moment', { expiresAt: NOW + 1 }, 'expiring'],
    ['that expires now', { expiresAt: NOW }, 'expired'],
    ['that never expires', { expiresAt: null }, 'endless'],
    ['that nobody claimed', { ...later, claimedAt: null }, 'unclaimed'],
    ['that nobody claimed and that expires soon', { expiresAt: NOW + 1, claimedAt: null }, 'unclaimed'],
    ['that nobody claimed in time', { ...dead, claimedAt: null }, 'expired'],
    ['unused for 90 days', { ...later, lastUsedAt: NOW - 90 * DAY_MS }, 'idle'],
    ['unused for a millisecond less', { ...later, lastUsedAt: NOW - 90 * DAY_MS + 1 }, 'none'],
    ['never used since it was made', { ...later, lastUsedAt: null }, 'idle'],
    ['idle, and it never expires', { expiresAt: null, lastUsedAt: null }, 'idle'],
    ['idle, and it expires soon', { expiresAt: NOW + DAY_MS, lastUsedAt: null }, 'expiring'],
    ['expired and presented now', { ...dead, lastRefusedAt: NOW }, 'presented'],
    ['expired and presented at its very end', { expiresAt: NOW - 1, lastRefusedAt: NOW - 1 }, 'presented'],
    ['expired and presented 7 days ago', { ...dead, lastRefusedAt: NOW - 7 * DAY_MS }, 'presented'],
    ['expired and presented before that', { ...dead, lastRefusedAt: NOW - 7 * DAY_MS - 1 }, 'expired'],
    [
      'expired, of which an old value was refused before its end',
      { expiresAt: NOW - DAY_MS, lastRefusedAt: NOW - DAY_MS - 1 },
      'expired',
    ],
    ['whose owner left', { ...later, ownerGoneAt: NOW }, 'owner_gone'],
    ['whose owner left, idle, and it expires soon', { ...gone, expiresAt: NOW + 1 }, 'owner_gone'],
    ['whose owner left before they claimed it', { ...gone, claimedAt: null }, 'unclaimed'],
    ['whose owner left, expired', { ...gone, ...dead }, 'expired'],
    ['whose owner left, expired and presented', { ...gone, ...dead, lastRefusedAt: NOW }, 'presented'],
    ['whose owner left, revoked', { ...gone, ...revoked }, 'revoked'],
    ['revoked', revoked, 'revoked'],
    ['revoked, expired and presented before that', { ...revoked, ...dead, lastRefusedAt: NOW }, 'revoked'],
    ['revoked and presented now', { ...revoked, lastTriedAt: NOW }, 'revoked_presented'],
    ['revoked and presented 7 days ago', { ...revoked, lastTriedAt: NOW - 7 * DAY_MS }, 'revoked_presented'],
    ['revoked and presented before that', { ...revoked, lastTriedAt: NOW - 7 * DAY_MS - 1 }, 'revoked'],
    ['revoked, of a leaver, and presented', { ...gone, ...revoked, lastTriedAt: NOW }, 'revoked_presented'],
  ] as const)('%s the attention is right', ([, fields, attention]) => {
    expect(attentionOf(aToken({ lastUsedAt: NOW, ...fields }), NOW)).toBe(attention);
  });
});

/** One of each attention, and those of which more than one thing may be said. */
const EACH: Readonly<Record<string, Partial<UsedToken>>> = {
  'revoked, presented': { ...revoked, lastTriedAt: NOW },
  presented: { ...dead, lastRefusedAt: NOW },
  'owner gone': { ...later, ownerGoneAt: NOW, createdAt: T0 - 2 },
  'owner gone, idle, expiring': { ...gone, expiresAt: NOW + DAY_MS, createdAt: T0 - 1 },
  expiring: { expiresAt: NOW + DAY_MS },
  'expiring, idle': { expiresAt: NOW + 2 * DAY_MS, lastUsedAt: null },
  unclaimed: { ...later, claimedAt: null },
  idle: { ...later, lastUsedAt: null },
  endless: { expiresAt: null },
  fine: later,
  expired: dead,
  revoked,
};
const tokens = Object.entries(EACH).map(([name, fields]) =>
  aToken({ name: aName(name), lastUsedAt: NOW, ...fields }),
);
const namesOf = (listed: readonly UsedToken[]) => listed.map(({ name }) => String(name));

test('lists begin with what needs attention most, and end with what is over', () => {
  const shuffled = [...tokens].reverse();

  expect(namesOf(byAttention(shuffled, NOW))).toEqual(Object.keys(EACH));
});

test('each filter holds its own', () => {
  const listedBy = Object.fromEntries(
    STATUS_FILTERS.map((filter) => [filter, namesOf(tokens.filter((one) => isListed(one, filter, NOW)))]),
  );

  expect(listedBy).toEqual({
    current: Object.keys(EACH).slice(1, -1),
    active: [
      'owner gone',
      'owner gone, idle, expiring',
      'expiring',
      'expiring, idle',
      'unclaimed',
      'idle',
      'endless',
      'fine',
    ],
    expiring: ['owner gone, idle, expiring', 'expiring', 'expiring, idle'],
    idle: ['owner gone, idle, expiring', 'expiring, idle', 'idle'],
    expired: ['presented', 'expired'],
    revoked: ['revoked, presented', 'revoked'],
    all: Object.keys(EACH),
  });
});

test.for([
  ['presented revoked ones by when, the latest first', revoked, 'lastTriedAt', [NOW, NOW - 1]],
  ['presented ones by when, the latest first', { ...dead }, 'lastRefusedAt', [NOW, NOW - 1]],
  ['those of leavers by their age, the oldest first', gone, 'createdAt', [T0, T0 + 1]],
  ['expiring ones by their end, the soonest first', {}, 'expiresAt', [NOW + 1, NOW + 2]],
  [
    'those that need nothing by their end, the soonest first',
    {},
    'expiresAt',
    [NOW + 20 * DAY_MS, NOW + 21 * DAY_MS],
  ],
  ['unclaimed ones by their age, the oldest first', { claimedAt: null, ...later }, 'createdAt', [T0, T0 + 1]],
  ['idle ones by their last use, the longest ago first', later, 'lastUsedAt', [T0, T0 + 1]],
  ['endless ones by their age, the oldest first', { expiresAt: null }, 'createdAt', [T0, T0 + 1]],
  ['expired ones by their end, the latest first', {}, 'expiresAt', [NOW - 1, NOW - 2]],
  ['revoked ones by that date, the latest first', revoked, 'revokedAt', [NOW - 1, NOW - 2]],
] as const)('%s', ([, fields, field, [first, second]]) => {
  const base = { lastUsedAt: NOW, ...fields };
  // By their ids they would stand the other way round.
  const pair = [aToken({ ...base, id: LOW, [field]: second }), aToken({ ...base, id: HIGH, [field]: first })];

  expect(byAttention(pair, NOW).map((token) => token[field])).toEqual([first, second]);
});

test('those of one instant go by when they were created, then by their ids', () => {
  const made = [
    [3, LOW],
    [1, HIGH],
    [2, LOW],
    [1, LOW],
  ] as const;
  const tokens = made.map(([ms, id]) =>
    aToken({ id, lastUsedAt: NOW, expiresAt: NOW + 1, createdAt: T0 + ms }),
  );

  for (const given of [tokens, [...tokens].reverse()]) {
    expect(byAttention(given, NOW).map(({ createdAt, id }) => [createdAt - T0, id])).toEqual([
      [1, LOW],
      [1, HIGH],
      [2, LOW],
      [3, LOW],
    ]);
  }
});
