import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DAY_MS, HOUR_MS, isoTime, MINUTE_MS } from '../../src/clock.ts';
import { type ExpiryChoice, expiryFrom, latestDate } from '../../src/tokens/expiry.ts';
import { isStillDue, noticesBefore } from '../../src/tokens/notices.ts';
import { refused } from '../../src/tokens/refusal.ts';
import { statusOf } from '../../src/tokens/token.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { verifyToken } from '../../src/tokens/verify.ts';
import { type CalendarDate, dateIn, endOfDayIn } from '../../src/zone.ts';
import { aSecret, aToken, PEPPER, underOnly } from './a-token.ts';

const ZONES = Intl.supportedValuesOf('timeZone');
const POLICY = { lifetimeDaysMax: 365, mayNeverExpire: false };
const LENIENT = { lifetimeDaysMax: 3650, mayNeverExpire: true };
const NOON = Date.UTC(2026, 0, 1, 12);
const NOT_ALLOWED = { code: 'lifetime_not_allowed', ...POLICY } as const;

describe('a lifetime in days', () => {
  test.for([
    ['of one day is allowed', 1, 'allowed'],
    ['of as many as policy allows is allowed', 365, 'allowed'],
    ['of one more is not', 366, 'refused'],
    ['of none is not', 0, 'refused'],
    ['of -1 is not', -1, 'refused'],
    ['of half a day is not', 0.5, 'refused'],
    ['of 9999999999 days is not', 9_999_999_999, 'refused'],
    ['of no number is not', Number.NaN, 'refused'],
    ['without an end is not', Number.POSITIVE_INFINITY, 'refused'],
  ] as const)('%s', ([, days, outcome]) => {
    const expiry = expiryFrom({ kind: 'days', days }, { now: NOON, zone: 'Asia/Tokyo' }, POLICY);

    expect(expiry).toEqual(
      outcome === 'allowed' ? { kind: 'expiry', expiresAt: NOON + days * DAY_MS } : refused(NOT_ALLOWED),
    );
  });

  test('is of 24 hours a day, to the millisecond, also where clocks change and over a leap day', () => {
    const now = Date.UTC(2028, 1, 28, 23, 59, 59, 999);

    const expiry = expiryFrom({ kind: 'days', days: 30 }, { now, zone: 'Europe/Berlin' }, POLICY);

    expect(expiry).toEqual({ kind: 'expiry', expiresAt: Date.UTC(2028, 2, 29, 23, 59, 59, 999) });
  });
});

describe('never', () => {
  test('is allowed where policy allows it', () => {
    expect(expiryFrom({ kind: 'never' }, { now: NOON, zone: 'UTC' }, LENIENT)).toEqual({
      kind: 'expiry',
      expiresAt: null,
    });
  });

  test('is refused where policy does not', () => {
    expect(expiryFrom({ kind: 'never' }, { now: NOON, zone: 'UTC' }, POLICY)).toEqual(refused(NOT_ALLOWED));
  });
});

describe('keeping the date', () => {
  test.for([
    ['a date', NOON + 5],
    ['a date beyond what policy allows by now', NOON + 10_000 * DAY_MS],
    ['no date, where policy allows none by now', null],
  ] as const)('keeps %s', ([, current]) => {
    expect(expiryFrom({ kind: 'keep' }, { now: NOON, zone: 'UTC', current }, POLICY)).toEqual({
      kind: 'expiry',
      expiresAt: current,
    });
  });

  test('is refused where there is none to keep', () => {
    expect(expiryFrom({ kind: 'keep' }, { now: NOON, zone: 'UTC' }, POLICY)).toEqual(refused(NOT_ALLOWED));
  });
});

