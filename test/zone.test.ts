import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DAY_MS, isoTime, MINUTE_MS } from '../src/clock.ts';
import {
  type CalendarDate,
  dateIn,
  dayText,
  endOfDayIn,
  isZone,
  localDay,
  localTime,
  parseCalendarDate,
} from '../src/zone.ts';

const ZONES = Intl.supportedValuesOf('timeZone');
/** Those whose clocks change, or changed, at midnight, by half an hour, by a whole day, or to the day before. */
const ODD_ZONES = [
  'America/Sao_Paulo',
  'America/Havana',
  'America/Santiago',
  'America/Nuuk',
  'America/Scoresbysund',
  'America/Goose_Bay',
  'Atlantic/Azores',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Asia/Beirut',
  'Asia/Gaza',
  'Asia/Tehran',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Antarctica/Casey',
  'Antarctica/Troll',
  'Pacific/Apia',
  'Pacific/Chatham',
  'Pacific/Kiritimati',
];
const LAST_DAY = Date.UTC(9999, 11, 31);

describe('a day is', () => {
  test.for([
    '1970-01-01',
    '2000-02-29',
    '2024-02-29',
    '2026-12-31',
    '2038-01-19',
    '2038-01-20',
    '2400-02-29',
    '9999-12-31',
  ])('%s', (text) => {
    expect(parseCalendarDate(text)).toBe(text);
  });
});

describe('no day is', () => {
  test.for([
    ['29 February of a common year', '2026-02-29'],
    ['29 February of 2100, which is no leap year', '2100-02-29'],
    ['30 February', '2024-02-30'],
    ['31 April', '2026-04-31'],
    ['a month 13', '2026-13-01'],
    ['a month 0', '2026-00-10'],
    ['a day 0', '2026-01-00'],
    ['a day 32', '2026-01-32'],
    ['nothing', ''],
    ['a year of five digits', '10000-01-01'],
    ['a year with a sign', '+002026-01-01'],
    ['a month of one digit', '2026-1-01'],
    ['another order', '31-12-2026'],
    ['slashes', '2026/12/31'],
    ['a time behind it', '2026-12-31T00:00:00Z'],
    ['a space behind it', '2026-12-31 '],
    ['a line end behind it', '2026-12-31\n'],
    ['other digits', '２０２６-12-31'],
    ['words', 'tomorrow'],
  ] as const)('%s', ([, text]) => {
    expect(parseCalendarDate(text)).toBeUndefined();
  });

  test('any other text: of all that look like one, those are days that the calendar has', () => {
    const days: string[] = [];
    for (let at = 0; at < Date.UTC(2501, 0); at += DAY_MS) days.push(isoTime(at).slice(0, 10));
    const months = Array.from({ length: (2501 - 1970) * 14 }, (_, month) => {
      return `${1970 + Math.floor(month / 14)}-${twoDigits(month % 14)}`;
    });

    const texts = months.flatMap((month) =>
      Array.from({ length: 33 }, (_, day) => `${month}-${twoDigits(day)}`),
    );

    expect(texts.filter((text) => parseCalendarDate(text) !== undefined)).toEqual(days);
  });
});

