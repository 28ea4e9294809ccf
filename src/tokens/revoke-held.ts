import type { Clock } from '../clock.ts';
import type { StoredSecret, TokenStore } from './store.ts';

/**
 * Ends the token of a value that verified just now: whoever holds it may, and says neither who they are nor why. Its owner is
 * told, once. Nothing happens when it was revoked meanwhile.
 */
export async function revokeHeld(
  secret: StoredSecret,
  { store, clock }: { readonly store: Pick<TokenStore, 'revokeToken'>; readonly clock: Clock },
): Promise<void> {
  const at = clock();
  const { tokenId } = secret;
  await store.revokeToken(
    tokenId,
    { actor: 'holder', at, reason: null },
    {
      event: {
        at,
        actor: 'holder',
        action: 'token.revoked',
        tokenId,
        detail: { name: secret.name, reason: null, held: 1 },
      },
      delivery: { keys: [] },
      sayings: [
        { saying: { kind: 'receipt', tokenId }, dueAt: at },
        { saying: { kind: 'home', person: secret.owner }, dueAt: at },
        { saying: { kind: 'revoked_by_other', tokenId }, dueAt: at },
      ],
    },
  );
}
