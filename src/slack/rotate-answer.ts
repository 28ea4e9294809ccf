import { findToken } from '../tokens/find.ts';
import { keptScopes } from '../tokens/kept-scopes.ts';
import type { Actor } from '../tokens/policy.ts';
import { statusOf, wasNeverClaimed } from '../tokens/token.ts';
import { type Answer, refusalAnswer } from './answer.ts';
import { rotateDialog } from './blocks/rotate-dialog.ts';
import { metadataText } from './dialog-metadata.ts';
import type { ListenerDeps } from './listener.ts';

/** Asks how the token of that name or id shall be rotated, or an expired one renewed. */
export async function rotateAnswer(actor: Actor, nameOrId: string, deps: ListenerDeps): Promise<Answer> {
  const found = await findToken(nameOrId, 'rotate', actor, deps);
  if (found.kind === 'refused') return refusalAnswer(found.refusal);
  const { token } = found;
  const now = deps.clock();
  const status = statusOf(token, now);
  if (status === 'revoked') return refusalAnswer({ code: 'already_revoked', name: token.name });
  if (wasNeverClaimed(token, now)) return refusalAnswer({ code: 'never_claimed', name: token.name });
  if (status === 'unclaimed') return refusalAnswer({ code: 'not_claimed', name: token.name });
  const kept = await keptScopes(token, deps);
  if (kept.kind === 'refused') return refusalAnswer(kept.refusal);
  const { leftOut } = kept;
  const liveValueCount = (await deps.store.liveValues(token.id, now)).length;
  const metadata = metadataText({ tokenId: token.id, generation: token.generation });
  const view = rotateDialog(token, { liveValueCount, zone: actor.zone, metadata, now, leftOut }, deps.policy);
  return { kind: 'dialog', view };
}
