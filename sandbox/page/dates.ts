const DAY_MS = 86_400_000;

type Form = (date: Date, now: Date) => string;

/** Slack's date tokens. Source: docs.slack.dev/messaging/formatting-message-text, "Date formatting". */
const FORMS: Readonly<Record<string, Form>> = {
  date_num: (date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`,
  date: (date) => long(date),
  date_short: (date) => short(date),
  date_long: (date) => `${part(date, { weekday: 'long' })}, ${long(date)}`,
  date_pretty: (date, now) => nearby(date, now) ?? long(date),
  date_short_pretty: (date, now) => nearby(date, now) ?? short(date),
  date_long_pretty: (date, now) => nearby(date, now) ?? `${part(date, { weekday: 'long' })}, ${long(date)}`,
  time: (date) => timeOf(date),
  time_secs: (date) => part(date, { hour: 'numeric', minute: '2-digit', second: '2-digit' }),
  ago: (date, now) => ago(date, now),
};

/** `text` as the beginning of a line. */
export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A format of Slack's, as `{date_short_pretty} at {time}`, in the visitor's own zone. */
export function formatDate(seconds: number, format: string, now: Date): string {
  const date = new Date(seconds * 1000);
  return format.replace(/\{(\w+)\}/g, (whole, name: string) => FORMS[name]?.(date, now) ?? whole);
}

/** The time of day, as `9:05 AM`. */
export function timeOf(date: Date): string {
  return part(date, { hour: 'numeric', minute: '2-digit' });
}

/** The whole instant, for a tooltip and for machines' eyes. */
export function fullTime(date: Date): string {
  return part(date, { dateStyle: 'full', timeStyle: 'long' });
}

/** The day over a group of messages. */
export function dayOf(date: Date, now: Date): string {
  return capitalised(nearby(date, now) ?? `${part(date, { weekday: 'long' })}, ${long(date)}`);
}

function nearby(date: Date, now: Date): string | undefined {
  const days = Math.round((midnight(date) - midnight(now)) / DAY_MS);
  return { '-1': 'yesterday', 0: 'today', 1: 'tomorrow' }[days];
}

function midnight(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

function long(date: Date): string {
  const day = date.getDate();
  const ending = day % 100 >= 11 && day % 100 <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][day % 10] ?? 'th');
  return `${part(date, { month: 'long' })} ${day}${ending}, ${date.getFullYear()}`;
}

function short(date: Date): string {
  return part(date, { month: 'short', day: 'numeric', year: 'numeric' });
}

function ago(date: Date, now: Date): string {
  const minutes = Math.round((now.getTime() - date.getTime()) / 60_000);
  const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
  if (Math.abs(minutes) < 60) return relative.format(-minutes, 'minute');
  if (Math.abs(minutes) < 1440) return relative.format(-Math.round(minutes / 60), 'hour');
  return relative.format(-Math.round(minutes / 1440), 'day');
}

function part(date: Date, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat('en-US', options).format(date);
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