describe('a date', () => {
  // At noon of 1 January 2026 in UTC it is already evening in Tokyo and still morning in New York.
  test.for([
    ['is good to its last millisecond', 'UTC', '2026-03-31', '2026-03-31T23:59:59.999Z'],
    ['is that of the zone', 'America/New_York', '2026-03-31', '2026-04-01T03:59:59.999Z'],
    ['may be today', 'UTC', '2026-01-01', '2026-01-01T23:59:59.999Z'],
    ['may be the last that policy allows', 'UTC', '2026-12-31', '2026-12-31T23:59:59.999Z'],
  ] as const)('%s', ([, zone, date, end]) => {
    const expiry = expiryFrom({ kind: 'date', date }, { now: NOON, zone }, POLICY);

    expect(expiry).toEqual({ kind: 'expiry', expiresAt: Date.parse(end) });
  });

  test.for([
    ['that was not filled in', '', 'date_needed'],
    ['of yesterday', '2025-12-31', 'date_past'],
    ['of long ago', '0000-01-01', 'date_past'],
    ['of the year 1', '0001-01-01', 'date_past'],
    ['one day beyond policy', '2027-01-01', 'date_too_far'],
    ['of the year 9999', '9999-12-31', 'date_too_far'],
    ['29 February of a common year', '2026-02-29', 'date_unknown'],
    ['that is no date', 'tomorrow', 'date_unknown'],
    ['with a time', '2026-02-01T00:00:00Z', 'date_unknown'],
  ] as const)('%s is refused, with the last one that may be chosen', ([, date, code]) => {
    const expiry = expiryFrom({ kind: 'date', date }, { now: NOON, zone: 'UTC' }, POLICY);

    expect(expiry).toEqual(refused({ code, latest: '2026-12-31' as CalendarDate }));
  });

  test.for([
    ['today is not over a millisecond before its last', '2026-01-01T23:59:59.998Z', 'expiry'],
    ['today is over at its last: it would be born expired', '2026-01-01T23:59:59.999Z', 'date_past'],
    ['yesterday is over at midnight', '2026-01-02T00:00:00.000Z', 'date_past'],
  ] as const)('%s', ([, now, outcome]) => {
    const choice = { kind: 'date', date: '2026-01-01' } as const;
    const expiry = expiryFrom(choice, { now: Date.parse(now), zone: 'UTC' }, POLICY);

    expect(expiry.kind === 'refused' ? expiry.refusal.code : expiry.kind).toBe(outcome);
  });

  test.for([
    ['when it is tomorrow in UTC', '2026-01-01T02:00:00Z', 'America/New_York', '2025-12-31', 'expiry'],
    ['when it is yesterday in UTC', '2026-01-01T16:00:00Z', 'Asia/Tokyo', '2026-01-01', 'date_past'],
  ] as const)('counts as today by the clocks of the person, %s', ([, now, zone, date, outcome]) => {
    const expiry = expiryFrom({ kind: 'date', date }, { now: Date.parse(now), zone }, POLICY);

    expect(expiry.kind === 'refused' ? expiry.refusal.code : expiry.kind).toBe(outcome);
  });
});

describe('the last day that may be chosen', () => {
  test.for([
    ['is the one before, when its end would be beyond policy', '2026-01-01T12:00:00.000Z', '2026-12-31'],
    ['is the same at midnight', '2026-01-01T00:00:00.000Z', '2026-12-31'],
    ['is the same a millisecond before midnight', '2026-01-01T23:59:59.998Z', '2026-12-31'],
    ['is the next one as soon as that ends in time', '2026-01-01T23:59:59.999Z', '2027-01-01'],
    ['is reckoned over a leap day', '2027-06-01T12:00:00.000Z', '2028-05-30'],
    ['may be a leap day', '2027-03-01T12:00:00.000Z', '2028-02-28'],
  ] as const)('%s', ([, now, latest]) => {
    expect(latestDate(Date.parse(now), 'UTC', POLICY)).toBe(latest);
  });

  test('ends within policy, and the day after it does not, in every zone (fast-check prints the seed)', {
    timeout: 180_000,
  }, () => {
    const days = fc.oneof(fc.integer({ min: 2, max: 3650 }), fc.constantFrom(7, 30, 90, 365));

    fc.assert(
      fc.property(instant(), fc.constantFrom(...ZONES), days, (now, zone, lifetimeDaysMax) =>
        expectExact(now, zone, { lifetimeDaysMax, mayNeverExpire: false }),
      ),
      { numRuns: 300 },
    );
  });
});

