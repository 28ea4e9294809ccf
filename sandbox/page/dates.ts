const DAY_MS = 86_400_000;

/** The instant at which somebody looks, and the time zone (IANA) of whoever looks. */
export type Look = { now: Date; zone: string };

type Form = (date: Date, look: Look) => string;

/** Slack's date tokens. Source: docs.slack.dev/messaging/formatting-message-text, "Date formatting". */
const FORMS: Readonly<Record<string, Form>> = {
  date_num: (date, { zone }) => new Date(midnight(date, zone)).toISOString().slice(0, 10),
  date: (date, { zone }) => long(date, zone),
  date_short: (date, { zone }) => short(date, zone),
  date_long: (date, { zone }) => longest(date, zone),
  date_pretty: (date, look) => nearby(date, look) ?? long(date, look.zone),
  date_short_pretty: (date, look) => nearby(date, look) ?? short(date, look.zone),
  date_long_pretty: (date, look) => nearby(date, look) ?? longest(date, look.zone),
  time: (date, { zone }) => timeOf(date, zone),
  time_secs: (date, { zone }) => part(date, zone, { hour: 'numeric', minute: '2-digit', second: '2-digit' }),
  ago: (date, { now }) => ago(date, now),
};

/** `text` as the beginning of a line. */
export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A format of Slack's, as `{date_short_pretty} at {time}`, as this reader sees it. */
export function formatDate(seconds: number, format: string, look: Look): string {
  const date = new Date(seconds * 1000);
  return format.replace(/\{(\w+)\}/g, (whole, name: string) => FORMS[name]?.(date, look) ?? whole);
}

/** The time of day, as `9:05 AM`. */
export function timeOf(date: Date, zone: string): string {
  return part(date, zone, { hour: 'numeric', minute: '2-digit' });
}

/** The time of day to the second, as `09:05:59`. */
export function exactTime(date: Date, zone: string): string {
  return new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeStyle: 'medium' }).format(date);
}

/** The whole instant, for a tooltip. */
export function fullTime(date: Date, zone: string): string {
  return part(date, zone, { dateStyle: 'full', timeStyle: 'long' });
}

/** The day over a group of messages. */
export function dayOf(date: Date, look: Look): string {
  return capitalised(nearby(date, look) ?? longest(date, look.zone));
}

function nearby(date: Date, { now, zone }: Look): string | undefined {
  const days = (midnight(date, zone) - midnight(now, zone)) / DAY_MS;
  return { '-1': 'yesterday', 0: 'today', 1: 'tomorrow' }[days];
}

/** The day in this zone, as the instant at which that day begins in UTC: so days can be counted. */
function midnight(date: Date, zone: string): number {
  const number = (options: Intl.DateTimeFormatOptions): number => Number(part(date, zone, options));
  return Date.UTC(number({ year: 'numeric' }), number({ month: 'numeric' }) - 1, number({ day: 'numeric' }));
}

function longest(date: Date, zone: string): string {
  return `${part(date, zone, { weekday: 'long' })}, ${long(date, zone)}`;
}

function long(date: Date, zone: string): string {
  const day = Number(part(date, zone, { day: 'numeric' }));
  const ending = day % 100 >= 11 && day % 100 <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][day % 10] ?? 'th');
  return `${part(date, zone, { month: 'long' })} ${day}${ending}, ${part(date, zone, { year: 'numeric' })}`;
}

function short(date: Date, zone: string): string {
  return part(date, zone, { month: 'short', day: 'numeric', year: 'numeric' });
}

function ago(date: Date, now: Date): string {
  const minutes = Math.round((now.getTime() - date.getTime()) / 60_000);
  const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
  if (Math.abs(minutes) < 60) return relative.format(-minutes, 'minute');
  if (Math.abs(minutes) < 1440) return relative.format(-Math.round(minutes / 60), 'hour');
  return relative.format(-Math.round(minutes / 1440), 'day');
}

function part(date: Date, zone: string, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat('en-US', { ...options, timeZone: zone }).format(date);
}
