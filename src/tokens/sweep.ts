import type { Clock } from '../clock.ts';
import { sayingsAbout } from './showing.ts';
import type { Effect, TokenStore } from './store.ts';
import { type Token, UNCLAIMED_MS_MAX, type WorkspaceId } from './token.ts';

const REASON = 'never claimed';

/**
 * Revokes the tokens that nobody claimed within 7 days of their creation; 200 a call. It tidies: what makes and shows values
 * refuses such a token from that instant on, whether this has run or not.
 */
export async function revokeUnclaimed(
  workspace: WorkspaceId,
  { store, clock }: { readonly store: TokenStore; readonly clock: Clock },
): Promise<void> {
  const at = clock();
  for (const token of await store.unclaimedSince(workspace, at - UNCLAIMED_MS_MAX)) {
    // False where its owner claimed it while the others were being revoked: then it stays theirs.
    await store.revokeUnclaimed(token.id, { at, reason: REASON }, effectOf(token, at));
  }
}

function effectOf(token: Token, at: number): Omit<Effect, 'delivery'> {
  return {
    event: {
      at,
      actor: 'system',
      action: 'token.revoked',
      tokenId: token.id,
      detail: { name: token.name, reason: REASON, held: 0 },
    },
    sayings: [
      ...sayingsAbout(token, at),
      { saying: { kind: 'revoked_by_other', tokenId: token.id }, dueAt: at },
      ...(token.createdBy === token.owner
        ? []
        : [{ saying: { kind: 'never_claimed', tokenId: token.id } as const, dueAt: at }]),
    ],
  };
}