describe('of the notices of an expiry', () => {
  const expiresAt = NOON + 30 * DAY_MS;
  const [fortnight, week, tomorrow] = [
    { kind: 'expires_in_14_days', dueAt: expiresAt - 14 * DAY_MS },
    { kind: 'expires_in_7_days', dueAt: expiresAt - 7 * DAY_MS },
    { kind: 'expires_tomorrow', dueAt: expiresAt - DAY_MS },
  ] as const;

  test.for([
    ['all three are to come', NOON, [fortnight, week, tomorrow]],
    ['all three are to come to the last', fortnight.dueAt - 1, [fortnight, week, tomorrow]],
    ['one that is due just now is not to come', fortnight.dueAt, [week, tomorrow]],
    ['two are left a millisecond before a week', week.dueAt - 1, [week, tomorrow]],
    ['one is left within a week', week.dueAt, [tomorrow]],
    ['one is left a millisecond before the last day', tomorrow.dueAt - 1, [tomorrow]],
    ['none is left on the last day', tomorrow.dueAt, []],
    ['none is left afterwards', expiresAt + DAY_MS, []],
  ] as const)('%s', ([, now, notices]) => {
    expect(noticesBefore(expiresAt, now)).toEqual(notices);
  });

  test('there is none when it never expires', () => {
    expect(noticesBefore(null, NOON)).toEqual([]);
  });
});

describe('a notice that could not be said in time', () => {
  const expiresAt = NOON + 30 * DAY_MS;
  const revoked = { revokedAt: NOON, revokedBy: 'system' } as const;

  test.for([
    ['of 14 days is still said on the last one', 'expires_in_14_days', {}, expiresAt - 1, true],
    ['of 14 days is said at its instant', 'expires_in_14_days', {}, expiresAt - 14 * DAY_MS, true],
    ['of 14 days not before', 'expires_in_14_days', {}, expiresAt - 14 * DAY_MS - 1, false],
    ['of 7 days not before', 'expires_in_7_days', {}, expiresAt - 7 * DAY_MS - 1, false],
    ['of the last day not before', 'expires_tomorrow', {}, expiresAt - DAY_MS - 1, false],
    ['of an expiry not once it has expired', 'expires_tomorrow', {}, expiresAt, false],
    ['of an expiry not when there is none any more', 'expires_tomorrow', { expiresAt: null }, NOON, false],
    ['of an expiry not once it was revoked', 'expires_tomorrow', revoked, expiresAt - 1, false],
    ['as a reminder is said while the token lives', 'reminder', {}, NOON, true],
    ['as a reminder not once it has expired', 'reminder', {}, expiresAt, false],
    ['of an old value is said while the token lives', 'retired_presented', {}, NOON, true],
    ['of an old value not once it was revoked', 'retired_presented', revoked, NOON, false],
    ['of a dead token is said while it is expired', 'dead_presented', {}, expiresAt, true],
    ['of a dead token not once it was renewed', 'dead_presented', {}, expiresAt - 1, false],
    ['of a dead token not once it was revoked', 'dead_presented', revoked, expiresAt, false],
    ['of a revoked token is said while it is revoked', 'revoked_presented', revoked, NOON, true],
    ['of a revoked token not while it lives', 'revoked_presented', {}, NOON, false],
  ] as const)('%s', ([, kind, fields, now, expected]) => {
    expect(isStillDue(kind, aToken({ expiresAt, ...fields }), now)).toBe(expected);
  });
});

test('status, expiry and verdict are exact to the millisecond (10,000 instants; fast-check prints the seed)', {
  timeout: 180_000,
}, async () => {
  const value = TokenValue.generate('apit');

  await fc.assert(
    fc.asyncProperty(instant(), fc.constantFrom(...ZONES), choiceFrom(), async (now, zone, choose) => {
      const choice = choose(now, zone);
      const expiry = expiryFrom(choice, { now, zone, current: now + 1 }, LENIENT);

      const expected = expectedExpiry(choice, now, zone);
      expect(expiry).toEqual({ kind: 'expiry', expiresAt: expected });
      for (const at of instantsAround(expected, now)) {
        const status = expected !== null && at >= expected ? 'expired' : 'active';
        expect(statusOf({ expiresAt: expected, revokedAt: null, claimedAt: now }, at)).toBe(status);
        const secret = aSecret(value, { endsAt: expected });
        const deps = { store: { readSecret: async () => secret }, clock: () => at, ...underOnly(PEPPER) };
        const verdict = await verifyToken(value.reveal(), deps);
        expect(verdict).toEqual(
          status === 'active' ? { kind: 'good', secret } : { kind: 'bad', why: 'ended', secret },
        );
      }
    }),
    { numRuns: 10_000 },
  );
});

