import type { PersonId } from '../tokens/token.ts';
import type { Actors, Profile } from './actor.ts';
import { within } from './within.ts';

/** A trigger is good for 3 s, of which finding out who pressed may have taken one. */
const PROFILE_MS_MAX = 300;

/** What is known of somebody else while a dialog waits to be opened: it opens without, where Slack takes too long. */
export function profileInTime(
  person: PersonId,
  { actors }: { readonly actors: Pick<Actors, 'findProfile'> },
): Promise<Profile | undefined> {
  return within(actors.findProfile(person), PROFILE_MS_MAX);
}
