import { DAY_MS, HOUR_MS } from '../clock.ts';
import { type CalendarDate, dateIn, endOfDayIn, parseCalendarDate } from '../zone.ts';
import { type Refusal, type Refused, refused } from './refusal.ts';

/** When a token is to end, as a person chose it. */
export type ExpiryChoice =
  | { readonly kind: 'days'; readonly days: number }
  | { readonly kind: 'hours'; readonly hours: number }
  /** The end of that day in the person's own zone; `date` is as it was filled in, empty when it was not. */
  | { readonly kind: 'date'; readonly date: string }
  | { readonly kind: 'never' }
  /** As it was typed behind a command, in a form of `parseLifetime` or not. */
  | { readonly kind: 'typed'; readonly text: string }
  /** The date that a token has: for a rotation alone. */
  | { readonly kind: 'keep' };

/** The company's rules for how long a token may live. */
export type LifetimePolicy = {
  readonly lifetimeDaysMax: number;
  readonly mayNeverExpire: boolean;
};

/**
 * The instant from which the token is refused (null: never), for a choice that policy allows. `current` is the expiry that
 * `keep` keeps; without it there is none to keep.
 */
export function expiryFrom(
  choice: ExpiryChoice,
  at: { readonly now: number; readonly zone: string; readonly current?: number | null },
  policy: LifetimePolicy,
): { readonly kind: 'expiry'; readonly expiresAt: number | null } | Refused {
  switch (choice.kind) {
    case 'keep':
      return at.current === undefined ? notAllowed(policy) : { kind: 'expiry', expiresAt: at.current };
    case 'never':
      return policy.mayNeverExpire ? { kind: 'expiry', expiresAt: null } : notAllowed(policy);
    case 'days': {
      const isAllowed =
        Number.isInteger(choice.days) && choice.days >= 1 && choice.days <= policy.lifetimeDaysMax;
      return isAllowed ? { kind: 'expiry', expiresAt: at.now + choice.days * DAY_MS } : notAllowed(policy);
    }
    case 'hours':
      return hoursExpiry(choice.hours, at.now, policy);
    case 'date':
      return dateExpiry(choice.date, at, policy);
    case 'typed':
      return typedExpiry(choice.text, at, policy);
  }
}

/** The last day that a person in `zone` may choose: the last one whose end policy still allows. */
export function latestDate(now: number, zone: string, policy: LifetimePolicy): CalendarDate {
  const limit = now + policy.lifetimeDaysMax * DAY_MS;
  // Days of 23 to 25 hours, where clocks change: which one is the last is looked up, not reckoned.
  const days = [0, 12, 24, 36, 48].map((hours) => dateIn(zone, limit - hours * HOUR_MS));
  const latest = days.find((date) => endOfDayIn(zone, date) <= limit);
  if (latest === undefined) throw new Error('a day is longer than two in this zone');
  return latest;
}

const HOURS_A_DAY = DAY_MS / HOUR_MS;

function hoursExpiry(hours: number, now: number, policy: LifetimePolicy) {
  if (hours < 1) return refused({ code: 'lifetime_too_short' });
  const isAllowed = Number.isInteger(hours) && hours <= policy.lifetimeDaysMax * HOURS_A_DAY;
  return isAllowed ? ({ kind: 'expiry', expiresAt: now + hours * HOUR_MS } as const) : notAllowed(policy);
}

/** Whatever stands in its way is told with what was typed. */
function typedExpiry(
  text: string,
  at: Parameters<typeof expiryFrom>[1],
  policy: LifetimePolicy,
): ReturnType<typeof expiryFrom> {
  const choice = parseLifetime(text);
  const expiry =
    choice === undefined ? refused({ code: 'lifetime_unclear' }) : expiryFrom(choice, at, policy);
  return expiry.kind === 'expiry'
    ? expiry
    : refused({ code: 'typed_expiry', typed: text, why: expiry.refusal });
}

/** `30d`, `2 weeks`, `1.5y`; longer numbers are none that anybody means. */
const AMOUNT = /^(?:for )?([+-]?\d{1,30}(?:\.\d{1,9})?) ?([a-z]{1,10})$/;

const HOURS_BY_UNIT: ReadonlyMap<string, number> = new Map(
  (
    [
      [1, 'h hr hrs hour hours'],
      [HOURS_A_DAY, 'd day days'],
      [7 * HOURS_A_DAY, 'w wk wks week weeks'],
      [365 * HOURS_A_DAY, 'y yr yrs year years'],
    ] as const
  ).flatMap(([hours, units]) => units.split(' ').map((unit) => [unit, hours] as const)),
);

const DATE = /^until (\d{4})-(\d{1,2})-(\d{1,2})$/;