test('revoked wins at every instant, unclaimed yields to expired (fast-check prints the seed)', () => {
  fc.assert(
    fc.property(instant(), instant(), instant(), (now, expiresAt, revokedAt) => {
      expect(statusOf(aToken({ expiresAt, revokedAt }), now)).toBe('revoked');
      expect(statusOf(aToken({ expiresAt, claimedAt: null }), now)).toBe(
        now >= expiresAt ? 'expired' : 'unclaimed',
      );
    }),
    { numRuns: 10_000 },
  );
});

/** An instant of 1980 to 9980; the nights of leap days, of 2038 and of changing clocks more often than others. */
function instant(): fc.Arbitrary<number> {
  const near = fc.integer({ min: -36 * HOUR_MS, max: 36 * HOUR_MS });
  const odd = fc.constantFrom(
    Date.UTC(2024, 1, 29),
    Date.UTC(2028, 1, 29),
    Date.UTC(2038, 0, 19, 3, 14, 8),
    Date.UTC(2026, 2, 29, 1),
    Date.UTC(2026, 9, 25, 1),
    Date.UTC(2018, 10, 4, 3),
    Date.UTC(2011, 11, 30, 10),
    Date.UTC(2100, 1, 28),
    Date.UTC(9979, 11, 31),
  );
  return fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: Date.UTC(1980, 0), max: Date.UTC(2045, 0) }) },
    { weight: 2, arbitrary: fc.integer({ min: Date.UTC(1980, 0), max: Date.UTC(9980, 0) }) },
    { weight: 3, arbitrary: fc.tuple(odd, near).map(([at, ms]) => at + ms) },
  );
}

/** A choice that policy allows, of a day in the zone where it is a date. */
function choiceFrom(): fc.Arbitrary<(now: number, zone: string) => ExpiryChoice> {
  const days = fc.oneof(fc.integer({ min: 1, max: 3650 }), fc.constantFrom(1, 7, 30, 90, 365, 3650));
  return fc.oneof(
    fc.constantFrom(
      () => ({ kind: 'keep' }) as const,
      () => ({ kind: 'never' }) as const,
    ),
    days.map((number) => () => ({ kind: 'days', days: number }) as const),
    days.map((number) => () => ({ kind: 'hours', hours: number }) as const),
    fc.integer({ min: 1, max: 3648 }).map((ahead) => (now: number, zone: string) => ({
      kind: 'date' as const,
      date: dateIn(zone, now + ahead * DAY_MS),
    })),
  );
}

function expectedExpiry(choice: ExpiryChoice, now: number, zone: string): number | null {
  switch (choice.kind) {
    case 'keep':
      return now + 1;
    case 'never':
      return null;
    case 'days':
      return now + choice.days * 86_400_000;
    case 'hours':
      return now + choice.hours * 3_600_000;
    case 'typed':
      throw new Error('is not drawn here');
    case 'date':
      return endByHand(choice.date, zone);
  }
}

/** From long after the day back by hours, until it shows, and on by five minutes, until it does not. */
function endByHand(date: string, zone: string): number {
  const format = new Intl.DateTimeFormat('sv', { timeZone: zone, dateStyle: 'short' });
  let at = Date.parse(`${date}T00:00:00Z`) + 38 * HOUR_MS;
  while (format.format(at - 1) > date) at -= HOUR_MS;
  while (format.format(at) <= date) at += 5 * MINUTE_MS;
  return at - 1;
}

function instantsAround(expiresAt: number | null, now: number): number[] {
  return expiresAt === null ? [now, now + 10_000 * DAY_MS] : [expiresAt - 1, expiresAt, expiresAt + 1];
}

/** The last day ends no later than policy allows, and the next one later. */
function expectExact(now: number, zone: string, policy: typeof POLICY): void {
  const at = { now, zone };
  const latest = latestDate(now, zone, policy);
  const next = isoTime(Date.parse(`${latest}T00:00:00Z`) + DAY_MS).slice(0, 10);
  const limit = now + policy.lifetimeDaysMax * DAY_MS;

  const [last, tooFar] = [latest, next].map((date) => expiryFrom({ kind: 'date', date }, at, policy));

  expect(last).toEqual({ kind: 'expiry', expiresAt: endOfDayIn(zone, latest) });
  expect(endOfDayIn(zone, latest)).toBeLessThanOrEqual(limit);
  expect(tooFar).toEqual(refused({ code: 'date_too_far', latest }));
  expect(endOfDayIn(zone, next as typeof latest)).toBeGreaterThan(limit);
}
