import type { Actor } from '../tokens/policy.ts';
import type { TokenId } from '../tokens/token.ts';
import type { ListenerDeps } from './listener.ts';
import type { KnownVisit } from './visit.ts';

/**
 * Who is ending these tokens: where one is somebody else's, from facts asked for anew, since their role may just have ended.
 * Undefined when Slack did not answer.
 */
export async function actorToRevoke(
  visit: KnownVisit,
  tokenIds: readonly TokenId[],
  deps: ListenerDeps,
): Promise<Actor | undefined> {
  for (const id of tokenIds) {
    const token = await deps.store.findToken(visit.actor.workspace, id);
    if (token !== undefined && token.owner !== visit.actor.id) {
      return deps.actors.find(visit.personId, visit.teamId, 'fresh');
    }
  }
  return visit.actor;
}
