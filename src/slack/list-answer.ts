import { listTokens } from '../tokens/list.ts';
import type { Actor } from '../tokens/policy.ts';
import { sentenceFor } from '../tokens/refusal.ts';
import type { RefuseDeps } from '../tokens/refuse.ts';
import { LIST_PAGE_SIZE } from './blocks/ids.ts';
import { type ListPlace, listMessage } from './blocks/list.ts';
import type { Message } from './blocks/message.ts';
import { sentenceMessage } from './tell.ts';

/** *My API Tokens* of the actor at `place`, as a message. */
export async function listAnswer(actor: Actor, place: ListPlace, deps: RefuseDeps): Promise<Message> {
  const outcome = await listTokens({ actor, ...place, pageSize: LIST_PAGE_SIZE }, deps);
  if (outcome.kind === 'refused') return sentenceMessage(sentenceFor(outcome.refusal));
  return listMessage(outcome.list, place.filter, deps.clock());
}
