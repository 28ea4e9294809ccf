import { counted } from '../../counted.ts';
import type { StatusFilter } from '../../tokens/attention.ts';
import { findByText } from '../../tokens/find.ts';
import { sentenceFor } from '../../tokens/refusal.ts';
import {
  EXPORT_ROWS_MAX,
  type ExportAsked,
  exportStatus,
  listStatus,
  refusalToSeeAll,
  shareStatus,
} from '../../tokens/status.ts';
import type { PersonId } from '../../tokens/token.ts';
import { parsePersonId, parseTokenId } from '../../tokens/token.ts';
import { dateIn } from '../../zone.ts';
import {
  ALL_TOKENS_ID,
  BOARD_STOP_ID,
  STATUS_CSV_ID,
  STATUS_EVERYBODY_ID,
  STATUS_FILTER_ID,
  STATUS_NEXT_ID,
  STATUS_OPEN_ID,
  STATUS_OWNER_ID,
  STATUS_PREVIOUS_ID,
  STATUS_SEARCH_ID,
  STATUS_SHARE_ID,
} from '../blocks/ids.ts';
import type { Message } from '../blocks/message.ts';
import { type PageOfStatus, parseStatusPage } from '../blocks/pages.ts';
import { mention, sentenceMessage, tellingDialog } from '../blocks/text.ts';
import type { ListenerDeps, Press, PressListener } from '../listener.ts';
import { infoAnswer } from '../look/info.ts';
import { orWarn } from '../look/redraw.ts';
import { confirmedActor } from '../people/actor.ts';
import { carryOut } from '../reply/carry-out.ts';
import type { Placing } from '../reply/respond.ts';
import { answerVisit, tell, tellForged, tellRefusal, tellSentence, updateDialog } from '../reply/tell.ts';
import { type KnownVisit, type PressedMessage, pressedMessageOf } from '../visit.ts';
import { stopBoard } from './board.ts';
import { csvOf, notSentSentence, sendFile } from './csv.ts';
import {
  FILTER_WORDS,
  foundMessage,
  STATUS_PAGE_SIZE,
  sharedStatusMessage,
  statusMessage,
  whoMessage,
} from './status-blocks.ts';

/** Whose tokens are asked for; `unknownPerson` was typed and not recognised by Slack: who that is, is asked and never guessed. */
export type StatusQuestion = { readonly filter: StatusFilter } & (
  | { readonly owner: PersonId | 'me' | null }
  | { readonly unknownPerson: string }
);

/** Answers `/apitoken status …`. */
export async function onStatus(
  visit: KnownVisit,
  command: StatusQuestion,
  deps: ListenerDeps,
): Promise<void> {
  const { filter } = command;
  if (!('unknownPerson' in command)) {
    const owner = command.owner === 'me' ? visit.actor.id : command.owner;
    return showStatus(visit, { filter, owner, page: 1 }, 'beside', deps);
  }
  const refusal = await refusalToSeeAll(visit.actor, deps);
  const message =
    refusal === undefined
      ? whoMessage(command.unknownPerson, { filter, owner: null, page: 1 })
      : sentenceMessage(sentenceFor(refusal.refusal));
  await tell(visit, message, deps.client);
}

/** Shows everybody's tokens at `page` to the person alone. */
async function showStatus(
  visit: KnownVisit,
  page: PageOfStatus,
  placing: Exclude<Placing, 'shared'>,
  deps: ListenerDeps,
): Promise<void> {
  const outcome = await listStatus({ ...page, actor: visit.actor, pageSize: STATUS_PAGE_SIZE }, deps);
  if (outcome.kind === 'refused') return tellRefusal(visit, outcome.refusal, deps);
  const { list } = outcome;
  const now = deps.clock();
  const search = visit.responseUrl === undefined ? undefined : '';
  const draw = (asTable: boolean) => statusMessage({ list, asked: page, now, asTable, search });
  // Where there is no conversation to answer in, a dialog opens, and a dialog has no tables.
  if (visit.responseUrl === undefined) return showInDialog(visit, draw(false), deps);
  await deps.tables.respond(visit.responseUrl, draw, placing);
}

