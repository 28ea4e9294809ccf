import { findToken } from './find.ts';
import type { Actor } from './policy.ts';
import type { Refused } from './refusal.ts';
import type { RefuseDeps } from './refuse.ts';
import type { EventPage } from './store.ts';
import type { UsedToken } from './token.ts';

/** One page of what happened to a token, the latest first, for whoever may see it. */
export async function historyOf(
  request: {
    readonly actor: Actor;
    readonly nameOrId: string;
    readonly page: number;
    readonly pageSize: number;
  },
  deps: RefuseDeps,
): Promise<{ readonly kind: 'history'; readonly token: UsedToken; readonly history: EventPage } | Refused> {
  const { actor, nameOrId, page, pageSize } = request;
  const found = await findToken(nameOrId, 'see', actor, deps);
  if (found.kind === 'refused') return found;
  const history = await deps.store.listEvents(found.token.id, { page, pageSize });
  return { kind: 'history', token: found.token, history };
}
