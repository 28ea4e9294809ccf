import { type AccessPolicy, type Actor, INTROSPECT_SCOPE, may } from './policy.ts';
import { type Refused, refused } from './refusal.ts';
import type { PersonId, Token } from './token.ts';

/** A scope of a token that a new value does not get. `removed`: SCOPES has it no more. `not_granted`: nobody grants it now. */
export type LeftOut = { readonly scope: string; readonly why: 'removed' | 'not_granted' };

/** What a token's next value may be used for. */
export type KeptScopes = {
  readonly kind: 'kept';
  readonly scopes: readonly string[];
  readonly leftOut: readonly LeftOut[];
};

export type ScopePolicy = AccessPolicy & { readonly scopes: readonly string[] };

/**
 * Who somebody is: from facts at most as old as an actor's, or `anew` by what Slack answers now. Undefined when it did not
 * answer.
 */
export type FindPerson = (id: PersonId, freshness?: 'anew') => Promise<Actor | undefined>;

/**
 * Which of its scopes the next value of a token gets: those that the company's policy still offers, and `introspect` as long as
 * whoever created the token, or its owner, is an admin, who may grant it. Refused when Slack does not tell whether they are.
 */
export async function keptScopes(
  { scopes, createdBy, owner }: Pick<Token, 'scopes' | 'createdBy' | 'owner'>,
  deps: { readonly policy: ScopePolicy; readonly findPerson: FindPerson },
  freshness?: 'anew',
): Promise<KeptScopes | Refused> {
  const isGranted =
    !scopes.includes(INTROSPECT_SCOPE) ||
    (await isGrantedBy([...new Set([createdBy, owner])], deps, freshness));
  if (isGranted === undefined) return refused({ code: 'person_unknown' });
  const leftOut = scopes.flatMap((scope): LeftOut[] => {
    if (scope === INTROSPECT_SCOPE) return isGranted ? [] : [{ scope, why: 'not_granted' }];
    return deps.policy.scopes.includes(scope) ? [] : [{ scope, why: 'removed' }];
  });
  const kept = scopes.filter((scope) => leftOut.every((one) => one.scope !== scope));
  return { kind: 'kept', scopes: kept, leftOut };
}

/** For the event of what left them out; nothing where none was. */
export function leftOutDetail(leftOut: readonly LeftOut[]): { readonly scopes_left_out?: string } {
  return leftOut.length === 0 ? {} : { scopes_left_out: leftOut.map(({ scope }) => scope).join(' ') };
}

/** Undefined when that hangs on somebody about whom Slack did not answer. */
async function isGrantedBy(
  people: readonly PersonId[],
  { policy, findPerson }: { readonly policy: ScopePolicy; readonly findPerson: FindPerson },
  freshness: 'anew' | undefined,
): Promise<boolean | undefined> {
  const actors = await Promise.all(people.map((id) => findPerson(id, freshness)));
  if (actors.some((actor) => actor !== undefined && may(actor, 'grant_introspect', undefined, policy)))
    return true;
  return actors.includes(undefined) ? undefined : false;
}
