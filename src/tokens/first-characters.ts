import { meantBy, refuseUnknown } from './find.ts';
import { holdsSecret } from './finder.ts';
import { type Actor, may } from './policy.ts';
import { type Refused, refused } from './refusal.ts';
import type { RefuseDeps } from './refuse.ts';
import type { UsedToken } from './token.ts';

const OFFERED_MAX = 5;
/** A prefix and 6 or more characters of a lookup id; after all 12 the secret may have begun. It may end in an ellipsis. */
const FIRST_CHARACTERS =
  /^[a-z][a-z0-9]{1,9}_(?:([0-9A-Za-z]{6,12})|([0-9A-Za-z]{12})_[0-9A-Za-z]{0,38})(?:…|\.{3})?$/;

/** The characters of a lookup id that `text`, the beginning of a value, holds; undefined when it is no such beginning. */
export function parseFirstCharacters(text: string): string | undefined {
  const [, part, whole] = FIRST_CHARACTERS.exec(text.trim()) ?? [];
  return part ?? whole;
}

/** Tokens that a text may mean, and how: as what they are called, as what a value of theirs begins with, or as either. */
export type FoundToRevoke = {
  readonly kind: 'found';
  readonly tokens: readonly UsedToken[];
  readonly by: 'name' | 'first_characters' | 'either';
};

/**
 * The tokens that `text` may mean. By its id or name, as `findTyped` has it; and, for whoever may revoke any, those that have a
 * value which begins so (five at most), also where a token has that name: a name that was chosen to be taken for a leaked value
 * stands beside the token whose value leaked. Anybody else is refused, once and alike, whether or not there is such a value:
 * nothing of it is looked up.
 */
export async function findToRevoke(
  text: string,
  actor: Actor,
  deps: RefuseDeps,
): Promise<FoundToRevoke | Refused> {
  const meant = await meantBy(text, 'revoke', actor, deps);
  const named = meant.tokens;
  const characters = parseFirstCharacters(text);
  const mayRevokeAny = may(actor, 'revoke', undefined, deps.policy);
  const begun =
    characters === undefined || !mayRevokeAny
      ? []
      : await deps.store.findByFirstCharacters(actor.workspace, characters);
  if (begun.length > OFFERED_MAX) return refused({ code: 'too_many_matches' });
  const others = begun.filter(({ id }) => !named.some((token) => token.id === id));
  if (others.length > 0) {
    return {
      kind: 'found',
      tokens: [...named, ...others],
      by: named.length > 0 ? 'either' : 'first_characters',
    };
  }
  if (named.length > 0) return { kind: 'found', tokens: named, by: 'name' };
  // A whole value with wrong check digits is the slip of whoever holds it, and no attempt.
  const isAttempt = characters !== undefined && !mayRevokeAny && !holdsSecret(text);
  return refuseUnknown({ ...meant, ...(isAttempt ? { isAttempt } : {}) }, 'revoke', actor, deps);
}
