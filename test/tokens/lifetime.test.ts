import { describe, expect, test } from 'vitest';
import { DAY_MS, HOUR_MS } from '../../src/clock.ts';
import { expiryFrom, lifetimeNotAllowed, parseLifetime, splitLifetime } from '../../src/tokens/expiry.ts';
import { refused } from '../../src/tokens/refusal.ts';
import type { CalendarDate } from '../../src/zone.ts';
import { T0 } from './a-token.ts';

const POLICY = { lifetimeDaysMax: 365, mayNeverExpire: false };
const AT = { now: T0, zone: 'UTC' };
const NOT_ALLOWED = lifetimeNotAllowed(POLICY);

const hours = (count: number) => ({ kind: 'hours', hours: count }) as const;
const days = (count: number) => ({ kind: 'days', days: count }) as const;

describe('a lifetime is read', () => {
  test.for([
    ...['h', 'hr', 'hrs', 'hour', 'hours'].map((unit) => [`5 ${unit}`, hours(5)] as const),
    ...['d', 'day', 'days'].map((unit) => [`5 ${unit}`, days(5)] as const),
    ...['w', 'wk', 'wks', 'week', 'weeks'].map((unit) => [`5 ${unit}`, days(35)] as const),
    ...['y', 'yr', 'yrs', 'year', 'years'].map((unit) => [`5 ${unit}`, days(5 * 365)] as const),
    ['30d', days(30)],
    ['30D', days(30)],
    ['３０ｄ', days(30)],
    ['for 30 days', days(30)],
    ['+30d', days(30)],
    ['-30d', hours(-720)],
    ['0d', hours(0)],
    ['0 hours', hours(0)],
    ['24h', days(1)],
    ['48 h', days(2)],
    ['25h', hours(25)],
    ['23h', hours(23)],
    ['-24h', hours(-24)],
    ['0.5d', hours(12)],
    ['0.25d', hours(6)],
    ['1.5 weeks', hours(252)],
    ['never', { kind: 'never' }],
    ['NEVER', { kind: 'never' }],
    ['until 2027-01-31', { kind: 'date', date: '2027-01-31' }],
    ['until 2027-1-3', { kind: 'date', date: '2027-01-03' }],
    ['Until 2027-13-45', { kind: 'date', date: '2027-13-45' }],
  ] as const)('from %s', ([text, choice]) => {
    expect(parseLifetime(text)).toEqual(choice);
  });

  test.for([
    '',
    'd',
    '30',
    '30x',
    '5m',
    '6 months',
    '0.3h',
    '1.23456789012345d',
    '1.d',
    '.5d',
    'for',
    'for never',
    'in 30 days',
    '30 days or so',
    '30  days',
    '--30d',
    '2027-01-31',
    'until tomorrow',
    'until 2027-01-31T00:00',
    'not until 2027-01-31',
    'until 27-01-31',
    'until 2027-001-31',
    'until 2027-01-031',
    '1'.repeat(31).concat('d'),
    `1.${'0'.repeat(10)}d`,
  ])('not from %j', (text) => {
    expect(parseLifetime(text)).toBeUndefined();
  });
});

describe('what was typed', () => {
  test.for([
    ['30d', T0 + 30 * DAY_MS],
    ['1 hour', T0 + HOUR_MS],
    ['365 days', T0 + 365 * DAY_MS],
    ['8759h', T0 + 8759 * HOUR_MS],
    ['until 2026-01-31', T0 + 31 * DAY_MS - 1],
  ] as const)('as %s ends then', ([text, expiresAt]) => {
    expect(expiryFrom({ kind: 'typed', text }, AT, POLICY)).toEqual({ kind: 'expiry', expiresAt });
  });

  test.for([
    ['6 months', { code: 'lifetime_unclear' }],
    ['0 hours', { code: 'lifetime_too_short' }],
    ['-1d', { code: 'lifetime_too_short' }],
    ['366 days', NOT_ALLOWED],
    ['8761h', NOT_ALLOWED],
    ['never', NOT_ALLOWED],
    ['until 2025-12-31', { code: 'date_past', latest: '2026-12-31' as CalendarDate }],
    ['until 2026-02-30', { code: 'date_unknown', latest: '2026-12-31' as CalendarDate }],
  ] as const)('as %s is refused with what was typed, and why', ([typed, why]) => {
    expect(expiryFrom({ kind: 'typed', text: typed }, AT, POLICY)).toEqual(
      refused({ code: 'typed_expiry', typed, why }),
    );
  });

  test.for([
    [1, { kind: 'expiry', expiresAt: T0 + HOUR_MS }],
    [8760, { kind: 'expiry', expiresAt: T0 + 365 * DAY_MS }],
    [8761, refused(NOT_ALLOWED)],
    [1.5, refused(NOT_ALLOWED)],
    [0.5, refused({ code: 'lifetime_too_short' })],
    [0, refused({ code: 'lifetime_too_short' })],
  ] as const)('%d hours are allowed or not', ([count, expected]) => {
    expect(expiryFrom(hours(count), AT, POLICY)).toEqual(expected);
  });

  test('and is not allowed is told with the company’s rules', () => {
    expect(NOT_ALLOWED).toEqual({ code: 'lifetime_not_allowed', ...POLICY });
  });
});

