import type { WebClient } from '@slack/web-api';
import { listTokens } from '../tokens/list.ts';
import type { Actor } from '../tokens/policy.ts';
import { sentenceFor } from '../tokens/refusal.ts';
import type { RefuseDeps } from '../tokens/refuse.ts';
import { LIST_PAGE_SIZE } from './blocks/ids.ts';
import { type ListPlace, listBlocks } from './blocks/list.ts';
import { saying } from './blocks/text.ts';

/** Draws the actor's Home tab: *My API Tokens* at `place`. */
export async function publishHome(
  actor: Actor,
  place: ListPlace,
  deps: RefuseDeps & { readonly client: WebClient },
): Promise<void> {
  const outcome = await listTokens({ actor, ...place, pageSize: LIST_PAGE_SIZE }, deps);
  const blocks =
    outcome.kind === 'refused'
      ? [saying(sentenceFor(outcome.refusal))]
      : listBlocks(outcome.list, place.filter, deps.clock());
  await deps.client.views.publish({ user_id: actor.id, view: { type: 'home', blocks } });
}
