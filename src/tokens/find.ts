import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ChainAlarm } from './audit.ts';
import { withoutStrays, withoutUnseen } from './characters.ts';
import { holdsSecret } from './finder.ts';
import {
  foldedOf,
  formOf,
  formOfKey,
  isWithinOneEdit,
  type NameKey,
  nameKeyOf,
  type TokenName,
  TYPED_LENGTH_MAX,
} from './name.ts';
import { type Action, type Actor, may, mayUseApp, rolesFor } from './policy.ts';
import {
  PURPOSE_LENGTH_MAX,
  type Refusal,
  type RefuseDeps,
  type Refused,
  refuseByPolicy,
  refused,
} from './refusal.ts';
import type { EventPage, ListFilter, ListPage, PageRequest, TokenStore, TokenTexts } from './store.ts';
import { parseTokenId, type TokenId, type UsedToken } from './token.ts';

/** Tokens offered where a text may mean several, and names offered where it is nearly one. */
const OFFERED_MAX = 5;

/** 50,000 names: whoever has more of them types a name as it is. */
const PAGES_MAX = 250;

const BEFORE_ALL = '';

/** No purpose has more UTF-16 units. */
const SEARCHED_UNITS_MAX = 2 * PURPOSE_LENGTH_MAX;

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
 * As `findToken`, of several by their ids, out of those that are `there`: all of them in that order, or the refusal of the first
 * that is not there or not for them.
 */
