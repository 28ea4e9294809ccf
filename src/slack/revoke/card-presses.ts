import { askFor } from '../../tokens/audit.ts';
import { type Refusal, sentenceFor } from '../../tokens/refusal.ts';
import { parsePersonId } from '../../tokens/token.ts';
import { CARD_REFRESH_ID, CARD_SHARE_ID, REVOKE_PERSON_ID } from '../blocks/ids.ts';
import { section, sentenceMessage, tellingDialog } from '../blocks/text.ts';
import type { ListenerDeps, Press, PressListener } from '../listener.ts';
import { confirmedActor } from '../people/actor.ts';
import { carryOut } from '../reply/carry-out.ts';
import { respond } from '../reply/respond.ts';
import { answerVisit, refuseForged, tell, updateDialog, viewOf } from '../reply/tell.ts';
import type { KnownVisit } from '../visit.ts';
import { cardDialog, findCard } from './card.ts';
import { type CardSubject, killCardMessage, parseCard, sharedCardMessage } from './card-blocks.ts';
import { REVOKE_TITLE } from './revoke-dialog.ts';
import { revokePersonAnswer } from './revoke-several.ts';

/** *Refresh*, on a card: drawn in its place with what was tried since. */
const onRefreshCard = aboutCard(async (visit, subject, deps) => {
  await deps.usage.flush();
  const found = await findCard(visit.actor, subject, deps);
  if (found.kind === 'refused') return tellHere(visit, found.refusal, deps);
  if (visit.responseUrl === undefined)
    return updateDialog(visit.viewId, cardDialog(visit, found.card, deps), deps.client);
  await respond(visit.responseUrl, killCardMessage(found.card), 'instead');
});

/** *Share to channel*, confirmed: everybody where the card stands, or where its dialog was opened, sees it. */
const onShareCard = aboutCard(async (visit, subject, deps) => {
  const { tokenIds } = subject;
  const tokens = await deps.store.findTokens(visit.actor.workspace, tokenIds);
  const actor = await confirmedActor(visit, 'see', tokens.values(), deps);
  if (actor === undefined) return tellHere(visit, { code: 'person_unknown' }, deps);
  const found = await findCard(actor, subject, deps);
  if (found.kind === 'refused') return tellHere(visit, found.refusal, deps);
  const from = openedFromOf(visit, deps);
  if (from === undefined) return tellHere(visit, { code: 'press_unknown' }, deps);
  const detail = { channel: from.channel ?? null, tokens: tokenIds.length, ids: tokenIds.join(' ') };
  const deed = { kind: 'card_share', actor: actor.id, tokenId: tokenIds[0] ?? null, detail } as const;
  if ((await askFor(deed, visit.delivery, deps)) === 'repeated') return;
  const share = async () => {
    await respond(from.responseUrl, sharedCardMessage(found.card, actor.id), 'shared');
    return undefined;
  };
  await carryOut(deed, share, deps);
});

/** Where the card stands, or where its dialog was opened. */
function openedFromOf(visit: KnownVisit, { openedFrom }: ListenerDeps) {
  const { responseUrl, channelId } = visit;
  if (responseUrl !== undefined) return { responseUrl, channel: channelId };
  const from = openedFrom.find(visit);
  return from === undefined || from.kind === 'notice' ? undefined : from;
}

/** *Show the other …*, under a card: the sheet of those that are left, in its place. */
const onRevokePerson: PressListener = async (visit, value, deps) => {
  const person = parsePersonId(value);
  if (person === undefined) return tellHere(visit, await refuseForged(visit, 'revoke', deps), deps);
  const answer = await revokePersonAnswer(visit.actor, person, deps);
  if (visit.viewType === 'modal')
    return updateDialog(visit.viewId, viewOf(answer, REVOKE_TITLE), deps.client);
  await answerVisit(visit, answer, deps);
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
  await updateDialog(visit.viewId, tellingDialog(REVOKE_TITLE, [section(sentence)]), deps.client);
}

/** The buttons of cards, with what answers them. */
export const CARD_PRESSES: readonly (readonly [actionId: string, press: Press])[] = [
  [CARD_REFRESH_ID, { listener: onRefreshCard, drawnIn: ['card', 'dialog'] }],
  [CARD_SHARE_ID, { listener: onShareCard, drawnIn: ['card', 'dialog'] }],
  [REVOKE_PERSON_ID, { listener: onRevokePerson, drawnIn: ['card', 'dialog'] }],
];
