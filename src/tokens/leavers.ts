import { type Clock, DAY_MS } from '../clock.ts';
import type { DueOwner, Owners } from './owners.ts';
import { tellEach } from './revoke.ts';
import { sayingsAbout } from './showing.ts';
import { type Effect, REVOKED_AT_ONCE_MAX, type TokenStore } from './store.ts';
import type { Token } from './token.ts';

/** What becomes of the live tokens of somebody who left: they are revoked, or stay and are marked *owner gone*. */
export type LeaverPolicy = 'revoke' | 'flag';
/** What Slack answers about an owner at this moment. `unknown`: it knows nobody of that id. */
export type Whereabouts = 'here' | 'left' | 'unknown';

/** The reason of a revocation that nobody asked for. */
export const OWNER_LEFT = 'owner left';

/** How long until Slack is asked about an owner again. */
export const LOOK_UP_MS = 1 * DAY_MS;
export type LeaverDeps = {
  readonly store: TokenStore & Owners;
  readonly clock: Clock;
  readonly leavers: LeaverPolicy;
};

/**
 * Acts on what Slack just answered about the owner. Only `left` ends tokens, 100 a call, and only by policy: then the owner
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
  await deps.store.noteOwner(owner, { lookUpAt: now + LOOK_UP_MS, goneAt, isSuspected: false });
}

/** Of an owner without live tokens there is nothing to ask and nothing to tell. */
export async function passOwner(owner: DueOwner, { store, clock }: LeaverDeps): Promise<void> {
  await store.noteOwner(owner, { lookUpAt: clock() + LOOK_UP_MS, goneAt: null, isSuspected: false });
}

async function revokeSome({ workspace, person }: DueOwner, { store, clock }: LeaverDeps): Promise<void> {
  const at = clock();
  const live = { owner: person, filter: 'active', page: 1, pageSize: REVOKED_AT_ONCE_MAX, now: at } as const;
  const { tokens } = await store.listTokens(workspace, live);
  const ids = tokens.map(({ id }) => id);
  // No delivery asked for it: Slack's answer did, and what is revoked is not revoked again.
  await store.revokeTokens(ids, { actor: 'system', at, reason: OWNER_LEFT }, { keys: [] }, (ended) =>
    effectsOf(
      tokens.filter(({ id }) => ended.includes(id)),
      at,
    ),
  );
}

/** The owner cannot be told any more; whoever created tokens for them can, once of all that ended together. */
function effectsOf(ended: readonly Token[], at: number): Omit<Effect, 'delivery'>[] {
  const byOthers = ended.filter(({ owner, createdBy }) => createdBy !== owner);
  const told = tellEach(byOthers, ({ createdBy }) => createdBy, 'owner_left').map((saying) => ({
    saying,
    dueAt: at,
  }));
  return ended.map((token, index) => ({
    event: {
      at,
      actor: 'system',
      action: 'token.revoked',
      tokenId: token.id,
      detail: { name: token.name, reason: OWNER_LEFT, held: 0 },
    },
    sayings: [...sayingsAbout(token, at), ...(index === 0 ? told : [])],
  }));
}