export async function allowedTokens(
  ids: readonly TokenId[],
  there: ReadonlyMap<TokenId, UsedToken>,
  action: Action,
  actor: Actor,
  deps: RefuseDeps,
): Promise<{ kind: 'found'; tokens: readonly UsedToken[] } | Refused> {
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
async function meantBy(text: string, action: Action, actor: Actor, deps: RefuseDeps): Promise<Meant> {
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

const NOT_FOUND: Refusal = { code: 'token_not_found' };

/**
 * Refuses what means nothing; in the same words, with an event, what means a token that is not for the actor, or was an attempt
 * at one.
 */
function refuseUnknown(
  {
    nearly,
    hidden,
    isAttempt = hidden !== undefined,
    refusal: unknown = NOT_FOUND,
  }: Omit<Meant, 'tokens'> & {
    isAttempt?: boolean;
    refusal?: Refusal;
  },
  action: Action,
  actor: Actor,
  deps: RefuseDeps,
): Promise<Refused> | Refused {
  const refusal =
    nearly.length > 0
      ? ({ code: 'token_misnamed', nearly: nearly.map(({ id, name }) => ({ id, name })) } as const)
      : unknown;
  return isAttempt
    ? refuseByPolicy({ actor, attempted: action, tokenId: hidden?.id ?? null, refusal }, deps)
    : refused(refusal);
}

/** The token that `text` means by its id or name, whoever may do what with it. */
export function lookUpToken(
  text: string,
  actor: Pick<Actor, 'workspace'>,
  store: TokenStore,
): Promise<UsedToken | undefined> {
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
  const alike: NameKey[] = [];
  const near: NameKey[] = [];
  const owner = may(actor, action, undefined, policy) ? null : actor.id;
  let after: string = BEFORE_ALL;
  for (let page = 0; page < PAGES_MAX && form !== ''; page++) {
    const keys = await store.nameKeysAfter(actor.workspace, { owner, after });
    const last = keys.at(-1);
    if (last === undefined) break;
    const forms = keys.map((key) => ({ key, other: formOfKey(key) }));
    alike.push(...forms.flatMap(({ key, other }) => (other === form ? [key] : [])));
    near.push(...forms.flatMap(({ key, other }) => (isWithinOneEdit(other, form) ? [key] : [])));
    after = last;
    // The next page is read in a turn of its own, so that verifications come between.
    await nextTurn();
  }
  return { alike: alike.slice(0, OFFERED_MAX), near: near.slice(0, OFFERED_MAX) };
}

const MATCHES_MAX = 5;

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
  if (begun.length > MATCHES_MAX) return refused({ code: 'too_many_matches' });
  const others = begun.filter(({ id }) => !named.some((token) => token.id === id));
  const tokens = [...named, ...others];
  const by = others.length === 0 ? 'name' : named.length === 0 ? 'first_characters' : 'either';
  if (tokens.length > 0) return { kind: 'found', tokens, by };
  // A whole value with wrong check digits is the slip of whoever holds it, and no attempt.
  const isAttempt = characters !== undefined && !mayRevokeAny && !holdsSecret(text);
  const refusal = { code: 'first_characters_not_permitted', roles: rolesFor('revoke') } as const;
  const unsaid = isAttempt ? { isAttempt, refusal } : {};
  return refuseUnknown({ ...meant, ...unsaid }, 'revoke', actor, deps);
}

export type Listed = { readonly kind: 'listed'; readonly filter: ListFilter; readonly list: ListPage };

/** One page of the actor's own tokens. */
export async function listTokens(
  request: PageRequest & { readonly actor: Actor; readonly filter: ListFilter },
  deps: RefuseDeps,
): Promise<Listed | Refused> {
  const { actor, filter, page, pageSize } = request;
  if (!mayUseApp(actor, deps.policy)) {
    const refusal = { code: 'app_not_permitted' } as const;
    return refuseByPolicy({ actor, attempted: 'see', tokenId: null, refusal }, deps);
  }
  const now = deps.clock();
  const list = await deps.store.listTokens(actor.workspace, { owner: actor.id, filter, page, pageSize, now });
  return { kind: 'listed', filter, list };
}

/** Tokens that one search finds at most. */
export const FOUND_MAX = 100;

/** 1,000,000 tokens: what is older is not searched. */
const SEARCHED_PAGES_MAX = 1000;

/** What a search found; `isCut`: there may be more than that. */
export type FoundByText = {
  readonly kind: 'listed';
  readonly list: ListPage;
  readonly isCut: boolean;
};

/**
 * One page of the tokens with `text` in their name or purpose, in whatever case, with whatever quotes and dashes: everybody's for
 * whoever may see them, else the actor's own; ended ones too, the newest first, 100 at most. Nothing is found by a text that draws nothing.
 */
export async function findByText(
  request: PageRequest & { readonly actor: Actor; readonly text: string },
  deps: RefuseDeps,
): Promise<FoundByText | Refused> {
  const { actor, text } = request;
  if (!mayUseApp(actor, deps.policy)) {
    const refusal = { code: 'app_not_permitted' } as const;
    return refuseByPolicy({ actor, attempted: 'see', tokenId: null, refusal }, deps);
  }
  if (holdsSecret(text)) return refused({ code: 'holds_value' });
  const { ids, isCut } = await idsWithText(text, actor, deps);
  const total = ids.length;
  const pageCount = Math.max(1, Math.ceil(total / request.pageSize));
  const page = Math.min(Math.max(1, request.page), pageCount);
  const wanted = ids.slice((page - 1) * request.pageSize, page * request.pageSize);
  const there = await deps.store.findTokens(actor.workspace, wanted);
  const tokens = wanted.flatMap((id) => there.get(id) ?? []);
  return { kind: 'listed', list: { tokens, page, pageCount, total }, isCut };
}

/** Goes through all that the actor may see, a page at a time and each in a turn of its own: no index knows a part of a text. */
async function idsWithText(
  text: string,
  actor: Actor,
  { store, policy }: RefuseDeps,
): Promise<{ ids: readonly TokenId[]; isCut: boolean }> {
  const holds = textFinder(text);
  if (holds === undefined) return { ids: [], isCut: false };
  const owner = may(actor, 'see', undefined, policy) ? null : actor.id;
  const ids: TokenId[] = [];
  let before: number | null = null;
  for (let page = 0; page < SEARCHED_PAGES_MAX; page++) {
    const texts: readonly TokenTexts[] = await store.textsBefore(actor.workspace, { owner, before });
    ids.push(...texts.flatMap((one) => (holds(one) ? [one.id] : [])));
    if (ids.length > FOUND_MAX) return { ids: ids.slice(0, FOUND_MAX), isCut: true };
    before = texts.at(-1)?.row ?? null;
    if (before === null) return { ids, isCut: false };
    await nextTurn();
  }
  return { ids, isCut: true };
}

/** Tells the tokens that have `text` in what was typed of them; undefined where it draws nothing or is longer than any of that. */
function textFinder(text: string): ((token: TokenTexts) => boolean) | undefined {
  if (text.length > SEARCHED_UNITS_MAX) return undefined;
  const wanted = foldedOf(withoutUnseen(text));
  if (wanted === '') return undefined;
  const form = formOf(text);
  return ({ nameKey, purpose }) =>
    nameKey.includes(wanted) ||
    (form !== '' && formOfKey(nameKey).includes(form)) ||
    (purpose !== null && foldedOf(purpose).includes(wanted));
}

/** One page of what happened to a token, the latest first, for whoever may see it. */
export async function historyOf(
  request: PageRequest & { readonly actor: Actor; readonly nameOrId: string },
  deps: RefuseDeps,
): Promise<
  | {
      readonly kind: 'history';
      readonly token: UsedToken;
      readonly history: EventPage;
      readonly alarm: ChainAlarm | undefined;
    }
  | Refused
> {
  const { actor, nameOrId, page, pageSize } = request;
  const found = await findToken(nameOrId, 'see', actor, deps);
  if (found.kind === 'refused') return found;
  const history = await deps.store.listEvents(found.token.id, { page, pageSize });
  return { kind: 'history', token: found.token, history, alarm: await alarmOf(found.token.id, deps.store) };
}

/** That the chain is broken at an event of this token, or where nobody knows whose it was. */
async function alarmOf(id: TokenId, store: TokenStore): Promise<ChainAlarm | undefined> {
  const alarm = await store.chainAlarm();
  return alarm === undefined || alarm.tokenId === null || alarm.tokenId === id ? alarm : undefined;
}
