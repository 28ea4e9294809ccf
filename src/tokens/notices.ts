import { DAY_MS, HOUR_MS } from '../clock.ts';
import { findToken } from './find.ts';
import type { Actor } from './policy.ts';
import { type RefuseDeps, type Refused, refused } from './refusal.ts';
import type { Delivery, Notice, NoticeKind } from './telling.ts';
import { statusOf, type Token, type TokenId, type UsedToken } from './token.ts';

/**
 * Tells the owner once more of the token's expiry: in 24 hours, or an hour before it expires when that is sooner. `dueAt` is
 * that instant; a delivery that comes twice does not move it.
 */
export async function remindTomorrow(
  request: { readonly actor: Actor; readonly tokenId: TokenId; readonly delivery: Delivery },
  deps: RefuseDeps,
): Promise<{ readonly kind: 'noted'; readonly token: UsedToken; readonly dueAt: number } | Refused> {
  const found = await findToken(request.tokenId, 'rotate', request.actor, deps);
  if (found.kind === 'refused') return found;
  const { token } = found;
  const now = deps.clock();
  const status = statusOf(token, now);
  if (status === 'revoked') return refused({ code: 'already_revoked', name: token.name });
  if (status === 'expired') return refused({ code: 'expired', name: token.name });
  const reminder = { kind: 'reminder', dueAt: reminderDueAt(token, now) } as const;
  const dueAt = await deps.store.remind(token.id, reminder, request.delivery);
  return { kind: 'noted', token, dueAt };
}

function reminderDueAt({ expiresAt }: Token, now: number): number {
  const tomorrow = now + DAY_MS;
  return expiresAt === null ? tomorrow : Math.max(now, Math.min(tomorrow, expiresAt - HOUR_MS));
}

const NOTICES = [
  { kind: 'expires_in_14_days', days: 14 },
  { kind: 'expires_in_7_days', days: 7 },
  { kind: 'expires_tomorrow', days: 1 },
] as const;

/** The notices of an expiry that are still to come at `now`. */
export function noticesBefore(expiresAt: number | null, now: number): Notice[] {
  if (expiresAt === null) return [];
  return NOTICES.map(({ kind, days }) => ({ kind, dueAt: expiresAt - days * DAY_MS })).filter(
    ({ dueAt }) => dueAt > now,
  );
}

/** Whether a notice of this kind, which was due before, is still to be said at `now`: a token may have changed since. */
export function isStillDue(kind: NoticeKind, token: Token, now: number): boolean {
  const status = statusOf(token, now);
  if (kind === 'dead_presented') return status === 'expired';
  if (kind === 'revoked_presented') return status === 'revoked';
  if (status !== 'active') return false;
  const notice = NOTICES.find((one) => one.kind === kind);
  return notice === undefined || (token.expiresAt !== null && token.expiresAt - now <= notice.days * DAY_MS);
}
