import { type AccessPolicy, type Action, type Actor, may, rolesFor } from '../tokens/policy.ts';
import type { Token } from '../tokens/token.ts';
import type { Actors } from './actor.ts';
import type { KnownVisit } from './visit.ts';

/**
 * Who is doing something that changes what is somebody else's, or takes the knowledge of it out of their own sight: by what
 * Slack answers now, since their role may just have ended. With one's own tokens alone, and where as things are remembered
 * they may not do it anyway, that is who visits. Undefined when Slack did not answer: then nothing is done.
 */
export async function confirmedActor(
  visit: Pick<KnownVisit, 'actor' | 'personId' | 'teamId'>,
  action: Action,
  tokens: Iterable<Pick<Token, 'owner' | 'workspace'>> | 'everybodys',
  deps: { readonly actors: Pick<Actors, 'findAnew'>; readonly policy: AccessPolicy },
): Promise<Actor | undefined> {
  const { actor } = visit;
  const asked = tokens === 'everybodys' ? [undefined] : [...tokens];
  const areOwn = asked.every((token) => token?.owner === actor.id);
  if (areOwn || !asked.every((token) => may(actor, action, token, deps.policy))) return actor;
  return deps.actors.findAnew(visit.personId, visit.teamId, rolesFor(action));
}
