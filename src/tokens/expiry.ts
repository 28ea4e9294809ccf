import { DAY_MS, HOUR_MS } from '../clock.ts';
import { type CalendarDate, dateIn, endOfDayIn, parseCalendarDate } from '../zone.ts';
import { type Refusal, type Refused, refused } from './refusal.ts';

/** When a token is to end, as a person chose it. */
export type ExpiryChoice =
  | { readonly kind: 'days'; readonly days: number }
  /** The end of that day in the person's own zone; `date` is as it was filled in, empty when it was not. */
  | { readonly kind: 'date'; readonly date: string }
  | { readonly kind: 'never' }
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
    case 'date':
      return dateExpiry(choice.date, at, policy);
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
