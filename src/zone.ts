import { DAY_MS, isoTime, SECOND_MS } from './clock.ts';

/** A day of the calendar, `YYYY-MM-DD`, that exists. */
export type CalendarDate = string & { readonly brand: 'CalendarDate' };

/** The day that `text` is; undefined when it is none, as 29 February of most years. */
export function parseCalendarDate(text: string): CalendarDate | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return undefined;
  const midnight = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(midnight) || isoTime(midnight).slice(0, 10) !== text
    ? undefined
    : (text as CalendarDate);
}

/** Whether `zone` is a time zone that this machine knows (IANA, as Slack tells them). */
export function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** The day that it is in `zone` at the instant `at`. */
export function dateIn(zone: string, at: number): CalendarDate {
  return isoTime(wallClock(zone, at)).slice(0, 10) as CalendarDate;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A day as people read it: `Nov 29, 2027`. */
export function dayText(date: CalendarDate): string {
  const [year = '', month, day] = date.split('-');
  return `${MONTHS[Number(month) - 1]} ${Number(day)}, ${year}`;
}

/** The day that it is in `zone` at the instant `at`, as people read it. */
export function localDay(zone: string, at: number): string {
  return dayText(dateIn(zone, at));
}

/** The time of day in `zone` at that instant, as Slack writes it: `3:07 PM`. */
export function localTime(zone: string, at: number): string {
  const time = isoTime(wallClock(zone, at));
  const hour = Number(time.slice(11, 13));
  return `${hour % 12 || 12}:${time.slice(14, 16)} ${hour < 12 ? 'AM' : 'PM'}`;
}

/**
 * The last millisecond of `date` in `zone`. Exact where clocks change at midnight too: a day ends where it never comes again,
 * however often midnight strikes.
 */
export function endOfDayIn(zone: string, date: CalendarDate): number {
  const midnight = Date.parse(`${date}T00:00:00Z`) + DAY_MS;
  const isOver = (at: number) => wallClock(zone, at) >= midnight;
  const offsets = [-DAY_MS, 0, DAY_MS].map((shift) => offsetIn(zone, midnight + shift));
  const candidates = offsets.map((offset) => midnight - offset).sort((a, b) => a - b);
  // The last: clocks that are set back just after midnight bring the day back.
  const start = candidates.findLast((at) => isOver(at) && !isOver(at - 1));
  if (start === undefined) throw new Error('a day has no end in this zone');
  return start - 1;
}

/** How far the clocks of `zone` are ahead of UTC at `at`, in milliseconds. */
function offsetIn(zone: string, at: number): number {
  const whole = Math.floor(at / SECOND_MS) * SECOND_MS;
  return wallClock(zone, whole) - whole;
}

/** The instant at which clocks of UTC show what those of `zone` show at `at`, in whole seconds. */
function wallClock(zone: string, at: number): number {
  // Without a formatter, which is dear to make: every date that Slack renders has a fallback in UTC.
  if (zone === 'UTC') return Math.floor(at / SECOND_MS) * SECOND_MS;
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    calendar: 'iso8601',
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).formatToParts(at);
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value);
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
}
