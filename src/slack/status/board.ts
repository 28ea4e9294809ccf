import { createHash } from 'node:crypto';
import type { WebClient } from '@slack/web-api';
import { type Clock, MINUTE_MS } from '../../clock.ts';
import type { Log } from '../../log.ts';
import { BOARDS_MAX, type Board, type KeptMessage, type Outbox } from '../../tokens/outbox.ts';
import { type RefuseDeps, sentenceFor } from '../../tokens/refusal.ts';
import { boardFacts, refusalToSeeAll } from '../../tokens/status.ts';
import type { TokenStore } from '../../tokens/store.ts';
import type { WorkspaceId } from '../../tokens/token.ts';
import { mayHaveHappened, mendingSentence } from '../blocks/mending.ts';
import type { Message } from '../blocks/message.ts';
import type { ListenerDeps } from '../listener.ts';
import { type Actors, confirmedActor } from '../people/actor.ts';
import { postMessage } from '../reply/direct-message.ts';
import { orInShort } from '../reply/in-short.ts';
import { slackErrorOf } from '../reply/slack-error.ts';
import { tellSentence } from '../reply/tell.ts';
import type { TakeTurn } from '../turns.ts';
import type { KnownVisit } from '../visit.ts';
import {
  boardBlocks,
  boardMessage,
  emptyBoardMessage,
  shortBoardMessage,
  shortStoppedBoardMessage,
  stoppedBoardMessage,
} from './board-blocks.ts';

/** Between two changes of one board. */
const PAUSE_MS = 1 * MINUTE_MS;

/**
 * Why a board is kept up to date no longer: it or its channel is gone. Nothing else ends one: an archived channel may be opened
 * again, the app may be invited again or installed anew, a setting may be changed back, and what is too long is said in short.
 * Slack answers `channel_not_found` for a private channel that the app was taken out of, too.
 */
const ENDINGS: Readonly<Record<string, string>> = {
  message_not_found: 'it was deleted',
  channel_not_found: 'its channel is gone, or the app was taken out of it',
};

/** The app is no member of the channel. */
const UNINVITED_CODES: ReadonlySet<string> = new Set(['not_in_channel', 'channel_not_found']);

type BoardDeps = {
  readonly store: TokenStore & Outbox;
  readonly client: WebClient;
  readonly workspace: WorkspaceId;
  readonly takeBoardTurn: TakeTurn;
  readonly clock: Clock;
  readonly log: Log;
};

type StopDeps = BoardDeps & RefuseDeps & { readonly actors: Pick<Actors, 'findAnew'> };

/** Answers `/apitoken board`: a board in the channel, below everything else there, in place of the one it had. */
export async function placeBoard(visit: KnownVisit, deps: ListenerDeps): Promise<void> {
  if (await tellUnlessSeesAll(visit, deps)) return;
  const { channelId } = visit;
  if (channelId === undefined) throw new Error('a command comes from nowhere');
  const posted = await postEmpty(channelId, deps);
  if ('sentence' in posted) return tellSentence(visit, posted.sentence, deps.client);
  await keepOrTakeBack(visit, posted, deps);
}

/** *Stop updating*, under a board. In its turn: what is being drawn at this moment must not be what the board says in the end. */
export async function stopBoard(visit: KnownVisit, message: KeptMessage, deps: StopDeps): Promise<void> {
  if (await tellUnlessSeesAll(visit, deps)) return;
  await deps.takeBoardTurn(message.channel, () => stopInTurn(visit, message, deps));
}

/** Tells whoever may not see everybody's tokens, by what Slack says now, that they may not. True when it told them. */
async function tellUnlessSeesAll(visit: KnownVisit, deps: StopDeps): Promise<boolean> {
  const actor = await confirmedActor(visit, 'see', 'everybodys', deps);
  const refusal =
    actor === undefined
      ? ({ code: 'person_unknown' } as const)
      : (await refusalToSeeAll(actor, deps, 'board'))?.refusal;
  if (refusal !== undefined) await tellSentence(visit, sentenceFor(refusal), deps.client);
  return refusal !== undefined;
}

async function stopInTurn(visit: KnownVisit, message: KeptMessage, deps: StopDeps): Promise<void> {
  const { actor } = visit;
  const at = deps.clock();
  const detail = { channel: message.channel };
  const event = { at, actor: actor.id, action: 'board.stopped', tokenId: null, detail } as const;
  if (!(await deps.store.forgetBoard(message, event))) {
    const sentence = 'This board no longer updates. Type /apitoken board for a new one.';
    return tellSentence(visit, sentence, deps.client);
  }
  const facts = await boardFacts(deps.workspace, at, deps.store);
  const stop = { stoppedBy: actor.id, at };
  const forms = [stoppedBoardMessage(facts, stop), shortStoppedBoardMessage(facts, stop)] as const;
  try {
    await redraw(message, forms, deps);
  } catch (error) {
    deps.log.warn(
      { channel: message.channel, code: slackErrorOf(error).code },
      'a board cannot say that it was stopped',
    );
    const sentence = "This board no longer updates. Slack refused the edit, so the board doesn't say so.";
    await tellSentence(visit, sentence, deps.client);
  }
}

