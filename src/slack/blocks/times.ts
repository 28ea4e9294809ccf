import type { RichTextElement } from '@slack/types';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../clock.ts';
import { counted } from '../../counted.ts';
import { localDay, localTime } from '../../zone.ts';

/*
 * The one way in which times are written in Slack. Where Slack renders dates, each reader sees them in their own zone: a day in
 * tables and lists, its time of day too where one token is told of. Where it renders none (errors, hints, options), `dayText` and
 * `localDay` of zone.ts: *Nov 29, 2027*.
 */

/**
 * *today* and *yesterday* where it is that, else *Nov 29, 2027*.
 * https://docs.slack.dev/messaging/formatting-message-text ("Date formatting")
 */
const DAY_FORMAT = '{date_short_pretty}';
const TIME_FORMAT = `${DAY_FORMAT} at {time}`;

/** The day of an instant, in mrkdwn: for tables and lists. */
export function dateOnly(at: number): string {
  return `<!date^${secondsOf(at)}^${DAY_FORMAT}|${localDay('UTC', at)}>`;
}

/** An instant with its time of day, in mrkdwn. */
export function dateTime(at: number): string {
  return `<!date^${secondsOf(at)}^${TIME_FORMAT}|${utcTime(at)}>`;
}

/** The same as `dateOnly`, as an element of rich text. */
export function dateElement(at: number): RichTextElement {
  return { type: 'date', timestamp: secondsOf(at), format: DAY_FORMAT, fallback: localDay('UTC', at) };
}

/** The same as `dateTime`, as an element of rich text. */
export function dateTimeElement(at: number): RichTextElement {
  return { type: 'date', timestamp: secondsOf(at), format: TIME_FORMAT, fallback: utcTime(at) };
}

/**
 * `3 minutes ago`: how long before `now` something was, in one unit. It ages, so it stands only in what is read at once: dialogs
 * and ephemeral messages.
 */
export function agoOf(at: number, now: number): string {
  const passed = Math.max(0, now - at);
  if (passed < MINUTE_MS) return 'moments ago';
  if (passed < HOUR_MS) return ago(passed / MINUTE_MS, 'minute');
  if (passed < DAY_MS) return ago(passed / HOUR_MS, 'hour');
  return ago(passed / DAY_MS, 'day');
}

function ago(amount: number, unit: string): string {
  return `${counted(Math.floor(amount), unit)} ago`;
}

function secondsOf(at: number): number {
  return Math.floor(at / 1000);
}

/** For clients that render no dates, and for what is copied. It knows no zone of the reader, so it says its own. */
export function utcTime(at: number): string {
  return `${localDay('UTC', at)} at ${localTime('UTC', at)} UTC`;
}
