import { findToken } from '../tokens/find.ts';
import { heldProof } from '../tokens/held.ts';
import type { Actor } from '../tokens/policy.ts';
import { statusOf, type UsedToken } from '../tokens/token.ts';
import type { TokenValue } from '../tokens/token-value.ts';
import { verifyValue } from '../tokens/verify.ts';
import { type Answer, refusalAnswer } from './answer.ts';
import { revokeDialog } from './blocks/revoke-dialog.ts';
import { metadataText } from './dialog-metadata.ts';
import type { ListenerDeps } from './listener.ts';

/** Asks whether the token of that name or id shall be ended. */
export async function revokeAnswer(actor: Actor, nameOrId: string, deps: ListenerDeps): Promise<Answer> {
  const found = await findToken(nameOrId, 'revoke', actor, deps);
  return found.kind === 'refused'
    ? refusalAnswer(found.refusal)
    : question(actor, found.token, undefined, deps);
}

/** Asks the same of whoever holds a value, whosever token it is. */
export async function revokeHeldAnswer(actor: Actor, value: TokenValue, deps: ListenerDeps): Promise<Answer> {
  const verdict = await verifyValue(value, deps);
  if (verdict.kind === 'busy') return refusalAnswer({ code: 'verification_busy' });
  if (verdict.kind === 'bad') return refusalAnswer({ code: 'value_not_live' });
  const { tokenId } = verdict.secret;
  const found = await findToken(tokenId, 'revoke_held', actor, deps);
  if (found.kind === 'refused') return refusalAnswer(found.refusal);
  const held = heldProof({ actor: actor.id, tokenId, at: deps.clock() }, deps.peppers.current);
  return question(actor, found.token, held, deps);
}

function question(actor: Actor, token: UsedToken, held: string | undefined, deps: ListenerDeps): Answer {
  const now = deps.clock();
  if (statusOf(token, now) === 'revoked') return refusalAnswer({ code: 'already_revoked', name: token.name });
  const metadata = metadataText({ tokenId: token.id, held });
  return { kind: 'dialog', view: revokeDialog(token, { byOwner: token.owner === actor.id, metadata, now }) };
}