describe('the last millisecond of', () => {
  test.for([
    ['a day in UTC', 'UTC', '2026-12-31', '2026-12-31T23:59:59.999Z'],
    ['a leap day', 'UTC', '2028-02-29', '2028-02-29T23:59:59.999Z'],
    ['the day on which 32 bits end', 'UTC', '2038-01-19', '2038-01-19T23:59:59.999Z'],
    ['the last day of all', 'UTC', '9999-12-31', '9999-12-31T23:59:59.999Z'],
    ['the last day of all in the west', 'America/Los_Angeles', '9999-12-31', '+010000-01-01T07:59:59.999Z'],
    ['the last day of all in the east', 'Pacific/Kiritimati', '9999-12-31', '9999-12-31T09:59:59.999Z'],
    ['a leap day in the east', 'Asia/Tokyo', '2028-02-29', '2028-02-29T14:59:59.999Z'],
    ['a day in winter', 'Europe/Berlin', '2026-01-31', '2026-01-31T22:59:59.999Z'],
    ['a day in summer', 'Europe/Berlin', '2026-07-31', '2026-07-31T21:59:59.999Z'],
    ['a day of 23 hours', 'Europe/Berlin', '2026-03-29', '2026-03-29T21:59:59.999Z'],
    ['a day of 25 hours', 'Europe/Berlin', '2026-10-25', '2026-10-25T22:59:59.999Z'],
    ['a day half an hour off', 'Asia/Kolkata', '2026-06-30', '2026-06-30T18:29:59.999Z'],
    ['a day three quarters off', 'Asia/Kathmandu', '2026-06-30', '2026-06-30T18:14:59.999Z'],
    ['a day of 24½ hours', 'Australia/Lord_Howe', '2026-04-05', '2026-04-05T13:29:59.999Z'],
    ['a day furthest in the east', 'Pacific/Kiritimati', '2026-01-01', '2026-01-01T09:59:59.999Z'],
    ['a day furthest in the west', 'Pacific/Pago_Pago', '2026-01-01', '2026-01-02T10:59:59.999Z'],
    // 24:00 becomes 01:00.
    ['a day before one without midnight', 'America/Sao_Paulo', '2018-11-03', '2018-11-04T02:59:59.999Z'],
    ['a day without midnight', 'America/Sao_Paulo', '2018-11-04', '2018-11-05T01:59:59.999Z'],
    ['a day before one without midnight', 'Asia/Beirut', '2026-03-28', '2026-03-28T21:59:59.999Z'],
    ['a day before one without midnight', 'Africa/Cairo', '2026-04-23', '2026-04-23T21:59:59.999Z'],
    // 24:00 becomes 23:00.
    ['a day with two last hours', 'America/Sao_Paulo', '2018-02-17', '2018-02-18T02:59:59.999Z'],
    ['a day with two last hours', 'Asia/Beirut', '2026-10-24', '2026-10-24T21:59:59.999Z'],
    ['a day with two last hours', 'Africa/Cairo', '2026-10-29', '2026-10-29T21:59:59.999Z'],
    ['a day with two last hours', 'America/Santiago', '2026-04-04', '2026-04-05T03:59:59.999Z'],
    // 01:00 becomes 00:00.
    ['a day before one with two midnights', 'Atlantic/Azores', '2026-10-24', '2026-10-24T23:59:59.999Z'],
    ['a day with two midnights', 'Atlantic/Azores', '2026-10-25', '2026-10-26T00:59:59.999Z'],
    ['a day before one with two midnights', 'America/Havana', '2026-10-31', '2026-11-01T03:59:59.999Z'],
    // 00:01 becomes 23:01 of the day before.
    ['a day that comes again', 'America/Goose_Bay', '2010-11-06', '2010-11-07T03:59:59.999Z'],
    ['a day that comes again for an hour', 'Antarctica/Casey', '2010-03-04', '2010-03-04T15:59:59.999Z'],
    // 30 December 2011 was never there.
    ['the day before a skipped one', 'Pacific/Apia', '2011-12-29', '2011-12-30T09:59:59.999Z'],
    ['a skipped day is that of the day before', 'Pacific/Apia', '2011-12-30', '2011-12-30T09:59:59.999Z'],
    ['the day after a skipped one', 'Pacific/Apia', '2011-12-31', '2011-12-31T09:59:59.999Z'],
  ] as const)('%s (%s, %s)', ([, zone, date, end]) => {
    expect(isoTime(endOfDayIn(zone, aDate(date)))).toBe(end);
  });

  test('9999 is a day after the one before, in every zone', () => {
    const lengths = ZONES.map(
      (zone) => endOfDayIn(zone, aDate('9999-12-31')) - endOfDayIn(zone, aDate('9999-12-30')),
    );

    expect(new Set(lengths)).toEqual(new Set([DAY_MS]));
  });

  test('any day is in that day, and the next millisecond in a later one (10,000 instants; fast-check prints the seed)', {
    timeout: 180_000,
  }, () => {
    const zones = fc.oneof(fc.constantFrom(...ZONES), fc.constantFrom(...ODD_ZONES));

    fc.assert(
      fc.property(zones, someDate(), (zone, date) => {
        const end = endOfDayIn(zone, date);

        if (!isSkipped(zone, date)) expect(dateIn(zone, end)).toBe(date);
        expect(dateIn(zone, end) <= date).toBe(true);
        if (date < '9999-12-31') expect(dateIn(zone, end + 1) > date).toBe(true);
      }),
      { numRuns: 10_000 },
    );
  });

  test('a day is the last of all its minutes, wherever clocks change (fast-check prints the seed)', {
    timeout: 180_000,
  }, () => {
    // Until 1972 Monrovia was 44 minutes and 30 seconds behind: a minute of its days is no minute of UTC.
    const first = Date.UTC(1973, 0) / DAY_MS;
    const days = fc.integer({ min: first, max: Date.UTC(2045, 0) / DAY_MS }).map(dayNumber);
    const changes = fc
      .record({ zone: fc.constantFrom(...ODD_ZONES), year: fc.integer({ min: 1973, max: 2044 }) })
      .chain(({ zone, year }) =>
        fc.constantFrom(...daysOfChange(zone, year), `${year}-12-29`).map((date) => ({ zone, date })),
      );
    const anywhere = fc.record({ zone: fc.constantFrom(...ZONES), date: days });

    fc.assert(
      fc.property(fc.oneof(changes, anywhere), ({ zone, date }) => {
        expect(isoTime(endOfDayIn(zone, aDate(date)))).toBe(isoTime(lastMinuteOf(zone, aDate(date))));
      }),
      { numRuns: 150 },
    );
  });
});