/** In the dialog that was pressed in, else in one of its own. There is no channel to share it to. */
async function showInDialog(visit: KnownVisit, message: Message, deps: ListenerDeps): Promise<void> {
  const isKept = ({ action_id: id }: { action_id?: string }) => id !== STATUS_SHARE_ID;
  const blocks = message.blocks.map((block) =>
    block.type === 'actions' ? { ...block, elements: block.elements.filter(isKept) } : block,
  );
  if (visit.viewType !== 'modal') return tell(visit, { ...message, blocks }, deps.client);
  await updateDialog(visit, tellingDialog('API Tokens', blocks), deps.client);
}

/** Shows the page to everybody where it stands. The one that was pressed in stays, and says from then on that it is shared. */
async function showToChannel(
  visit: KnownVisit,
  page: PageOfStatus,
  { responseUrl, channel }: PressedMessage,
  deps: ListenerDeps,
): Promise<void> {
  const actor = await confirmedActor(visit, 'see', 'everybodys', deps);
  if (actor === undefined) return tellRefusal(visit, { code: 'person_unknown' }, deps);
  const { delivery } = visit;
  const request = { ...page, actor, delivery, channel, pageSize: STATUS_PAGE_SIZE };
  const outcome = await shareStatus(request, deps);
  if (outcome.kind === 'refused') return tellRefusal(visit, outcome.refusal, deps);
  if (outcome.kind === 'repeated') return;
  const { list, deed } = outcome;
  const now = deps.clock();
  const drawing = { list, asked: page, now };
  const share = async () => {
    const draw = (asTable: boolean) => sharedStatusMessage({ ...drawing, asTable }, actor.id);
    await deps.tables.respond(responseUrl, draw, 'shared');
    return undefined;
  };
  await carryOut(deed, share, deps);
  const drawAgain = (asTable: boolean) => statusMessage({ ...drawing, asTable, search: '' }, channel);
  await orWarn(deps.tables.respond(responseUrl, drawAgain, 'instead'), deps);
}

/**
 * Sends all rows of the page's selection as a file into the person's own conversation with the app. One file of a person at
 * a time: each holds all its rows in memory.
 */
async function sendCsv(visit: KnownVisit, page: PageOfStatus, deps: ListenerDeps): Promise<void> {
  // Told when it is over: whoever reads that it failed may choose it again at once.
  const told = await deps.exportOneAtATime(visit.actor.id, () => makeAndSend(visit, page, deps));
  if (told === null) return;
  const sentence = 'Your file is already being made. When it arrives, choose CSV again for another.';
  await tellSentence(visit, told ?? sentence, deps.client);
}

/** Resolves to what is to be told; null: nothing. */
async function makeAndSend(
  visit: KnownVisit,
  page: PageOfStatus,
  deps: ListenerDeps,
): Promise<string | null> {
  const actor = await confirmedActor(visit, 'see', 'everybodys', deps);
  if (actor === undefined) return sentenceFor({ code: 'person_unknown' });
  const { delivery } = visit;
  const outcome = await exportStatus({ ...page, actor, delivery }, deps);
  if (outcome.kind === 'refused') return sentenceFor(outcome.refusal);
  if (outcome.kind === 'repeated') return null;
  const now = deps.clock();
  const file = {
    name: `api-tokens-${dateIn(actor.zone, now)}.csv`,
    text: await csvOf(outcome.tokens, now),
    comment: commentOn(outcome, page),
  };
  const refusedWith = await carryOut(outcome.deed, () => sendFile(deps.client, actor.id, file), deps);
  if (refusedWith === undefined) return 'The file is in your direct messages with apitoken.';
  deps.log.warn({ code: refusedWith }, 'Slack refused a file');
  return notSentSentence(refusedWith);
}

function commentOn({ tokens, isCut }: ExportAsked, { filter, owner }: PageOfStatus): string {
  const whose = owner === null ? 'everybody' : mention(owner);
  const cut = isCut
    ? ` Only the first ${EXPORT_ROWS_MAX.toLocaleString('en')} of the list are in it: filter for the others.`
    : '';
  return `*${FILTER_WORDS[filter]}* · ${whose}: this file has ${counted(tokens.length, 'API token')}.${cut}`;
}

