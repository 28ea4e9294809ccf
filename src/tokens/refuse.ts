import type { Clock } from '../clock.ts';
import type { AccessPolicy, Action, Actor } from './policy.ts';
import { type Refusal, type Refused, refused } from './refusal.ts';
import type { TokenStore } from './store.ts';
import type { TokenId } from './token.ts';

export type RefuseDeps = {
  readonly store: TokenStore;
  readonly clock: Clock;
  readonly policy: AccessPolicy;
};

/** A refusal because of who the actor is. Unlike a field error it leaves an audit event, and nothing else. */
export async function refuseByPolicy(
  what: {
    readonly actor: Actor;
    /** `unknown_press`: a button or dialog that this version does not draw; `misplaced_press`: a button where it draws none. */
    readonly attempted: Action | 'use_app' | 'unknown_press' | 'misplaced_press';
    readonly tokenId: TokenId | null;
    readonly refusal: Refusal;
  },
  deps: Pick<RefuseDeps, 'store' | 'clock'>,
): Promise<Refused> {
  await deps.store.recordRefusal({
    at: deps.clock(),
    actor: what.actor.id,
    action: 'action.refused',
    tokenId: what.tokenId,
    detail: { attempted: what.attempted, standing: what.actor.standing },
  });
  return refused(what.refusal);
}
