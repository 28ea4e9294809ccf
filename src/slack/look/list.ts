import type { WebClient } from '@slack/web-api';
import { LRUCache } from 'lru-cache';
import type { Log } from '../../log.ts';
import { listTokens } from '../../tokens/find.ts';
import type { Actor } from '../../tokens/policy.ts';
import { type RefuseDeps, sentenceFor } from '../../tokens/refusal.ts';
import type { PersonId } from '../../tokens/token.ts';
import { LIST_PAGE_SIZE } from '../blocks/ids.ts';
import type { Message } from '../blocks/message.ts';
import type { PageOfList } from '../blocks/pages.ts';
import { section, sentenceMessage } from '../blocks/text.ts';
import { BARRED } from '../notices/notice-blocks.ts';
import { orInShort } from '../reply/in-short.ts';
import { createTurns } from '../turns.ts';
import { listBlocks, listMessage } from './list-blocks.ts';

/** People whose page is remembered at once. */
const PAGES_MAX = 10_000;

type HomeDeps = RefuseDeps & { readonly client: WebClient; readonly log: Log };

/** Where a Home tab is drawn when it is opened. */
export const BEGINNING: PageOfList = { filter: 'active', page: 1 };

/** The Home tabs, each at the page that its person turned to. In memory: after a restart they begin anew. */
export type Homes = {
  /** Draws the actor's Home tab at `page`, or where it stands; one after the other, so that the last drawn is the latest. */
  draw(actor: Actor, page?: PageOfList): Promise<void>;
  /** Says instead of a Home tab why its person sees none: they did not ask now, so nothing is refused. */
  drawRefusal(person: PersonId): Promise<void>;
};

/** Draws Home tabs by `client`, one drawing of a person after the other. */
export function createHomes(deps: HomeDeps): Homes {
  const pages = new LRUCache<string, PageOfList>({ max: PAGES_MAX });
  const takeTurn = createTurns();

  return {
    drawRefusal: (person) =>
      takeTurn(person, async () => {
        const blocks = [section(BARRED)];
        await deps.client.views.publish({ user_id: person, view: { type: 'home', blocks } });
      }),
    draw: async (actor, page) => {
      if (page !== undefined) pages.set(actor.id, page);
      await takeTurn(actor.id, () => publishHome(actor, pages.get(actor.id) ?? BEGINNING, deps));
    },
  };
}

/** Draws the actor's Home tab: *My API Tokens* at `page`. */
async function publishHome(actor: Actor, page: PageOfList, deps: HomeDeps): Promise<void> {
  const { client, log } = deps;
  const outcome = await listTokens({ actor, ...page, pageSize: LIST_PAGE_SIZE }, deps);
  const blocks =
    outcome.kind === 'refused'
      ? [section(sentenceFor(outcome.refusal))]
      : listBlocks(outcome.list, page.filter, deps.clock());
  await orInShort(
    { text: '', blocks },
    log,
    (form) => client.views.publish({ user_id: actor.id, view: { type: 'home', blocks: form.blocks } }),
    { text: '', blocks: [section('Slack does not take your list here. Type /apitoken list in a channel.')] },
  );
}

/** *My API Tokens* of the actor at `page`, as a message. */
export async function ownListMessage(actor: Actor, page: PageOfList, deps: RefuseDeps): Promise<Message> {
  const outcome = await listTokens({ actor, ...page, pageSize: LIST_PAGE_SIZE }, deps);
  if (outcome.kind === 'refused') return sentenceMessage(sentenceFor(outcome.refusal));
  return listMessage(outcome.list, page.filter, deps.clock());
}
