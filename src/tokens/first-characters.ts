import { type Actor, may } from './policy.ts';
import { type Refused, refused } from './refusal.ts';
import { type RefuseDeps, refuseByPolicy } from './refuse.ts';
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

/**
 * The tokens, five at most, that have a value whose lookup id begins with `characters`: for whoever may revoke any. Anybody
 * else hears what they would of a token that is not there.
 */
export async function findByFirstCharacters(
  characters: string,
  actor: Actor,
  deps: RefuseDeps,
): Promise<{ kind: 'found'; tokens: readonly UsedToken[] } | Refused> {
  const tokens = await deps.store.findByFirstCharacters(actor.workspace, characters);
  const [first] = tokens;
  if (first === undefined) return refused({ code: 'token_not_found' });
  if (!may(actor, 'revoke', undefined, deps.policy)) {
    const refusal = { code: 'token_not_found' } as const;
    return refuseByPolicy({ actor, attempted: 'revoke', tokenId: first.id, refusal }, deps);
  }
  if (tokens.length > OFFERED_MAX) return refused({ code: 'too_many_matches' });
  return { kind: 'found', tokens };
}
