import type { WebClient } from '@slack/web-api';
import type { Log } from '../../log.ts';
import { listTokens } from '../../tokens/find.ts';
import type { Actor } from '../../tokens/policy.ts';
import { type RefuseDeps, sentenceFor } from '../../tokens/refusal.ts';
import type { PersonId } from '../../tokens/token.ts';
import { LIST_PAGE_SIZE } from '../blocks/ids.ts';
import type { Message } from '../blocks/message.ts';
import { section, sentenceMessage } from '../blocks/text.ts';
import { BARRED } from '../notices/notice-blocks.ts';
import { setBounded } from '../people/memory.ts';
import { orInShort } from '../reply/in-short.ts';
import { createTurns } from '../turns.ts';
import { type ListPlace, listBlocks, listMessage } from './list-blocks.ts';

/** People whose place is remembered at once. */
const PLACES_MAX = 10_000;

type HomeDeps = RefuseDeps & { readonly client: WebClient; readonly log: Log };

/** Where a Home tab is drawn when it is opened. */
export const BEGINNING: ListPlace = { filter: 'active', page: 1 };

/** The Home tabs, each at the place that its person turned to. In memory: after a restart they begin anew. */
export type Homes = {
  /** Draws the actor's Home tab at `place`, or where it stands; one after the other, so that the last drawn is the latest. */
  draw(actor: Actor, place?: ListPlace): Promise<void>;
  /** Says in the place of a Home tab why its person sees none: they did not ask now, so nothing is refused. */
  drawRefusal(person: PersonId): Promise<void>;
};

/** Home tabs, all at their beginning. */
export function createHomes(deps: HomeDeps): Homes {
  const places = new Map<string, ListPlace>();
  const takeTurn = createTurns();

  return {
    drawRefusal: (person) =>
      takeTurn(person, async () => {
        const blocks = [section(BARRED)];
        await deps.client.views.publish({ user_id: person, view: { type: 'home', blocks } });
      }),
    draw: async (actor, place) => {
      if (place !== undefined) setBounded(places, actor.id, place, PLACES_MAX);
      await takeTurn(actor.id, () => publishHome(actor, places.get(actor.id) ?? BEGINNING, deps));
    },
  };
}

/** Draws the actor's Home tab: *My API Tokens* at `place`. */
async function publishHome(actor: Actor, place: ListPlace, deps: HomeDeps): Promise<void> {
  const { client, log } = deps;
  const outcome = await listTokens({ actor, ...place, pageSize: LIST_PAGE_SIZE }, deps);
  const blocks =
    outcome.kind === 'refused'
      ? [section(sentenceFor(outcome.refusal))]
      : listBlocks(outcome.list, place.filter, deps.clock());
  await orInShort(
    { text: '', blocks },
    log,
    (form) => client.views.publish({ user_id: actor.id, view: { type: 'home', blocks: form.blocks } }),
    { text: '', blocks: [section('Slack does not take your list here. Type /apitoken list in a channel.')] },
  );
}

/** *My API Tokens* of the actor at `place`, as a message. */
export async function ownListMessage(actor: Actor, place: ListPlace, deps: RefuseDeps): Promise<Message> {
  const outcome = await listTokens({ actor, ...place, pageSize: LIST_PAGE_SIZE }, deps);
  if (outcome.kind === 'refused') return sentenceMessage(sentenceFor(outcome.refusal));
  return listMessage(outcome.list, place.filter, deps.clock());
}
