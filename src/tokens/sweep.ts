import { type Clock, DAY_MS } from '../clock.ts';
import { sayingsAbout } from './showing.ts';
import type { TokenStore } from './store.ts';
import type { WorkspaceId } from './token.ts';

/** How long a token may wait for its owner to take it. */
export const UNCLAIMED_MS_MAX = 7 * DAY_MS;
const REASON = 'never claimed';

/** Revokes the tokens that nobody claimed within 7 days of their creation; 200 a call. */
export async function revokeUnclaimed(
  workspace: WorkspaceId,
  { store, clock }: { readonly store: TokenStore; readonly clock: Clock },
): Promise<void> {
  const at = clock();
  for (const { id } of await store.unclaimedSince(workspace, at - UNCLAIMED_MS_MAX)) {
    const token = await store.findToken(workspace, id);
    // Its owner may have claimed it while the others were being revoked.
    if (token === undefined || token.claimedAt !== null) continue;
    await store.revokeToken(
      token.id,
      { actor: 'system', at, reason: REASON },
      {
        event: {
          at,
          actor: 'system',
          action: 'token.revoked',
          tokenId: token.id,
          detail: { name: token.name, reason: REASON, held: 0 },
        },
        delivery: { keys: [] },
        sayings: [
          ...sayingsAbout(token, at),
          { saying: { kind: 'revoked_by_other', tokenId: token.id }, dueAt: at },
        ],
      },
    );
  }
}
