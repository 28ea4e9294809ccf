import { setImmediate as nextTurn } from 'node:timers/promises';
import { withoutStrays, withoutUnseen } from './characters.ts';
import { type NameKey, nameKeyOf, type TokenName, TYPED_LENGTH_MAX } from './name.ts';
import { type Action, type Actor, may } from './policy.ts';
import { type Refused, refused } from './refusal.ts';
import { type RefuseDeps, refuseByPolicy } from './refuse.ts';
import { formOf, formOfKey, isWithinOneEdit } from './resemblance.ts';
import type { TokenStore } from './store.ts';
import { parseTokenId, type TokenId, type UsedToken } from './token.ts';

/** Tokens offered where a text may mean several, and names offered where it is nearly one. */
const OFFERED_MAX = 5;
/** 50,000 names: whoever has more of them types a name as it is. */
const PAGES_MAX = 250;
const BEFORE_ALL = '';

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

/**
 * The tokens that a person may mean by what they typed, of those that they may do `action` with: the one of that id or name
 * or, where there is none, those whose names differ in nothing but quotes, dashes and what draws nothing (five at most). Where
 * there is none either, the refusal tells the names within one edit. What is not for them has no part in any of this.
 */
export async function findTyped(
  text: string,
  action: Action,
  actor: Actor,
  deps: RefuseDeps,
): Promise<{ kind: 'found'; tokens: readonly UsedToken[] } | Refused> {
  const meant = await meantBy(text, action, actor, deps);
  return meant.tokens.length > 0
    ? { kind: 'found', tokens: meant.tokens }
    : refuseUnknown(meant, action, actor, deps);
}

/** What a text may mean: tokens; or none, with names that it nearly is, and a token that is not for the actor. */
export type Meant = {
  readonly tokens: readonly UsedToken[];
  readonly nearly: readonly UsedToken[];
  readonly hidden: UsedToken | undefined;
};

/** As `findTyped`, before anything is refused. */
export async function meantBy(text: string, action: Action, actor: Actor, deps: RefuseDeps): Promise<Meant> {
  const exact = await lookUpToken(text, actor, deps.store);
  if (exact !== undefined && may(actor, action, exact, deps.policy)) {
    return { tokens: [exact], nearly: [], hidden: undefined };
  }
  const { alike, near } = await keysLike(formOf(text), action, actor, deps);
  const find = async (keys: readonly NameKey[]) => {
    const tokens = await Promise.all(keys.map((key) => deps.store.findTokenByName(actor.workspace, key)));
    return tokens.filter(
      (token) => token !== undefined && may(actor, action, token, deps.policy),
    ) as UsedToken[];
  };
  return { tokens: await find(alike), nearly: await find(near), hidden: exact };
}

/**
 * Refuses what means nothing; in the same words, with an event, what means a token that is not for the actor, or was an attempt
 * at one.
 */
export function refuseUnknown(
  { nearly, hidden, isAttempt = hidden !== undefined }: Omit<Meant, 'tokens'> & { isAttempt?: boolean },
  action: Action,
  actor: Actor,
  deps: RefuseDeps,
): Promise<Refused> | Refused {
  const refusal =
    nearly.length > 0
      ? ({ code: 'token_misnamed', nearly: nearly.map(({ id, name }) => ({ id, name })) } as const)
      : ({ code: 'token_not_found' } as const);
  return isAttempt
    ? refuseByPolicy({ actor, attempted: action, tokenId: hidden?.id ?? null, refusal }, deps)
    : refused(refusal);
}

/** The token that `text` means by its id or name, whoever may do what with it. */
export function lookUpToken(text: string, actor: Actor, store: TokenStore): Promise<UsedToken | undefined> {
  if (text.length > TYPED_LENGTH_MAX) return Promise.resolve(undefined);
  const id = parseTokenId(withoutUnseen(text).trim());
  return id === undefined
    ? // Not `parseName`: a name may be older than a rule for names.
      store.findTokenByName(actor.workspace, nameKeyOf(withoutStrays(text) as TokenName))
    : store.findToken(actor.workspace, id);
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

/** Goes through the names of all the tokens that the actor may do `action` with, a page at a time. */
async function keysLike(
  form: string,
  action: Action,
  actor: Actor,
  { store, policy }: RefuseDeps,
): Promise<{ alike: readonly NameKey[]; near: readonly NameKey[] }> {
  const alike: { key: NameKey }[] = [];
  const near: { key: NameKey }[] = [];
  const owner = may(actor, action, undefined, policy) ? null : actor.id;
  let after: string = BEFORE_ALL;
  for (let page = 0; page < PAGES_MAX && form !== ''; page++) {
    const keys = await store.nameKeysAfter(actor.workspace, { owner, after });
    const last = keys.at(-1);
    if (last === undefined) break;
    const forms = keys.map((key) => ({ key, other: formOfKey(key) }));
    alike.push(...forms.filter(({ other }) => other === form));
    near.push(...forms.filter(({ other }) => isWithinOneEdit(other, form)));
    after = last;
    // The next page is read in a turn of its own, so that verifications come between.
    await nextTurn();
  }
  return { alike: firstKeys(alike), near: firstKeys(near) };
}

function firstKeys(found: readonly { key: NameKey }[]): readonly NameKey[] {
  return found.slice(0, OFFERED_MAX).map(({ key }) => key);
}
