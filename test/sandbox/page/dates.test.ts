import { expect, test } from 'vitest';
import { dayOf, exactTime, formatDate, fullTime, timeOf } from '../../../sandbox/page/dates.ts';

const BERLIN = { now: new Date('2026-11-24T12:00:00+01:00'), zone: 'Europe/Berlin' };
/** The same instant, a day later where the sun rises first. */
const KIRITIMATI = { ...BERLIN, zone: 'Pacific/Kiritimati' };
const seconds = (iso: string): number => Date.parse(`${iso}+01:00`) / 1000;

test.for([
  ['{date_short_pretty} at {time}', '2026-11-24T09:05', 'today at 9:05 AM'],
  ['{date_short_pretty}', '2026-11-23T23:59', 'yesterday'],
  ['{date_pretty}', '2026-11-25T00:00', 'tomorrow'],
  ['{date_short_pretty}', '2027-02-22T09:00', 'Feb 22, 2027'],
  ['{date}', '2026-11-01T09:00', 'November 1st, 2026'],
  ['{date}', '2026-11-12T09:00', 'November 12th, 2026'],
  ['{date_long}', '2026-11-12T09:00', 'Thursday, November 12th, 2026'],
  ['{date_num}', '2026-01-02T00:30', '2026-01-02'],
  ['{time_secs}', '2026-11-24T00:00', '12:00:00 AM'],
  ['{ago}', '2026-11-24T11:57', '3 minutes ago'],
  ['{unknown}', '2026-11-24T11:57', '{unknown}'],
] as const)('%s of %s is %s', ([format, at, expected]) => {
  expect(formatDate(seconds(at), format, BERLIN)).toBe(expected);
});

test('a day is named by how near it is', () => {
  expect(dayOf(new Date('2026-11-24T00:00:00+01:00'), BERLIN)).toBe('Today');
  expect(dayOf(new Date('2026-11-20T00:00:00+01:00'), BERLIN)).toBe('Friday, November 20th, 2026');
});

test('a date is one of the zone of whoever looks', () => {
  const late = new Date('2026-11-24T23:30:00+01:00');
  const early = seconds('2026-11-24T09:30');

  expect(formatDate(early, '{date_num} {date_short_pretty} {time}', BERLIN)).toBe('2026-11-24 today 9:30 AM');
  expect(formatDate(early, '{date_num} {date_short_pretty} {time}', KIRITIMATI)).toBe(
    '2026-11-24 yesterday 10:30 PM',
  );
  expect([timeOf(late, 'UTC'), exactTime(late, 'America/Lima')]).toEqual(['10:30 PM', '17:30:00']);
  expect(fullTime(late, 'Asia/Tokyo')).toBe('Wednesday, November 25, 2026 at 7:30:00 AM GMT+9');
});
