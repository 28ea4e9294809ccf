import { DAY_MS, HOUR_MS } from '../clock.ts';
import { findToken } from './find.ts';
import type { Actor } from './policy.ts';
import { type Refused, refused } from './refusal.ts';
import type { RefuseDeps } from './refuse.ts';
import type { Delivery } from './store.ts';
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
