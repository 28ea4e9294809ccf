import { nameKeyOf, parseName } from './name.ts';
import { type Action, type Actor, may } from './policy.ts';
import { type Refused, refused } from './refusal.ts';
import { type RefuseDeps, refuseByPolicy } from './refuse.ts';
import type { TokenStore } from './store.ts';
import { parseTokenId, type UsedToken } from './token.ts';

/**
 * The token that `text` means by its id or name, if the actor may do `action` with it. A token that is not there and one
 * that is not for them are the same refusal.
 */
export async function findToken(
  text: string,
  action: Action,
  actor: Actor,
  deps: RefuseDeps,
): Promise<{ kind: 'found'; token: UsedToken } | Refused> {
  const id = parseTokenId(text);
  const token =
    id === undefined
      ? await byName(text, actor, deps.store)
      : await deps.store.findToken(actor.workspace, id);
  if (token === undefined) return refused({ code: 'token_not_found' });
  if (!may(actor, action, token, deps.policy)) {
    return refuseByPolicy(
      { actor, attempted: action, tokenId: token.id, refusal: { code: 'token_not_found' } },
      deps,
    );
  }
  return { kind: 'found', token };
}

async function byName(text: string, actor: Actor, store: TokenStore): Promise<UsedToken | undefined> {
  const parsed = parseName(text);
  if ('flaw' in parsed) return undefined;
  return store.findTokenByName(actor.workspace, nameKeyOf(parsed.name));
}
