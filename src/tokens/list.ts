import { type Actor, mayUseApp } from './policy.ts';
import type { Refused } from './refusal.ts';
import { type RefuseDeps, refuseByPolicy } from './refuse.ts';
import type { ListFilter, ListPage } from './store.ts';

export type Listed = { readonly kind: 'listed'; readonly filter: ListFilter; readonly list: ListPage };

/** One page of the actor's own tokens. */
export async function listTokens(
  request: {
    readonly actor: Actor;
    readonly filter: ListFilter;
    readonly page: number;
    readonly pageSize: number;
  },
  deps: RefuseDeps,
): Promise<Listed | Refused> {
  const { actor, filter, page, pageSize } = request;
  if (!mayUseApp(actor, deps.policy)) {
    return refuseByPolicy(
      { actor, attempted: 'see', tokenId: null, refusal: { code: 'app_not_permitted' } },
      deps,
    );
  }
  const now = deps.clock();
  const list = await deps.store.listTokens(actor.workspace, { owner: actor.id, filter, page, pageSize, now });
  return { kind: 'listed', filter, list };
}
