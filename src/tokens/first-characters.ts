import { lookUpToken } from './find.ts';
import { holdsSecret } from './finder.ts';
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
 * The token that `text` means by its id or name, or else, for whoever may revoke any, those (five at most) that have a value
 * which begins so. Anybody else is refused, once and alike, whether or not there is such a value: nothing of it is looked up.
 */
export async function findToRevoke(
  text: string,
  actor: Actor,
  deps: RefuseDeps,
): Promise<{ kind: 'found'; tokens: readonly UsedToken[] } | Refused> {
  const token = await lookUpToken(text, actor, deps.store);
  if (token !== undefined && may(actor, 'revoke', token, deps.policy)) {
    return { kind: 'found', tokens: [token] };
  }
  const refusal = { code: 'token_not_found' } as const;
  const refuse = () =>
    refuseByPolicy({ actor, attempted: 'revoke', tokenId: token?.id ?? null, refusal }, deps);
  if (token !== undefined) return refuse();
  const characters = parseFirstCharacters(text);
  if (characters === undefined) return refused(refusal);
  if (!may(actor, 'revoke', undefined, deps.policy)) {
    // A whole value with wrong check digits is the slip of whoever holds it, and no attempt.
    return holdsSecret(text) ? refused(refusal) : refuse();
  }
  const tokens = await deps.store.findByFirstCharacters(actor.workspace, characters);
  if (tokens.length === 0) return refused(refusal);
  if (tokens.length > OFFERED_MAX) return refused({ code: 'too_many_matches' });
  return { kind: 'found', tokens };
}
