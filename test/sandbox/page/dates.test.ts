import { expect, test } from 'vitest';
import { dayOf, formatDate } from '../../../sandbox/page/dates.ts';

const NOW = new Date(2026, 10, 24, 12, 0);
const seconds = (...parts: [number, number, number, number, number]): number =>
  new Date(...parts).getTime() / 1000;

test.for([
  ['{date_short_pretty} at {time}', seconds(2026, 10, 24, 9, 5), 'today at 9:05 AM'],
  ['{date_short_pretty}', seconds(2026, 10, 23, 23, 59), 'yesterday'],
  ['{date_pretty}', seconds(2026, 10, 25, 0, 0), 'tomorrow'],
  ['{date_short_pretty}', seconds(2027, 1, 22, 9, 0), 'Feb 22, 2027'],
  ['{date}', seconds(2026, 10, 1, 9, 0), 'November 1st, 2026'],
  ['{date}', seconds(2026, 10, 12, 9, 0), 'November 12th, 2026'],
  ['{date_num}', seconds(2026, 0, 2, 9, 0), '2026-01-02'],
  ['{ago}', seconds(2026, 10, 24, 11, 57), '3 minutes ago'],
  ['{unknown}', 0, '{unknown}'],
] as const)('%s of %d is %s', ([format, at, expected]) => {
  expect(formatDate(at, format, NOW)).toBe(expected);
});

test('a day is named by how near it is', () => {
  expect(dayOf(new Date(2026, 10, 24), NOW)).toBe('Today');
  expect(dayOf(new Date(2026, 10, 20), NOW)).toBe('Friday, November 20th, 2026');
});
