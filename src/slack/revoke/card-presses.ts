import { askFor } from '../../tokens/audit.ts';
import { type Refusal, sentenceFor } from '../../tokens/refusal.ts';
import { closeIncident } from '../../tokens/revoke.ts';
import { parsePersonId } from '../../tokens/token.ts';
import {
  CARD_REFRESH_ID,
  CARD_SHARE_ID,
  CARD_STOPPED_ID,
  CARD_TIMELINE_ID,
  REVOKE_PERSON_ID,
} from '../blocks/ids.ts';
import type { Message } from '../blocks/message.ts';
import { section, sentenceMessage, tellingDialog } from '../blocks/text.ts';
import type { ListenerDeps, Press, PressListener } from '../listener.ts';
import { orWarn } from '../look/redraw.ts';
import { timelineMessage } from '../look/timeline-blocks.ts';
import { confirmedActor } from '../people/actor.ts';
import { carryOut } from '../reply/carry-out.ts';
import { respond } from '../reply/respond.ts';
import { answerVisit, refuseForged, tell, tellSentence, updateDialog, viewOf } from '../reply/tell.ts';
import type { KnownVisit } from '../visit.ts';
import {
  cardDialog,
  chroniclesOf,
  findCard,
  type SharePlace,
  shareDetail,
  sharePlaceOf,
  sharingOf,
} from './card.ts';
import {
  alreadyShared,
  type CardSubject,
  type KillCard,
  killCardMessage,
  parseCard,
  sharedCardMessage,
} from './card-blocks.ts';
import { REVOKE_TITLE } from './revoke-dialog.ts';
import { revokePersonAnswer } from './revoke-several.ts';

/** *Refresh*, on a card: drawn in its place with what was tried since. */
const onRefreshCard = aboutCard(async (visit, subject, deps) => {
  await deps.usage.flush();
  const found = await findCard(visit.actor, subject, deps);
  if (found.kind === 'refused') return tellHere(visit, found.refusal, deps);
  await drawHere(visit, found.card, deps);
});

/** *It has stopped*, on a card: closes the incident for everybody's lists, and says so on the card. */
const onStopped = aboutCard(async (visit, subject, deps) => {
  // What was presented before the press is no sign that it goes on.
  await deps.usage.flush();
  const tokens = await deps.store.findTokens(visit.actor.workspace, subject.tokenIds);
  const actor = await confirmedActor(visit, 'revoke', tokens.values(), deps);
  if (actor === undefined) return tellHere(visit, { code: 'person_unknown' }, deps);
  const closed = await closeIncident({ actor, tokenIds: subject.tokenIds, delivery: visit.delivery }, deps);
  if (closed.kind === 'refused') return tellHere(visit, closed.refusal, deps);
  const found = await findCard(actor, subject, deps);
  if (found.kind === 'found') await drawHere(visit, found.card, deps);
});

/** *Copy timeline*, on a card: who did what when, beside it, as text. */
const onTimeline = aboutCard(async (visit, subject, deps) => {
  await deps.usage.flush();
  const found = await findCard(visit.actor, subject, deps);
  if (found.kind === 'refused') return tellHere(visit, found.refusal, deps);
  await tell(visit, timelineMessage(await chroniclesOf(visit.actor, found.card, deps)), deps.client);
});

/**
 * *Share to channel*, confirmed: everybody where the card stands, or where its dialog was opened, sees it, once. From then on the
 * button says so, and so does whoever presses it. One press after the other, so that two at once share it once.
 */
const onShareCard = aboutCard((visit, subject, deps) =>
  deps.takeShareTurn(subject.tokenIds.join(' '), () => shareInTurn(visit, subject, deps)),
);

async function shareInTurn(visit: KnownVisit, subject: CardSubject, deps: ListenerDeps): Promise<void> {
  const tokens = await deps.store.findTokens(visit.actor.workspace, subject.tokenIds);
  const actor = await confirmedActor(visit, 'see', tokens.values(), deps);
  if (actor === undefined) return tellHere(visit, { code: 'person_unknown' }, deps);
  const found = await findCard(actor, subject, deps);
  if (found.kind === 'refused') return tellHere(visit, found.refusal, deps);
  const { card } = found;
  const place = sharePlaceOf(visit, deps);
  if (place === undefined) return tellHere(visit, { code: 'press_unknown' }, deps);
  const detail = shareDetail(card, place);
  const deed = { kind: 'card_share', actor: actor.id, tokenId: card.tokens[0]?.id ?? null, detail } as const;
  const isShared = (await sharingOf(visit, card, deps)).kind === 'done';
  // The very press that shared it, delivered again, hears nothing new.
  if (isShared && (await deps.store.tokenOfDelivery(visit.delivery)) !== undefined) return;
  if (!isShared) {
    if ((await askFor(deed, visit.delivery, deps)) === 'repeated') return;
    await carryOut(deed, () => share(place, sharedCardMessage(card, actor.id)), deps);
  }
  await orWarn(drawHere(visit, card, deps), deps);
  if (isShared) await tellSentence(visit, alreadyShared(place.channelName), deps.client);
}

async function share({ responseUrl }: SharePlace, message: Message): Promise<undefined> {
  await respond(responseUrl, message, 'shared');
}

/** The card as it stands, where it was pressed. */
async function drawHere(visit: KnownVisit, card: KillCard, deps: ListenerDeps): Promise<void> {
  if (visit.responseUrl === undefined) {
    await updateDialog(visit, await cardDialog(visit, card, deps), deps.client);
    return;
  }
  await respond(visit.responseUrl, killCardMessage(card, await sharingOf(visit, card, deps)), 'instead');
}

/** *Show the other …*, under a card: the sheet of those that are left, in its place. */
const onRevokePerson: PressListener = async (visit, value, deps) => {
  const person = parsePersonId(value);
  if (person === undefined) return tellHere(visit, await refuseForged(visit, 'revoke', deps), deps);
  const answer = await revokePersonAnswer(visit.actor, person, deps);
  if (visit.viewType === 'modal') await updateDialog(visit, viewOf(answer, REVOKE_TITLE), deps.client);
  else await answerVisit(visit, answer, deps);
};

function aboutCard(
  listener: (visit: KnownVisit, subject: CardSubject, deps: ListenerDeps) => Promise<void>,
): PressListener {
  return async (visit, value, deps) => {
    const subject = parseCard(value);
    if (subject !== undefined) return listener(visit, subject, deps);
    await tellHere(visit, await refuseForged(visit, 'see', deps), deps);
  };
}

/** In the dialog that was pressed in, or beside the message. */
async function tellHere(visit: KnownVisit, refusal: Refusal, deps: ListenerDeps): Promise<void> {
  const sentence = sentenceFor(refusal);
  if (visit.viewType !== 'modal') return tell(visit, sentenceMessage(sentence), deps.client);
  await updateDialog(visit, tellingDialog(REVOKE_TITLE, [section(sentence)]), deps.client);
}

/** The buttons of cards, with what answers them. */
export const CARD_PRESSES: readonly (readonly [actionId: string, press: Press])[] = [
  [CARD_REFRESH_ID, { listener: onRefreshCard, drawnIn: ['card', 'dialog'] }],
  [CARD_STOPPED_ID, { listener: onStopped, drawnIn: ['card', 'dialog'] }],
  [CARD_TIMELINE_ID, { listener: onTimeline, drawnIn: ['card', 'dialog'] }],
  [CARD_SHARE_ID, { listener: onShareCard, drawnIn: ['card', 'dialog'] }],
  [REVOKE_PERSON_ID, { listener: onRevokePerson, drawnIn: ['card', 'dialog'] }],
];
