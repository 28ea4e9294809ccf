import { isoTime } from '../clock.ts';
import { sentenceFor } from '../tokens/refusal.ts';
import {
  EXPORT_ROWS_MAX,
  type ExportAsked,
  exportStatus,
  listStatus,
  refusalToSeeAll,
  shareStatus,
} from '../tokens/status.ts';
import { notSentSentence } from './blocks/not-sent.ts';
import { sharedStatusMessage, statusMessage, whoMessage } from './blocks/status.ts';
import { FILTER_WORDS, STATUS_PAGE_SIZE, type StatusPlace } from './blocks/status-place.ts';
import { mention } from './blocks/text.ts';
import { carryOut } from './carry-out.ts';
import { confirmedActor } from './confirmed-actor.ts';
import type { ListenerDeps } from './listener.ts';
import type { Command } from './parse-command.ts';
import type { Placing } from './respond.ts';
import { sendFile } from './send-file.ts';
import { csvOf } from './status-csv.ts';
import { sentenceMessage, tell, tellSentence } from './tell.ts';
import { tellRefusal } from './tell-refusal.ts';
import type { KnownVisit, PressedMessage } from './visit.ts';

/** Answers `/apitoken status …`. */
export async function answerStatus(
  visit: KnownVisit,
  command: Extract<Command, { verb: 'status' }>,
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

/** Shows everybody's tokens at `place` to the person alone. */
export async function showStatus(
  visit: KnownVisit,
  place: StatusPlace,
  placing: Exclude<Placing, 'shared'>,
  deps: ListenerDeps,
): Promise<void> {
  const outcome = await listStatus({ ...place, actor: visit.actor, pageSize: STATUS_PAGE_SIZE }, deps);
  if (outcome.kind === 'refused') return tellRefusal(visit, outcome.refusal, deps);
  const { list } = outcome;
  const now = deps.clock();
  const draw = (asTable: boolean) => statusMessage({ list, place, now, asTable });
  // Where there is no conversation to answer in, a dialog opens, and a dialog has no tables.
  if (visit.responseUrl === undefined) return tell(visit, draw(false), deps.client);
  await deps.tables.respond(visit.responseUrl, draw, placing);
}

/** Shows the page to everybody where it stands. The one that was pressed in stays. */
export async function showToChannel(
  visit: KnownVisit,
  place: StatusPlace,
  { responseUrl, channel }: PressedMessage,
  deps: ListenerDeps,
): Promise<void> {
  const actor = await confirmedActor(visit, 'see', 'everybodys', deps);
  if (actor === undefined) return tellRefusal(visit, { code: 'person_unknown' }, deps);
  const { delivery } = visit;
  const request = { ...place, actor, delivery, channel, pageSize: STATUS_PAGE_SIZE };
  const outcome = await shareStatus(request, deps);
  if (outcome.kind === 'refused') return tellRefusal(visit, outcome.refusal, deps);
  if (outcome.kind === 'repeated') return;
  const { list, deed } = outcome;
  const now = deps.clock();
  const draw = (asTable: boolean) => sharedStatusMessage({ list, place, now, asTable }, actor.id);
  const share = async () => {
    await deps.tables.respond(responseUrl, draw, 'shared');
    return undefined;
  };
  await carryOut(deed, share, deps);
}

/**
 * Sends all rows of the place's selection as a file into the person's own conversation with the app. One file of a person at
 * a time: each holds all its rows in memory.
 */
export async function sendCsv(visit: KnownVisit, place: StatusPlace, deps: ListenerDeps): Promise<void> {
  const sending = deps.exportOneAtATime(visit.actor.id, () => makeAndSend(visit, place, deps));
  if (sending !== undefined) return sending;
  const sentence =
    'A file for you is being made already. When it is in your conversation with apitoken, press CSV again for another.';
  await tellSentence(visit, sentence, deps.client);
}

async function makeAndSend(visit: KnownVisit, place: StatusPlace, deps: ListenerDeps): Promise<void> {
  const actor = await confirmedActor(visit, 'see', 'everybodys', deps);
  if (actor === undefined) return tellRefusal(visit, { code: 'person_unknown' }, deps);
  const { delivery } = visit;
  const outcome = await exportStatus({ ...place, actor, delivery }, deps);
  if (outcome.kind === 'refused') return tellRefusal(visit, outcome.refusal, deps);
  if (outcome.kind === 'repeated') return;
  const now = deps.clock();
  const file = {
    name: `api-tokens-${isoTime(now).slice(0, 10)}.csv`,
    text: await csvOf(outcome.tokens, now),
    comment: commentOn(outcome, place),
  };
  const refusedWith = await carryOut(outcome.deed, () => sendFile(deps.client, actor.id, file), deps);
  if (refusedWith !== undefined) {
    deps.log.warn({ code: refusedWith }, 'Slack did not take a file');
    return tellSentence(visit, notSentSentence(refusedWith), deps.client);
  }
  const sentence = 'The file is in your conversation with apitoken, under Messages.';
  await tellSentence(visit, sentence, deps.client);
}

function commentOn({ tokens, isCut }: ExportAsked, { filter, owner }: StatusPlace): string {
  const whose = owner === null ? 'everybody’s' : mention(owner);
  const cut = isCut ? ` There are more: these are the ${EXPORT_ROWS_MAX} that come first in the list.` : '';
  return `API tokens, *${FILTER_WORDS[filter]}*, ${whose}: ${tokens.length} in this file.${cut}`;
}
