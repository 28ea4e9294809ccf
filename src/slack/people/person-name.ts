import { formOf } from '../../tokens/name.ts';
import type { PersonId } from '../../tokens/token.ts';
import { within } from '../reply/pause.ts';
import type { Actors, Profile } from './actor.ts';

/** What to type to confirm that it is this person: what people call them, or their id where Slack tells no name. */
export function nameOf(person: PersonId, profile: Profile | undefined): string {
  return profile?.names.find((name) => folded(name) !== '') ?? person;
}

/** Whether `typed` is one of the person's names, or their id, in whatever case, quotes and dashes, and with or without an @. */
export function isNameOf(person: PersonId, profile: Profile | undefined, typed: string): boolean {
  const wanted = folded(typed);
  return wanted !== '' && [person, ...(profile?.names ?? [])].some((name) => folded(name) === wanted);
}

function folded(name: string): string {
  return formOf(name).replace(/^@/, '');
}

/** A trigger is good for 3 s, of which finding out who pressed may have taken one. */
const PROFILE_MS_MAX = 300;

/** What is known of somebody else while a dialog waits to be opened: it opens without, where Slack takes too long. */
export function profileInTime(
  person: PersonId,
  { actors }: { readonly actors: Pick<Actors, 'findProfile'> },
): Promise<Profile | undefined> {
  return within(actors.findProfile(person), PROFILE_MS_MAX);
}
