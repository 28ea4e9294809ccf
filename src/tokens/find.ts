import { nameKeyOf, parseName } from './name.ts';
import { type Action, type Actor, may } from './policy.ts';
import { type Refused, refused } from './refusal.ts';
import { type RefuseDeps, refuseByPolicy } from './refuse.ts';
import type { TokenStore } from './store.ts';
import { parseTokenId, type TokenId, type UsedToken } from './token.ts';

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
  return allowed(await lookUpToken(text, actor, deps.store), action, actor, deps);
}

/**
 * As `findToken`, of several by their ids (100 at most): all of them in that order, or the refusal of the first that is not
 * there or not for them.
 */
export async function findTokens(
  ids: readonly TokenId[],
  action: Action,
  actor: Actor,
  deps: RefuseDeps,
): Promise<{ kind: 'found'; tokens: readonly UsedToken[] } | Refused> {
  const there = await deps.store.findTokens(actor.workspace, ids);
  const tokens: UsedToken[] = [];
  for (const id of ids) {
    const found = await allowed(there.get(id), action, actor, deps);
    if (found.kind === 'refused') return found;
    tokens.push(found.token);
  }
  return { kind: 'found', tokens };
}

/** The token that `text` means by its id or name, whoever may do what with it. */
export function lookUpToken(text: string, actor: Actor, store: TokenStore): Promise<UsedToken | undefined> {
  const id = parseTokenId(text);
  return id === undefined ? byName(text, actor, store) : store.findToken(actor.workspace, id);
}

async function allowed(
  token: UsedToken | undefined,
  action: Action,
  actor: Actor,
  deps: RefuseDeps,
): Promise<{ kind: 'found'; token: UsedToken } | Refused> {
  const refusal = { code: 'token_not_found' } as const;
  if (token === undefined) return refused(refusal);
  if (may(actor, action, token, deps.policy)) return { kind: 'found', token };
  return refuseByPolicy({ actor, attempted: action, tokenId: token.id, refusal }, deps);
}

async function byName(text: string, actor: Actor, store: TokenStore): Promise<UsedToken | undefined> {
  const parsed = parseName(text);
  if ('flaw' in parsed) return undefined;
  return store.findTokenByName(actor.workspace, nameKeyOf(parsed.name));
}