describe('the day at an instant is', () => {
  test.for([
    ['that of UTC', 'UTC', '2026-12-31T23:59:59.999Z', '2026-12-31'],
    ['the next one a millisecond later', 'UTC', '2027-01-01T00:00:00.000Z', '2027-01-01'],
    ['already tomorrow in the east', 'Asia/Tokyo', '2026-12-31T15:00:00.000Z', '2027-01-01'],
    ['still yesterday in the west', 'America/New_York', '2026-01-01T04:59:59.999Z', '2025-12-31'],
    ['a leap day', 'America/New_York', '2028-03-01T04:59:59.999Z', '2028-02-29'],
    ['that before a skipped one', 'Pacific/Apia', '2011-12-30T09:59:59.999Z', '2011-12-29'],
    ['that after a skipped one', 'Pacific/Apia', '2011-12-30T10:00:00.000Z', '2011-12-31'],
    ['in the year in which it is', 'Asia/Bangkok', '2026-06-01T00:00:00.000Z', '2026-06-01'],
  ] as const)('%s', ([, zone, at, date]) => {
    expect(dateIn(zone, Date.parse(at))).toBe(date);
  });
});

describe('a zone is', () => {
  test('every one that this machine lists, and UTC', () => {
    expect(
      [...ZONES, 'UTC', 'Etc/GMT+12', 'Etc/GMT-14', 'Asia/Calcutta'].filter((zone) => !isZone(zone)),
    ).toEqual([]);
  });

  test.for([
    '',
    ' ',
    'Mars/Olympus',
    'Europe/Berlin ',
    'Europe/Berlin\n',
    '__proto__',
    'PST8PDT9',
    'x'.repeat(9999),
  ])('not %j', (zone) => {
    expect(isZone(zone)).toBe(false);
  });
});

function aDate(text: string): CalendarDate {
  const date = parseCalendarDate(text);
  if (date === undefined) throw new Error(`${text} is no day`);
  return date;
}