describe('of a line behind create', () => {
  test.for([
    ['', ''],
    ['deploy-bot', 'deploy-bot'],
    ['deploy bot', 'deploy bot'],
    ['2027', '2027'],
    ['deploy-bot 30', 'deploy-bot 30'],
    ['deploy-bot days', 'deploy-bot days'],
    ['deploy-bot 30x', 'deploy-bot 30x'],
    ['deploy-bot30d', 'deploy-bot30d'],
    ['30d deploy-bot', '30d deploy-bot'],
    ['never ever', 'never ever'],
    ['wait until', 'wait until'],
    ['bot,', 'bot,'],
    ['"30d"', '"30d"'],
    ['"never"', '"never"'],
    ['“deploy bot 45d”', '“deploy bot 45d”'],
    ['bot 1 .5d', 'bot 1 .5d'],
    ['"wait until 2027-01-31"', '"wait until 2027-01-31"'],
    ['＂wait until noon＂', '＂wait until noon＂'],
    ['“wait until the-whole-deployment-is-over”', '“wait until the-whole-deployment-is-over”'],
    ['"until"', '"until"'],
    ['this is not until “tomorrow”', 'this is not until “tomorrow”'],
    ['until one two three four five', 'until one two three four five'],
    ['bot 90d until', 'bot 90d until'],
    [`bot ${'0'.repeat(16)}d`, `bot ${'0'.repeat(16)}d`],
  ] as const)('%s, all is the name', ([line, name]) => {
    expect(splitLifetime(line)).toEqual({ name });
  });

  test.for([
    ['30d', '', '30d'],
    ['deploy-bot 30d', 'deploy-bot', '30d'],
    ['deploy-bot ３０Ｄ', 'deploy-bot', '３０Ｄ'],
    ['my deploy bot 90 days', 'my deploy bot', '90 days'],
    ['2027 90 days', '2027', '90 days'],
    ['bot for 90 days', 'bot', 'for 90 days'],
    ['bot for 90d', 'bot', 'for 90d'],
    ['bot until 90d', 'bot', 'until 90d'],
    ['bot until 90 days', 'bot', 'until 90 days'],
    ['bot until one two three four', 'bot', 'until one two three four'],
    ['bot, 30d', 'bot', '30d'],
    ['a, bot,, 30d', 'a, bot,', '30d'],
    ['bot NEVER', 'bot', 'NEVER'],
    ['bot 30d never', 'bot', '30d never'],
    ['bot never 30d', 'bot', 'never 30d'],
    ['bot 30d 2w', 'bot', '30d 2w'],
    ['bot 1d 2d 3d 4d', 'bot', '1d 2d 3d 4d'],
    ['bot 1d 2d 3d 4d 5d', 'bot 1d', '2d 3d 4d 5d'],
    ['"deploy bot" 45d', '"deploy bot"', '45d'],
    ['"wait until noon" 30d', '"wait until noon"', '30d'],
    ['" 30d', '"', '30d'],
    ['“prod 30d', '“prod', '30d'],
    ['19" 30d', '19"', '30d'],
    ['bot until Jan 31, 2027', 'bot', 'until Jan 31, 2027'],
    ['bot until the-whole-deployment-is-over', 'bot', 'until the-whole-deployment-is-over'],
    ['bot Until tomorrow', 'bot', 'Until tomorrow'],
    ['until until noon', 'until', 'until noon'],
    [`bot ${'0'.repeat(15)}d`, 'bot', `${'0'.repeat(15)}d`],
    ...['m', 'mo', 'mos', 'mth', 'mths', 'month', 'months', 'min', 'mins', 'minute', 'minutes'].map(
      (unit) => [`bot 6 ${unit}`, 'bot', `6 ${unit}`] as const,
    ),
    ...['h', 'd', 'w', 'y'].map((unit) => [`bot 6 ${unit}`, 'bot', `6 ${unit}`] as const),
  ] as const)('%s, the end is the lifetime', ([line, name, lifetime]) => {
    expect(splitLifetime(line)).toEqual({ name, lifetime });
  });

  test.for([...'"\'`«»‘’‚‛“”„‟'])('what stands between %s and the like is a name', (quote) => {
    expect(splitLifetime(`${quote}bot 30d"`)).toEqual({ name: `${quote}bot 30d"` });
    expect(splitLifetime(`"bot 30d${quote}`)).toEqual({ name: `"bot 30d${quote}` });
    expect(splitLifetime(`bot until noon${quote}`)).toEqual({ name: `bot until noon${quote}` });
  });
});
