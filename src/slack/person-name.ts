import { formOf } from '../tokens/resemblance.ts';
import type { PersonId } from '../tokens/token.ts';
import type { Profile } from './actor.ts';

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
