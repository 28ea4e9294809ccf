import { isDeepStrictEqual } from 'node:util';
import type { WebClient } from '@slack/web-api';
import type { Log } from '../../log.ts';
import { findByText, listTokens } from '../../tokens/find.ts';
import type { Outbox } from '../../tokens/outbox.ts';
import { type Actor, rightsOf } from '../../tokens/policy.ts';
import { type Refusal, type RefuseDeps, sentenceFor } from '../../tokens/refusal.ts';
import type { KeptPage, Visitors } from '../../tokens/store.ts';
import type { PersonId } from '../../tokens/token.ts';
import { LIST_PAGE_SIZE } from '../blocks/ids.ts';
import type { Message } from '../blocks/message.ts';
import { BEGINNING, type PageOfList } from '../blocks/pages.ts';
import { section, sentenceMessage } from '../blocks/text.ts';
import { BARRED } from '../notices/notice-blocks.ts';
import { orInShort } from '../reply/in-short.ts';
import { createSharedTurns } from '../turns.ts';
import { homeBlocks, type ListDrawing, listMessage } from './list-blocks.ts';

type HomeDeps = RefuseDeps & {
  readonly store: Outbox & Visitors;
  readonly client: WebClient;
  readonly log: Log;
};

/** The Home tabs, each at the page that its person turned to, whichever process draws it. */
export type Homes = {
  /** Draws the actor's Home tab at `page`, or where it stands; one after the other, so that the last drawn is the latest. */
  draw(actor: Actor, page?: PageOfList): Promise<void>;
  /** The same at where it stands, without what was typed into its search field. */
  wipe(actor: Actor): Promise<void>;
  /** Says instead of a Home tab why its person sees none: they did not ask now, so nothing is refused. */
  drawRefusal(person: PersonId): Promise<void>;
};

/** Draws Home tabs by `client`, one drawing of a person after the other. */
export function createHomes(deps: HomeDeps): Homes {
  const takeTurn = createSharedTurns('home', deps);
  const standing = async ({ id }: Actor): Promise<KeptPage> =>
    (await deps.store.homePageOf(id)) ?? { ...BEGINNING, wipes: 0 };

  async function drawAt(actor: Actor, pageAfter: (page: KeptPage) => KeptPage): Promise<void> {
    const page = await standing(actor);
    const next = pageAfter(page);
    const isKept =
      isDeepStrictEqual(next, page) || (await isWritten(deps.store.keepHomePage(actor.id, next), deps));
    await takeTurn(actor.id, async () => publishHome(actor, isKept ? await standing(actor) : next, deps));
  }

  return {
    drawRefusal: (person) =>
      takeTurn(person, async () => {
        const blocks = [section(BARRED)];
        await deps.client.views.publish({ user_id: person, view: { type: 'home', blocks } });
      }),
    draw: (actor, page) =>
      drawAt(actor, (kept) => (page === undefined ? kept : { ...page, wipes: kept.wipes })),
    wipe: (actor) => drawAt(actor, (kept) => ({ ...kept, wipes: kept.wipes + 1 })),
  };
}

/** A database that cannot be written keeps nobody from turning a page. */
function isWritten(writing: Promise<void>, { log }: Pick<HomeDeps, 'log'>): Promise<boolean> {
  return writing.then(
    () => true,
    (fault: unknown) => {
      log.warn({ err: fault }, 'the page that somebody turned to is not kept');
      return false;
    },
  );
}

/** Draws the actor's Home tab: *My API Tokens* at `page`. */
async function publishHome(actor: Actor, page: KeptPage, deps: HomeDeps): Promise<void> {
  const { client, log } = deps;
  const drawing = await drawingOf(actor, page, deps);
  const blocks = 'code' in drawing ? [section(sentenceFor(drawing))] : homeBlocks(drawing, page.wipes);
  await orInShort(
    { text: '', blocks },
    log,
    (form) => client.views.publish({ user_id: actor.id, view: { type: 'home', blocks: form.blocks } }),
    { text: '', blocks: [section("Slack can't show your list here. Type /apitoken list in a channel.")] },
  );
}

/** *My API Tokens* of the actor at `page`, or what they search for there, as a message. */
export async function listMessageAt(actor: Actor, page: PageOfList, deps: RefuseDeps): Promise<Message> {
  const drawing = await drawingOf(actor, page, deps);
  return 'code' in drawing ? sentenceMessage(sentenceFor(drawing)) : listMessage(drawing);
}

async function drawingOf(actor: Actor, asked: PageOfList, deps: RefuseDeps): Promise<ListDrawing | Refusal> {
  const { search, filter, page } = asked;
  const request = { actor, page, pageSize: LIST_PAGE_SIZE };
  const outcome =
    search === undefined
      ? await listTokens({ ...request, filter }, deps)
      : await findByText({ ...request, text: search }, deps);
  if (outcome.kind === 'refused') return outcome.refusal;
  const { list } = outcome;
  const hasNone = list.total === 0 && (await isWithoutTokens(actor, deps));
  const reader = { id: actor.id, ...rightsOf(actor, deps.policy) };
  return { list, asked, reader, now: deps.clock(), hasNone, isCut: 'isCut' in outcome && outcome.isCut };
}

async function isWithoutTokens({ id, workspace }: Actor, { store, clock }: RefuseDeps): Promise<boolean> {
  const all = { owner: id, filter: 'all', page: 1, pageSize: 1, now: clock() } as const;
  return (await store.listTokens(workspace, all)).total === 0;
}
