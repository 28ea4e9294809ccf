import type { Actor } from '../tokens/policy.ts';
import type { Token } from '../tokens/token.ts';
import type { ListenerDeps } from './listener.ts';
import type { KnownVisit } from './visit.ts';

/**
 * Who is ending these tokens: where one is somebody else's, from facts asked for anew, since their role may just have ended.
 * Undefined when Slack did not answer.
 */
export async function actorToRevoke(
  visit: KnownVisit,
  tokens: Iterable<Token>,
  deps: ListenerDeps,
): Promise<Actor | undefined> {
  const areOwn = [...tokens].every(({ owner }) => owner === visit.actor.id);
  return areOwn ? visit.actor : deps.actors.find(visit.personId, visit.teamId, 'fresh');
}