/** What a typed lifetime asks for: hours, days, weeks or years, a date, or never. Undefined: it cannot be told. */
export function parseLifetime(text: string): Exclude<ExpiryChoice, { kind: 'typed' | 'keep' }> | undefined {
  if (text.length > LIFETIME_WORD_MAX * DATE_WORDS_MAX) return undefined;
  const typed = text.normalize('NFKC').toLowerCase();
  if (typed === 'never') return { kind: 'never' };
  const [, year, month = '', day = ''] = DATE.exec(typed) ?? [];
  if (year !== undefined) {
    return { kind: 'date', date: `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}` };
  }
  const [, amount, unit = ''] = AMOUNT.exec(typed) ?? [];
  const hours = Number(amount) * (HOURS_BY_UNIT.get(unit) ?? Number.NaN);
  if (Number.isNaN(hours) || !Number.isInteger(hours)) return undefined;
  const isDays = hours > 0 && hours % HOURS_A_DAY === 0;
  return isDays ? { kind: 'days', days: hours / HOURS_A_DAY } : { kind: 'hours', hours };
}

/** Not lifetimes here, but meant as such: how long a month is, nobody can tell. */
const OTHER_UNITS: ReadonlySet<string> = new Set(
  'm mo mos mth mths month months min mins minute minutes'.split(' '),
);

const QUOTES = '"\'\u00ab\u00bb\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f`';

/** Longer than any word of a lifetime, in whatever letters. */
const LIFETIME_WORD_MAX = 16;

/** A date may be written in so many words. */
const DATE_WORDS_MAX = 4;

/** More of them than anybody means, at the end of one line. */
const LIFETIMES_MAX = 4;

/**
 * What was typed behind `create`, on one line: a name, and the lifetime at its end, as it was typed. What stands in quotes is a
 * name. Several lifetimes are told as one, which is none.
 */
export function splitLifetime(line: string): { readonly name: string; readonly lifetime?: string } {
  let words = line === '' ? [] : line.split(' ');
  const found: string[] = [];
  for (let lifetimes = 0; lifetimes < LIFETIMES_MAX; lifetimes++) {
    const count = lifetimeWords(words);
    if (count === 0) break;
    found.unshift(...words.slice(-count));
    words = words.slice(0, -count);
  }
  const name = words.join(' ');
  return found.length === 0 ? { name } : { name: name.replace(/,$/, ''), lifetime: found.join(' ') };
}

/** How many of the last words are a lifetime, or are meant as one. */
function lifetimeWords(words: readonly string[]): number {
  const folded = words
    .slice(-DATE_WORDS_MAX - 1)
    .map((word) => (word.length > LIFETIME_WORD_MAX ? '' : word.normalize('NFKC').toLowerCase()));
  const last = folded.at(-1) ?? '';
  if (last === 'never') return 1;
  const counts = [1, 2].filter((count) => isLifetime(folded.slice(-count).join(' ')));
  const [count] = counts;
  if (count !== undefined) return ['for', 'until'].includes(folded.at(-1 - count) ?? '') ? count + 1 : count;
  const until = folded.lastIndexOf('until');
  if (until === -1 || until === folded.length - 1) return 0;
  // What ends in quotes is a name, in wide ones too. Of a long word nothing is left but what was typed.
  const isQuoted = [...last, ...(words.at(-1) ?? '')].some((sign) => QUOTES.includes(sign));
  return isQuoted ? 0 : folded.length - until;
}

function isLifetime(text: string): boolean {
  const [, , unit = ''] = AMOUNT.exec(text) ?? [];
  return HOURS_BY_UNIT.has(unit) || OTHER_UNITS.has(unit);
}

function dateExpiry(text: string, { now, zone }: { now: number; zone: string }, policy: LifetimePolicy) {
  const latest = latestDate(now, zone, policy);
  if (text === '') return refused({ code: 'date_needed', latest });
  const date = parseCalendarDate(text);
  if (date === undefined) return refused({ code: 'date_unknown', latest });
  if (date < dateIn(zone, now)) return refused({ code: 'date_past', latest });
  if (date > latest) return refused({ code: 'date_too_far', latest });
  const expiresAt = endOfDayIn(zone, date);
  // The very last millisecond of today: a token would be born expired.
  return expiresAt > now ? ({ kind: 'expiry', expiresAt } as const) : refused({ code: 'date_past', latest });
}

/** That policy allows no such lifetime. */
export function lifetimeNotAllowed({ lifetimeDaysMax, mayNeverExpire }: LifetimePolicy): Refusal {
  return { code: 'lifetime_not_allowed', lifetimeDaysMax, mayNeverExpire };
}

function notAllowed(policy: LifetimePolicy): Refused {
  return refused(lifetimeNotAllowed(policy));
}
