import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Attention, byAttention, isListed } from './attention.ts';
import { askFor, type ChainAlarm, type Deed } from './audit.ts';
import { type Actor, may, rolesFor } from './policy.ts';
import { type RefuseDeps, type Refused, refuseByPolicy } from './refusal.ts';
import type { ListPage, PageRequest, StatusSelection, TokenStore } from './store.ts';
import type { Delivery } from './telling.ts';
import type { UsedToken, WorkspaceId } from './token.ts';

/** Rows of one export; what is beyond is cut, and that is said. */
export const EXPORT_ROWS_MAX = 10_000;

const CHUNK_ROWS = 200;

/** Chunks that one export looks at: a million tokens. Whether there are more it cannot say, and says that it is cut. */
const CHUNKS_MAX = 5000;

export type StatusRequest = StatusSelection & PageRequest & { readonly actor: Actor };

export type StatusListed = { readonly kind: 'listed'; readonly list: ListPage };

/** A page that is to be shared, which is recorded as asked for. */
export type ShareAsked = { readonly kind: 'asked'; readonly list: ListPage; readonly deed: Deed };

/** Rows that are to be sent, which is recorded as asked for. */
export type ExportAsked = {
  readonly kind: 'asked';
  readonly deed: Deed;
  /** In the order of the list. */
  readonly tokens: readonly UsedToken[];
  /** There are more than one export holds: what comes first in that order is in it. */
  readonly isCut: boolean;
};

/** This delivery did it before. */
export type RepeatedDeed = { readonly kind: 'repeated' };

/** One page of everybody's tokens, for those who may see them all. */
export async function listStatus(request: StatusRequest, deps: RefuseDeps): Promise<StatusListed | Refused> {
  return (
    (await refusalToSeeAll(request.actor, deps)) ?? { kind: 'listed', list: await pageOf(request, deps) }
  );
}

/** The same, to be shown to a whole channel: an audit event tells who asked for that. Once a delivery. */
export async function shareStatus(
  request: StatusRequest & { readonly delivery: Delivery; readonly channel: string },
  deps: RefuseDeps,
): Promise<ShareAsked | RepeatedDeed | Refused> {
  const { actor, delivery, channel } = request;
  const refusal = await refusalToSeeAll(actor, deps);
  if (refusal !== undefined) return refusal;
  const list = await pageOf(request, deps);
  const detail = { channel, tokens: list.tokens.length };
  const deed = { kind: 'status_share', actor: actor.id, tokenId: null, detail } as const;
  if ((await askFor(deed, delivery, deps)) === 'repeated') return { kind: 'repeated' };
  return { kind: 'asked', list, deed };
}

/** All rows of the selection, 10,000 at most: an audit event tells who asked for them. Once a delivery. */
export async function exportStatus(
  request: StatusSelection & { readonly actor: Actor; readonly delivery: Delivery },
  deps: RefuseDeps,
): Promise<ExportAsked | RepeatedDeed | Refused> {
  const { actor, delivery, filter, owner } = request;
  const refusal = await refusalToSeeAll(actor, deps);
  if (refusal !== undefined) return refusal;
  const { tokens, isCut } = await collect(request, deps);
  const detail = { filter, owner, tokens: tokens.length };
  const deed = { kind: 'status_export', actor: actor.id, tokenId: null, detail } as const;
  if ((await askFor(deed, delivery, deps)) === 'repeated') return { kind: 'repeated' };
  return { kind: 'asked', tokens, isCut, deed };
}

/** Undefined for those who may see everybody's tokens. The others hear who may, and nothing of what there is. */
export async function refusalToSeeAll(
  actor: Actor,
  deps: RefuseDeps,
  command: 'status' | 'board' = 'status',
): Promise<Refused | undefined> {
  if (may(actor, 'see', undefined, deps.policy)) return undefined;
  const refusal = { code: 'command_not_permitted', command, roles: rolesFor('see') } as const;
  return refuseByPolicy({ actor, attempted: 'see', tokenId: null, refusal }, deps);
}

function pageOf({ actor, ...request }: StatusRequest, { store, clock }: RefuseDeps): Promise<ListPage> {
  const { filter, owner, page, pageSize } = request;
  return store.listByAttention(actor.workspace, { filter, owner, page, pageSize, now: clock() });
}

/** By key and in chunks: what is created or revoked meanwhile moves no row into or out of sight, and nobody waits long. */
async function collect(
  { actor, filter, owner }: StatusSelection & { readonly actor: Actor },
  { store, clock }: RefuseDeps,
): Promise<{ tokens: UsedToken[]; isCut: boolean }> {
  const now = clock();
  let found: UsedToken[] = [];
  let isCut = false;
  let after: UsedToken | undefined;
  for (let chunks = 1; ; chunks++) {
    const chunk = await store.tokensAfter(actor.workspace, { owner, after: after?.id ?? null });
    found.push(...chunk.filter((token) => isListed(token, filter, now)));
    after = chunk.at(-1);
    if (chunk.length < CHUNK_ROWS) break;
    if (chunks === CHUNKS_MAX) {
      isCut = true;
      break;
    }
    // Now and then, since it sorts: those that come first are kept, and never more than twice as many as are wanted.
    if (found.length > 2 * EXPORT_ROWS_MAX - CHUNK_ROWS) {
      found = byAttention(found, now).slice(0, EXPORT_ROWS_MAX);
      isCut = true;
    }
    // A read is done before it is awaited: without this all of them would be one.
    await nextTurn();
  }
  const tokens = byAttention(found, now).slice(0, EXPORT_ROWS_MAX);
  return { tokens, isCut: isCut || found.length > EXPORT_ROWS_MAX };
}

/** Tokens of one kind that a board names; of the others it says how many there are. */
const NAMED_MAX = 10;

/** What a board names beside its counts, in this order. */
const EXCEPTIONS = [
  'revoked_presented',
  'presented',
  'endless',
  'idle',
  'unclaimed',
  'owner_gone',
] as const satisfies readonly Attention[];

export type BoardException = {
  readonly attention: (typeof EXCEPTIONS)[number];
  /** The first ones. */
  readonly tokens: readonly UsedToken[];
  readonly total: number;
};

/** How everybody's tokens stand. Each token counts once, under the first attention that applies. */
export type BoardFacts = {
  readonly counts: Readonly<Record<Attention, number>>;
  /** Active ones that expire soon, those of which the owner is gone among them. */
  readonly expiringSoon: number;
  /** Those of which there is one or more. */
  readonly exceptions: readonly BoardException[];
  /** Where the audit chain is known to be broken. */
  readonly chainAlarm: ChainAlarm | undefined;
};

/** How everybody's tokens stand at `now`. */
export async function boardFacts(
  workspace: WorkspaceId,
  now: number,
  store: TokenStore,
): Promise<BoardFacts> {
  const counts = await store.countByAttention(workspace, now);
  const soon = { filter: 'expiring', owner: null, page: 1, pageSize: 1, now } as const;
  const { total: expiringSoon } = await store.listByAttention(workspace, soon);
  const exceptions: BoardException[] = [];
  for (const attention of EXCEPTIONS) {
    const total = counts[attention];
    if (total === 0) continue;
    const tokens = await store.firstByAttention(workspace, { attention, limit: NAMED_MAX, now });
    exceptions.push({ attention, tokens, total });
  }
  return { counts, expiringSoon, exceptions, chainAlarm: await store.chainAlarm() };
}
