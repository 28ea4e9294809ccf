import { type Clock, DAY_MS } from '../clock.ts';
import { REVOKED_AT_ONCE_MAX, type TokenStore } from './store.ts';
import { type Effect, OWNER_BARRED, OWNER_LEFT, sayingsOf } from './telling.ts';
import type { PersonId, WorkspaceId } from './token.ts';

/** What becomes of the live tokens of somebody who left or is barred: they are revoked, or stay and are marked. */
export type LeaverPolicy = 'revoke' | 'flag';

/**
 * What Slack answers about an owner at this moment. `barred`: here, but as somebody who may not use the app, such as a guest.
 * `unknown`: it knows nobody of that id.
 */
export type Whereabouts = 'here' | 'barred' | 'left' | 'unknown';

/** How long until Slack is asked about an owner again. */
export const LOOK_UP_MS = 1 * DAY_MS;

/** How long somebody may be barred before that counts: an admin may have turned them into a guest by a slip. */
export const BARRED_MS_MAX = 1 * DAY_MS;

/** Receipts that are drawn anew when their owner is marked; on those beyond, a press is refused in so many words. */
const REDRAWN_MAX = 200;

export type LeaverDeps = {
  readonly store: TokenStore & Owners;
  readonly clock: Clock;
  readonly leavers: LeaverPolicy;
};

/**
 * Acts on what Slack just answered about the owner. Only `left`, and `barred` for 24 hours, end tokens, 100 a call, and only by
 * policy: then the owner stays due until no live token is left, so that a crash in the middle ends nothing. Somebody unknown
 * to Slack is marked as gone and keeps their tokens: a wrong answer about everybody must not end everything. Who is here
 * again, and may use the app, is marked no more; what was revoked stays revoked.
 */
export async function settleOwner(
  owner: DueOwner,
  whereabouts: Whereabouts,
  deps: LeaverDeps,
): Promise<void> {
  const now = deps.clock();
  const isBarred = whereabouts === 'barred';
  // Since when they are what they are now: who was gone and comes back as a guest has 24 hours from then on.
  const since = owner.isBarred === isBarred ? (owner.goneAt ?? now) : now;
  const isOver = whereabouts === 'left' || (isBarred && now - since >= BARRED_MS_MAX);
  if (isOver && deps.leavers === 'revoke') {
    return revokeSome(owner, isBarred ? OWNER_BARRED : OWNER_LEFT, deps);
  }
  const lookUpAt = isBarred ? Math.min(now + LOOK_UP_MS, nextLook(since, now)) : now + LOOK_UP_MS;
  const goneAt = whereabouts === 'here' ? null : since;
  const effect = await markEffect(owner, whereabouts, now, deps);
  await deps.store.noteOwner(owner, { lookUpAt, goneAt, isBarred, isSuspected: false }, effect);
}

/** Of an owner without live tokens there is nothing to ask and nothing to tell. */
export async function passOwner(owner: DueOwner, { store, clock }: LeaverDeps): Promise<void> {
  await store.noteOwner(owner, { lookUpAt: clock() + LOOK_UP_MS, goneAt: null, isSuspected: false });
}

/** When the 24 hours are over; where that changed nothing, a day later as ever. */
function nextLook(since: number, now: number): number {
  const over = since + BARRED_MS_MAX;
  return over > now ? over : Number.POSITIVE_INFINITY;
}

/** What it brings along that somebody is barred, or may use the app again: their receipts and Home tab offer something else. */
async function markEffect(
  { workspace, person, isBarred }: DueOwner,
  whereabouts: Whereabouts,
  at: number,
  { store }: LeaverDeps,
): Promise<Omit<Effect, 'delivery'> | undefined> {
  const isMarked = whereabouts === 'barred' && !isBarred;
  const isUnmarked = whereabouts === 'here' && isBarred;
  if (!isMarked && !isUnmarked) return undefined;
  const live = { owner: person, filter: 'active', page: 1, pageSize: REDRAWN_MAX, now: at } as const;
  const { tokens } = await store.listTokens(workspace, live);
  const happened = { actor: 'system', action: isMarked ? 'owner.marked' : 'owner.unmarked', at } as const;
  return {
    event: { ...happened, tokenId: null, detail: { owner: person } },
    sayings: sayingsOf(happened, tokens, new Set([person])),
  };
}

async function revokeSome(
  { workspace, person }: DueOwner,
  reason: string,
  { store, clock }: LeaverDeps,
): Promise<void> {
  const at = clock();
  const live = { owner: person, filter: 'active', page: 1, pageSize: REVOKED_AT_ONCE_MAX, now: at } as const;
  const { tokens } = await store.listTokens(workspace, live);
  const ids = tokens.map(({ id }) => id);
  // No delivery asked for it: Slack's answer did, and what is revoked is not revoked again.
  await store.revokeTokens(ids, { actor: 'system', at, reason, held: false }, { keys: [] });
}

/** An owner whom Slack is to be asked about. */
export type DueOwner = {
  readonly workspace: WorkspaceId;
  readonly person: PersonId;
  /** Since when it is due, or before. Tells whether the owner came to be asked about once more while Slack was being asked. */
  readonly lookUpAt: number;
  /** Since when the owner is known to be gone or barred; null: not known to be. */
  readonly goneAt: number | null;
  /** Whether they are barred: in the workspace, but not allowed to use the app. */
  readonly isBarred: boolean;
  /** Whether Slack told something of them that makes them due before everybody who is due by the clock. */
  readonly isSuspected: boolean;
  /** Whether they have a token that is neither revoked nor expired. */
  readonly hasLiveTokens: boolean;
};

/** When Slack is to be asked next about each owner of a token, and which of them are gone. */
export interface Owners {
  /** The owner who has been due longest at `now`, suspected ones first; undefined when nobody is due. */
  ownerToLookUp(workspace: WorkspaceId, now: number): Promise<DueOwner | undefined>;
  /**
   * Slack told that a person changed: an owner is due at once, and suspected, when they are said to be gone or barred, and
   * when they were before and may be back. Who is due already never comes later by it. Nothing is written for anybody else.
   */
  suspectOwner(
    workspace: WorkspaceId,
    person: PersonId,
    news: { readonly isSaidGone: boolean; readonly at: number },
  ): Promise<void>;
  /**
   * What came of it, and what that brings along. Nothing is written when the owner came to be asked about once more in the
   * meantime.
   */
  noteOwner(owner: DueOwner, note: OwnerNote, effect?: Omit<Effect, 'delivery'>): Promise<void>;
}

/** Where an owner stands, and when to ask about them next. */
export type OwnerNote = Pick<DueOwner, 'lookUpAt' | 'goneAt' | 'isSuspected'> &
  Partial<Pick<DueOwner, 'isBarred'>>;