/** Asks for the boards to be drawn anew that no longer show how things stand: each a minute after it was last tried. */
export async function refreshBoards({
  store,
  workspace,
  clock,
}: Omit<BoardDeps, 'client' | 'takeBoardTurn' | 'log'>): Promise<void> {
  const boards = await store.listBoards();
  if (boards.length === 0) return;
  const now = clock();
  const drawing = drawingOf(boardBlocks(await boardFacts(workspace, now, store)));
  for (const board of boards) {
    if (board.drawing !== drawing) await store.askForBoard(board.channel, nextDrawingAt(board, now));
  }
}

/**
 * Brings the board of a channel up to date, where it does not show how things stand. Resolves to the instant at which it may
 * be drawn when that is later. One that is gone is forgotten. Throws as `WebClient` does.
 */
export function drawBoard(channel: string, deps: BoardDeps): Promise<number | undefined> {
  return deps.takeBoardTurn(channel, () => drawInTurn(channel, deps));
}

async function drawInTurn(channel: string, deps: BoardDeps): Promise<number | undefined> {
  const { store, workspace, log } = deps;
  const board = await store.findBoard(channel);
  if (board === undefined) return undefined;
  const now = deps.clock();
  const dueAt = nextDrawingAt(board, now);
  if (dueAt > now) return dueAt;
  const facts = await boardFacts(workspace, now, store);
  const drawing = drawingOf(boardBlocks(facts));
  if (board.drawing === drawing) return undefined;
  const frame = { placedBy: board.placedBy, drawnAt: now };
  // Before it is known what comes of it: a lost answer counts, too.
  await store.tryBoard(board, now);
  try {
    await redraw(board, [boardMessage(facts, frame), shortBoardMessage(facts, frame)], deps);
  } catch (error) {
    const { code } = slackErrorOf(error);
    const reason = Object.hasOwn(ENDINGS, code) ? ENDINGS[code] : undefined;
    if (reason === undefined) throw error;
    if (await store.forgetBoard(board))
      log.info({ channel, code, reason }, 'a board is gone and is no longer updated');
    return undefined;
  }
  await store.keepDrawing(board, drawing);
  return undefined;
}

function nextDrawingAt({ triedAt }: Board, now: number): number {
  return triedAt === null ? now : Math.max(now, triedAt + PAUSE_MS);
}

function drawingOf(blocks: ReturnType<typeof boardBlocks>): string {
  return createHash('sha256').update(JSON.stringify(blocks)).digest('base64url');
}

/** Changes what a board says, to the second form where Slack does not take the first. Throws as `WebClient` does. */
async function redraw(
  { channel, ts }: KeptMessage,
  [message, short]: readonly [Message, Message],
  { client, log }: Pick<BoardDeps, 'client' | 'log'>,
): Promise<void> {
  await orInShort(message, log, (form) => client.chat.update({ channel, ts, ...form }), short);
}

/** Posts what the board is drawn into; or why Slack takes none there, and what to do. */
async function postEmpty(
  channel: string,
  { client, log }: ListenerDeps,
): Promise<KeptMessage | { readonly sentence: string }> {
  try {
    return await postMessage(client, channel, emptyBoardMessage());
  } catch (error) {
    const { code, isPassing } = slackErrorOf(error);
    if (!UNINVITED_CODES.has(code)) log.warn({ channel, code }, 'Slack refused a board');
    return { sentence: notPostedSentence(code, isPassing, channel) };
  }
}

function notPostedSentence(code: string, isPassing: boolean, channel: string): string {
  if (mayHaveHappened(code))
    return "Slack didn't say whether it posted the board. If it doesn't appear here in a minute, type /apitoken board again.";
  if (isPassing) return "Slack didn't accept the board. Type /apitoken board again in a moment.";
  // Nobody can be invited into a conversation of two.
  if (channel.startsWith('D')) {
    return "A board can't be posted here. Type /apitoken board in a channel or in your direct messages with apitoken.";
  }
  if (UNINVITED_CODES.has(code)) return "I'm not in this channel. Type /invite @apitoken, then try again.";
  return (
    channelSentence(code) ??
    "Slack doesn't accept messages from apitoken here. Ask whoever manages this channel."
  );
}

function channelSentence(code: string): string | undefined {
  return code.startsWith('restricted_action') ? undefined : mendingSentence(code);
}

/** The store decides whether this board counts; one that does not is taken away again, as is the one before it. */
async function keepOrTakeBack(visit: KnownVisit, posted: KeptMessage, deps: ListenerDeps): Promise<void> {
  const { actor, delivery } = visit;
  const at = deps.clock();
  const outcome = await deps.store.keepBoard(
    { ...posted, placedBy: actor.id },
    {
      event: {
        at,
        actor: actor.id,
        action: 'board.placed',
        tokenId: null,
        detail: { channel: posted.channel },
      },
      delivery,
    },
  );
  switch (outcome.kind) {
    case 'kept':
      if (outcome.former !== undefined) await takeAway(outcome.former, deps);
      return;
    case 'repeated':
      return takeAway(posted, deps);
    case 'too_many':
      await takeAway(posted, deps);
      return tellSentence(
        visit,
        `${BOARDS_MAX} other channels have a board, the limit here. Stop one of them first.`,
        deps.client,
      );
  }
}

/** One that stays for want of an answer is not kept up to date, and says since when. */
async function takeAway(message: KeptMessage, { client, log }: ListenerDeps): Promise<void> {
  try {
    await client.chat.delete({ ...message });
  } catch (error) {
    log.warn(
      { channel: message.channel, code: slackErrorOf(error).code },
      'an old board could not be taken away',
    );
  }
}