/** *Open NAME*. */
const onOpen: PressListener = async (visit, value, deps) => {
  const tokenId = parseTokenId(value);
  if (tokenId === undefined) return tellForged(visit, 'see', deps);
  await answerVisit(visit, await infoAnswer(visit.actor, tokenId, deps), deps);
};

/** Something was typed into the field that searches: what it finds is drawn in place of the page. */
const onSearch: PressListener = async (visit, value, deps) => {
  const { actor, responseUrl } = visit;
  const search = value.trim();
  if (responseUrl === undefined) return tellForged(visit, 'see', deps);
  const asked = { filter: 'all', owner: null, page: 1 } as const;
  if (search === '') return showStatus(visit, { ...asked, filter: 'current' }, 'instead', deps);
  const refusal = await refusalToSeeAll(actor, deps);
  const outcome =
    refusal ?? (await findByText({ actor, text: search, page: 1, pageSize: STATUS_PAGE_SIZE }, deps));
  if (outcome.kind === 'refused') return tellRefusal(visit, outcome.refusal, deps);
  const { list, isCut } = outcome;
  const now = deps.clock();
  const draw = (asTable: boolean) => foundMessage({ list, isCut, asked, now, asTable, search });
  await deps.tables.respond(responseUrl, draw, 'instead');
};

/** A page or another filter of everybody's tokens: drawn in place of what stands there. */
const onTurn: PressListener = (visit, value, deps) =>
  showStatus(visit, parseStatusPage(value), 'instead', deps);

/** *All tokens*, in the Home tab. */
const onAllTokens: PressListener = (visit, _value, deps) =>
  showStatus(visit, { filter: 'current', owner: null, page: 1 }, 'beside', deps);

/** A person was chosen: their tokens, under the filter that stands there. */
const onOwner: PressListener = (visit, value, deps) => {
  const page = { ...parseStatusPage(visit.blockId ?? ''), owner: parsePersonId(value) ?? null, page: 1 };
  return showStatus(visit, page, 'instead', deps);
};

/** A button that stands in a message and nowhere else. */
function inMessage(
  listener: (visit: KnownVisit, value: string, message: PressedMessage, deps: ListenerDeps) => Promise<void>,
): PressListener {
  return async (visit, value, deps) => {
    const message = pressedMessageOf(visit);
    if (message !== undefined) return listener(visit, value, message, deps);
    await tellForged(visit, 'see', deps);
  };
}

/** *Share to channel*, confirmed. */
const onShare = inMessage((visit, value, message, deps) =>
  showToChannel(visit, parseStatusPage(value), message, deps),
);

/** *CSV*. */
const onCsv: PressListener = (visit, value, deps) => sendCsv(visit, parseStatusPage(value), deps);

/** *Stop updating*, under a board. */
const onStop = inMessage((visit, _value, message, deps) => stopBoard(visit, message, deps));

/** Where there is no conversation to answer in, the page is a dialog. */
const STATUS = ['status', 'dialog'] as const;

/** What stands under everybody's tokens and under a board, with what answers it. */
export const STATUS_PRESSES: readonly (readonly [actionId: string, press: Press])[] = [
  [STATUS_OPEN_ID, { listener: onOpen, drawnIn: STATUS }],
  [STATUS_SEARCH_ID, { listener: onSearch, drawnIn: ['status'] }],
  [ALL_TOKENS_ID, { listener: onAllTokens, drawnIn: ['home'] }],
  [STATUS_FILTER_ID, { listener: onTurn, drawnIn: STATUS }],
  [STATUS_OWNER_ID, { listener: onOwner, drawnIn: STATUS }],
  [STATUS_EVERYBODY_ID, { listener: onTurn, drawnIn: STATUS }],
  [STATUS_PREVIOUS_ID, { listener: onTurn, drawnIn: STATUS }],
  [STATUS_NEXT_ID, { listener: onTurn, drawnIn: STATUS }],
  [STATUS_SHARE_ID, { listener: onShare, drawnIn: ['status'] }],
  [STATUS_CSV_ID, { listener: onCsv, drawnIn: [...STATUS, 'unread'] }],
  [BOARD_STOP_ID, { listener: onStop, drawnIn: ['board', 'unread'] }],
];
