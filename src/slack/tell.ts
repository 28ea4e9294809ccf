import type { ModalView } from '@slack/types';
import type { WebClient } from '@slack/web-api';
import { tellingDialog } from './blocks/dialog.ts';
import type { Message } from './blocks/message.ts';
import { escaped, saying } from './blocks/text.ts';
import { inDirectMessage } from './direct-message.ts';
import { respond } from './respond.ts';
import { slackErrorOf } from './slack-error.ts';
import type { AnswerPlace, Visit } from './visit.ts';

/** Slack does not put another dialog on top. */
const TRIGGER_CODES: ReadonlySet<string> = new Set([
  'push_limit_reached',
  'expired_trigger_id',
  'exchanged_trigger_id',
  'invalid_trigger_id',
]);

/**
 * Answers a visit so that this person alone sees it: where it came from, or, from the Home tab, in a dialog, or, from a dialog,
 * on top of that, so that closing it leads back. What offers none of these, as a press in a workflow's step or in a dialog that
 * was closed, is answered in the person's conversation with the app. Throws when Slack does not take it.
 */
export async function tell(place: AnswerPlace, message: Message, client: WebClient): Promise<void> {
  const { responseUrl, triggerId, personId } = place;
  if (responseUrl !== undefined) return respond(responseUrl, message);
  const view = tellingDialog('apitoken', message.blocks);
  const dialogId = dialogOf(place);
  if (triggerId !== undefined && dialogId !== undefined) {
    if (await isPutOnTop(dialogId, triggerId, view, client)) return;
  } else if (triggerId !== undefined) {
    await client.views.open({ trigger_id: triggerId, view });
    return;
  }
  if (personId === undefined)
    throw new Error('a delivery that names no person and no place cannot be answered');
  await inDirectMessage(client, personId, (channel) =>
    client.chat.postEphemeral({ channel, user: personId, ...message }),
  );
}

/**
 * The dialog that a visit comes from. There `views.open` is none of what may be done: it stacks, or fails, and nobody says which.
 * https://docs.slack.dev/surfaces/modals#updating_views
 */
export function dialogOf({ viewId, viewType }: Pick<Visit, 'viewId' | 'viewType'>): string | undefined {
  return viewType === 'modal' ? viewId : undefined;
}

/** On top of the dialog; where three lie there already, or the trigger is used up, in its place. False when it was closed. */
async function isPutOnTop(
  dialogId: string,
  triggerId: string,
  view: ModalView,
  client: WebClient,
): Promise<boolean> {
  try {
    await client.views.push({ trigger_id: triggerId, view });
    return true;
  } catch (error) {
    if (!TRIGGER_CODES.has(slackErrorOf(error).code)) throw error;
    return isTurned(dialogId, view, client);
  }
}

/** The same with one sentence, drawn as it is. */
export function tellSentence(visit: Visit, sentence: string, client: WebClient): Promise<void> {
  return tell(visit, sentenceMessage(sentence), client);
}

/** A message of one sentence, drawn as it is. */
export function sentenceMessage(sentence: string): Message {
  return { text: escaped(sentence), blocks: [saying(sentence)] };
}

/** Turns a dialog that is still open into `view`. One that was closed meanwhile stays closed. */
export async function updateDialog(
  viewId: string | undefined,
  view: ModalView,
  { client }: { readonly client: WebClient },
): Promise<void> {
  if (viewId !== undefined) await isTurned(viewId, view, client);
}

/** Turns the dialog into `view`; false when it was closed meanwhile. */
async function isTurned(viewId: string, view: ModalView, client: WebClient): Promise<boolean> {
  try {
    await client.views.update({ view_id: viewId, view });
    return true;
  } catch (error) {
    if (slackErrorOf(error).code !== 'not_found') throw error;
    return false;
  }
}