/** A day of 1970 to 9999; leap days, the ends of years and 2038 more often than others. */
function someDate(): fc.Arbitrary<CalendarDate> {
  const years = fc.integer({ min: 1970, max: 9999 });
  return fc
    .oneof(
      { weight: 4, arbitrary: fc.integer({ min: 0, max: Date.UTC(2045, 0) / DAY_MS }).map(dayNumber) },
      { weight: 2, arbitrary: fc.integer({ min: 0, max: LAST_DAY / DAY_MS }).map(dayNumber) },
      { weight: 1, arbitrary: years.map((year) => (isLeap(year) ? `${year}-02-29` : `${year}-02-28`)) },
      { weight: 1, arbitrary: years.map((year) => `${year}-12-31`) },
      { weight: 1, arbitrary: fc.constantFrom('2038-01-18', '2038-01-19', '2038-01-20', '9999-12-31') },
    )
    .map(aDate);
}

function dayNumber(days: number): string {
  return isoTime(days * DAY_MS).slice(0, 10);
}

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

/** Two Pacific states changed sides of the date line within what is tested here. */
function isSkipped(zone: string, date: string): boolean {
  const skipped: Readonly<Record<string, string>> = {
    'Pacific/Apia': '2011-12-30',
    'Pacific/Fakaofo': '2011-12-30',
    'Pacific/Enderbury': '1994-12-31',
    'Pacific/Kanton': '1994-12-31',
    'Pacific/Kiritimati': '1994-12-31',
    'Pacific/Kwajalein': '1993-08-21',
  };
  return skipped[zone] === date;
}

/** The days of `year` whose length in `zone` is not that of others, by noon to noon, and those before them. */
function daysOfChange(zone: string, year: number): string[] {
  const clock = wallClockOf(zone);
  const days: string[] = [];
  for (let at = Date.UTC(year, 0, 1, 12); at < Date.UTC(year, 11, 30); at += DAY_MS) {
    const [before, after] = [clock(at).slice(11), clock(at + DAY_MS).slice(11)];
    if (before !== after) days.push(clock(at).slice(0, 10), clock(at + DAY_MS).slice(0, 10));
  }
  return days;
}

/** The slow way: looks at every minute of four days. */
function lastMinuteOf(zone: string, date: CalendarDate): number {
  const clock = wallClockOf(zone);
  const noon = Date.parse(`${date}T12:00:00Z`);
  let end = Number.NaN;
  for (let at = noon - 2 * DAY_MS; at < noon + 2 * DAY_MS; at += MINUTE_MS) {
    if (clock(at).slice(0, 10) <= date) end = at + MINUTE_MS - 1;
  }
  return end;
}

/** `YYYY-MM-DDTHH:MM` by the clocks of `zone`. Swedish is written so. */
function wallClockOf(zone: string): (at: number) => string {
  const format = new Intl.DateTimeFormat('sv', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' });
  return (at) => format.format(at).replace(' ', 'T');
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}

test.for([
  ['UTC', '2026-01-01T00:00:00Z', 'Jan 1, 2026', '12:00 AM'],
  ['UTC', '2026-01-01T03:12:59.999Z', 'Jan 1, 2026', '3:12 AM'],
  ['UTC', '2026-12-31T12:00:00Z', 'Dec 31, 2026', '12:00 PM'],
  ['UTC', '2026-12-31T23:59:59.999Z', 'Dec 31, 2026', '11:59 PM'],
  ['Asia/Tokyo', '2026-01-01T15:00:00Z', 'Jan 2, 2026', '12:00 AM'],
  ['Asia/Kolkata', '2026-01-01T00:00:00Z', 'Jan 1, 2026', '5:30 AM'],
  ['America/New_York', '2026-07-01T03:05:00Z', 'Jun 30, 2026', '11:05 PM'],
] as const)('in %s, at %s, people read %s and %s', ([zone, at, day, time]) => {
  expect(localDay(zone, Date.parse(at))).toBe(day);
  expect(localTime(zone, Date.parse(at))).toBe(time);
});

test('each month has its name', () => {
  const read = Array.from({ length: 12 }, (_, month) =>
    dayText(`2027-${String(month + 1).padStart(2, '0')}-09` as CalendarDate),
  );

  const english = new Intl.DateTimeFormat('en-US', { dateStyle: 'medium', timeZone: 'UTC' });
  expect(read).toEqual(read.map((_, month) => english.format(Date.UTC(2027, month, 9))));
});
