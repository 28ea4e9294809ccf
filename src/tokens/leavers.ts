import { type Clock, DAY_MS } from '../clock.ts';
import type { DueOwner, Owners } from './owners.ts';
import { sayingsAbout } from './showing.ts';
import type { Effect, TokenStore } from './store.ts';
import type { Token } from './token.ts';

/** What becomes of the live tokens of somebody who left: they are revoked, or stay and are marked *owner gone*. */
export type LeaverPolicy = 'revoke' | 'flag';
/** What Slack answers about an owner at this moment. `unknown`: it knows nobody of that id. */
export type Whereabouts = 'here' | 'left' | 'unknown';

/** The reason of a revocation that nobody asked for. */
export const OWNER_LEFT = 'owner left';

/** How long until Slack is asked about an owner again. */
export const LOOK_UP_MS = 1 * DAY_MS;
/** Tokens that one call revokes. */
const REVOKED_MAX = 200;

export type LeaverDeps = {
  readonly store: TokenStore & Owners;
  readonly clock: Clock;
  readonly leavers: LeaverPolicy;
};

/**
 * Acts on what Slack just answered about the owner. Only `left` ends tokens, 200 a call, and only by policy: then the owner
 * stays due until no live token is left, so that a crash in the middle ends nothing. Somebody unknown to Slack is marked as
 * gone and keeps their tokens: a wrong answer about everybody must not end everything. Who is here again is gone no more;
 * what was revoked stays revoked.
 */
export async function settleOwner(
  owner: DueOwner,
  whereabouts: Whereabouts,
  deps: LeaverDeps,
): Promise<void> {
  if (whereabouts === 'left' && deps.leavers === 'revoke') return revokeSome(owner, deps);
  const now = deps.clock();
  const goneAt = whereabouts === 'here' ? null : (owner.goneAt ?? now);
  await deps.store.noteOwner(owner, { lookUpAt: now + LOOK_UP_MS, goneAt });
}

/** Of an owner without live tokens there is nothing to ask and nothing to tell. */
export async function passOwner(owner: DueOwner, { store, clock }: LeaverDeps): Promise<void> {
  await store.noteOwner(owner, { lookUpAt: clock() + LOOK_UP_MS, goneAt: null });
}

async function revokeSome({ workspace, person }: DueOwner, { store, clock }: LeaverDeps): Promise<void> {
  const at = clock();
  const live = { owner: person, filter: 'active', page: 1, pageSize: REVOKED_MAX, now: at } as const;
  const { tokens } = await store.listTokens(workspace, live);
  for (const token of tokens) {
    await store.revokeToken(token.id, { actor: 'system', at, reason: OWNER_LEFT }, effectOf(token, at));
  }
}

/** The owner cannot be told any more; whoever created the token for them can. */
function effectOf(token: Token, at: number): Effect {
  const byOther = token.createdBy !== token.owner;
  return {
    event: {
      at,
      actor: 'system',
      action: 'token.revoked',
      tokenId: token.id,
      detail: { name: token.name, reason: OWNER_LEFT, held: 0 },
    },
    // No delivery asked for it: Slack's answer did, and what is revoked is not revoked again.
    delivery: { keys: [] },
    sayings: [
      ...sayingsAbout(token, at),
      ...(byOther ? [{ saying: { kind: 'owner_left', tokenId: token.id } as const, dueAt: at }] : []),
    ],
  };
}
