import { DAY_MS } from '../clock.ts';
import { remarksOf, statusOf, type UsedToken } from './token.ts';

/** A dead token is still presented when it was within the last 7 days. */
export const PRESENTED_MS_MAX = 7 * DAY_MS;

/**
 * What of a token deserves a look, in the order in which it does. Each token has one, the first that applies.
 * `revoked_presented` and `presented`: revoked or expired, but still presented. `owner_gone`: active, and its owner left or may
 * not use the app. `endless`: never expires. `expired` and `revoked`: and nothing presents it.
 */
export const ATTENTIONS = [
  'revoked_presented',
  'presented',
  'owner_gone',
  'expiring',
  'unclaimed',
  'idle',
  'endless',
  'none',
  'expired',
  'revoked',
] as const;
export type Attention = (typeof ATTENTIONS)[number];

/** Which tokens are listed. `current`: all that are not revoked; `active` holds the unclaimed ones too. */
export const STATUS_FILTERS = ['current', 'active', 'expiring', 'idle', 'expired', 'revoked', 'all'] as const;
export type StatusFilter = (typeof STATUS_FILTERS)[number];

/** The attention of a token at `now`. */
export function attentionOf(token: UsedToken, now: number): Attention {
  const status = statusOf(token, now);
  if (status === 'unclaimed') return status;
  if (status === 'revoked') return isWithin(token.lastTriedAt, now) ? 'revoked_presented' : 'revoked';
  if (status === 'expired') return isStillPresented(token, now) ? 'presented' : 'expired';
  const remarks = remarksOf(token, now);
  if (token.ownerGoneAt !== null) return 'owner_gone';
  if (remarks.includes('expiring soon')) return 'expiring';
  if (remarks.includes('idle')) return 'idle';
  return token.expiresAt === null ? 'endless' : 'none';
}

const LIVE = ['owner_gone', 'expiring', 'unclaimed', 'idle', 'endless', 'none'] as const;

/** What a list holds, in order, of each filter that goes by attention: `expiring` and `idle` go by remark. */
export const ATTENTIONS_OF: Readonly<
  Record<Exclude<StatusFilter, 'expiring' | 'idle'>, readonly Attention[]>
> = {
  current: ['presented', ...LIVE, 'expired'],
  active: LIVE,
  expired: ['presented', 'expired'],
  revoked: ['revoked_presented', 'revoked'],
  all: ATTENTIONS,
};

/** Whether a list of `filter` holds the token at `now`. */
export function isListed(token: UsedToken, filter: StatusFilter, now: number): boolean {
  if (filter === 'expiring') return remarksOf(token, now).includes('expiring soon');
  if (filter === 'idle') return remarksOf(token, now).includes('idle');
  return ATTENTIONS_OF[filter].includes(attentionOf(token, now));
}

/**
 * The tokens in the order of all lists of everybody's: by attention; then what was presented or ended last, what expires
 * soonest, and what waits, idles or is there the longest. Those of one instant go by when they were created, then by their ids.
 */
export function byAttention(tokens: readonly UsedToken[], now: number): UsedToken[] {
  const placed = tokens.map((token) => {
    const attention = attentionOf(token, now);
    return { token, place: ATTENTIONS.indexOf(attention), instant: instantOf(token, attention) };
  });
  placed.sort(
    (a, b) =>
      a.place - b.place ||
      a.instant - b.instant ||
      a.token.createdAt - b.token.createdAt ||
      (a.token.id < b.token.id ? -1 : 1),
  );
  return placed.map(({ token }) => token);
}

/** What tokens of one attention are ordered by: negative where the latest comes first. */
function instantOf(token: UsedToken, attention: Attention): number {
  switch (attention) {
    case 'revoked_presented':
      return -(token.lastTriedAt ?? 0);
    case 'presented':
      return -(token.lastRefusedAt ?? 0);
    case 'expiring':
    case 'none':
      return token.expiresAt ?? 0;
    case 'owner_gone':
    case 'unclaimed':
    case 'endless':
      return token.createdAt;
    case 'idle':
      return token.lastUsedAt ?? token.createdAt;
    case 'expired':
      return -(token.expiresAt ?? 0);
    case 'revoked':
      return -(token.revokedAt ?? 0);
  }
}

/** Presented after its end, and lately. An old value of a token that was rotated may have been refused before its end. */
function isStillPresented({ lastRefusedAt, expiresAt }: UsedToken, now: number): boolean {
  if (lastRefusedAt === null || expiresAt === null) return false;
  return lastRefusedAt >= expiresAt && isWithin(lastRefusedAt, now);
}

function isWithin(at: number | null, now: number): boolean {
  return at !== null && now - at <= PRESENTED_MS_MAX;
}
