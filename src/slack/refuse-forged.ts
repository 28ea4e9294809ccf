import type { Action } from '../tokens/policy.ts';
import type { Refusal } from '../tokens/refusal.ts';
import { refuseByPolicy } from '../tokens/refuse.ts';
import type { ListenerDeps } from './listener.ts';
import type { KnownVisit } from './visit.ts';

/** A press or dialog that carries what none of ours does: an audit event, and the words for a token that is not there. */
export async function refuseForged(
  visit: KnownVisit,
  attempted: Action,
  deps: ListenerDeps,
): Promise<Refusal> {
  const refusal = { code: 'token_not_found' } as const;
  await refuseByPolicy({ actor: visit.actor, attempted, tokenId: null, refusal }, deps);
  return refusal;
}
