import type { Attention } from './attention.ts';
import type { TokenStore } from './store.ts';
import type { UsedToken, WorkspaceId } from './token.ts';

/** Tokens of one kind that a board names; of the others it says how many there are. */
const NAMED_MAX = 10;

/** What a board names beside its counts, in this order. */
const EXCEPTIONS = [
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
  return { counts, expiringSoon, exceptions };
}
