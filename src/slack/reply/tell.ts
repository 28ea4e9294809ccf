import type { ModalView } from '@slack/types';
import type { WebClient } from '@slack/web-api';
import type { Action } from '../../tokens/policy.ts';
import { type Refusal, refuseByPolicy, sentenceFor } from '../../tokens/refusal.ts';
import type { Message } from '../blocks/message.ts';
import { sentenceMessage, tellingDialog } from '../blocks/text.ts';
import { withOrigin } from '../dialog-metadata.ts';
import type { ListenerDeps } from '../listener.ts';
import type { KnownVisit, ReplyRoute, Visit } from '../visit.ts';
import { whisper } from './direct-message.ts';
import { respond } from './respond.ts';
import { slackErrorOf } from './slack-error.ts';

/** This delivery has opened its dialog, and was delivered again. */
const USED_TRIGGER = 'exchanged_trigger_id';

/** Slack does not put another dialog on top. */
const TRIGGER_CODES: ReadonlySet<string> = new Set([
  'push_limit_reached',
  'expired_trigger_id',
  USED_TRIGGER,
  'invalid_trigger_id',
]);

/**
 * Answers a visit so that this person alone sees it: where it came from, or, from the Home tab, in a dialog, or, from a dialog,
 * on top of that, so that closing it leads back. What offers none of these, as a press in a workflow's step or in a dialog that
 * was closed, is answered in the person's conversation with the app. Throws when Slack does not take it.
 */
export async function tell(route: ReplyRoute, message: Message, client: WebClient): Promise<void> {
  const { responseUrl, triggerId, personId } = route;
  if (responseUrl !== undefined) return respond(responseUrl, message);
  const view = tellingDialog('apitoken', message.blocks);
  const dialog = dialogOf(route);
  if (triggerId !== undefined && dialog !== undefined) {
    if (await isPutOnTop(dialog, triggerId, view, client)) return;
  } else if (triggerId !== undefined && (await isOpened(triggerId, view, client))) return;
  if (personId === undefined)
    throw new Error('a delivery that names no person and no place cannot be answered');
  await whisper(client, personId, message);
}

/** In a dialog of its own; false when the trigger is too old for that, or has opened one. */
async function isOpened(triggerId: string, view: ModalView, client: WebClient): Promise<boolean> {
  try {
    await client.views.open({ trigger_id: triggerId, view });
    return true;
  } catch (error) {
    if (!TRIGGER_CODES.has(slackErrorOf(error).code)) throw error;
    return false;
  }
}

/**
 * The dialog that a visit comes from. There `views.open` is none of what may be done: it stacks, or fails, and nobody says which.
 * https://docs.slack.dev/surfaces/modals#updating_views
 */
function dialogOf(visit: OpenDialog & Pick<Visit, 'viewType'>): OpenDialog | undefined {
  return visit.viewType === 'modal' && visit.viewId !== undefined ? visit : undefined;
}

/** A dialog by its view, with where it was opened: whatever it turns into carries that on. */
export type OpenDialog = Pick<Visit, 'viewId'> & Partial<Pick<Visit, 'origin'>>;

/** On top of the dialog; where three lie there already, or the trigger is used up, in its place. False when it was closed. */
async function isPutOnTop(
  dialog: OpenDialog,
  triggerId: string,
  view: ModalView,
  client: WebClient,
): Promise<boolean> {
  try {
    await client.views.push({ trigger_id: triggerId, view });
    return true;
  } catch (error) {
    if (!TRIGGER_CODES.has(slackErrorOf(error).code)) throw error;
    return isTurned(dialog, view, client);
  }
}

/** The same with one sentence, drawn as it is. */
export function tellSentence(visit: Visit, sentence: string, client: WebClient): Promise<void> {
  return tell(visit, sentenceMessage(sentence), client);
}

/** Turns a dialog that is still open into `view`. One that was closed meanwhile stays closed. */
export async function updateDialog(dialog: OpenDialog, view: ModalView, client: WebClient): Promise<void> {
  await isTurned(dialog, view, client);
}

/** Turns the dialog into `view`; false when there is none, or it was closed meanwhile. */
export async function isTurned(
  { viewId, origin }: OpenDialog,
  view: ModalView,
  client: WebClient,
): Promise<boolean> {
  if (viewId === undefined) return false;
  try {
    await client.views.update({ view_id: viewId, view: withOrigin(view, origin) });
    return true;
  } catch (error) {
    if (slackErrorOf(error).code !== 'not_found') throw error;
    return false;
  }
}

/** What a wish leads to: a dialog to fill in, or something to be told. */
export type Answer =
  | { readonly kind: 'dialog'; readonly view: ModalView }
  /** `refusal`: what the message says no to, so that a dialog can say it under its field. */
  | { readonly kind: 'message'; readonly message: Message; readonly refusal?: Refusal };

/** A refusal, in its sentence. */
export function refusalAnswer(refusal: Refusal): Answer {
  return { kind: 'message', message: sentenceMessage(sentenceFor(refusal)), refusal };
}

/**
 * Opens the dialog, or turns the one that the visit comes from into it, so that none is left below that says what is no longer so;
 * or tells the message where the visit came from. A dialog that is opened carries `from`.
 */
export async function answerVisit(
  visit: KnownVisit,
  answer: Answer,
  deps: Pick<ListenerDeps, 'client' | 'openedFrom'>,
  from?: Parameters<ListenerDeps['openedFrom']['seal']>[1],
): Promise<void> {
  if (answer.kind === 'message') return tell(visit, answer.message, deps.client);
  const dialog = dialogOf(visit);
  if (dialog !== undefined) return updateDialog(dialog, answer.view, deps.client);
  const origin = from && deps.openedFrom.seal(visit.personId, from);
  await openDialog(visit.triggerId ?? '', withOrigin(answer.view, origin), deps.client);
}

/** Where it is open already, nobody is told that something went wrong. */
async function openDialog(triggerId: string, view: ModalView, client: WebClient): Promise<void> {
  try {
    await client.views.open({ trigger_id: triggerId, view });
  } catch (error) {
    if (slackErrorOf(error).code !== USED_TRIGGER) throw error;
  }
}

/** The answer as the view that an open dialog turns into. */
export function viewOf(answer: Answer, title: string): ModalView {
  return answer.kind === 'dialog' ? answer.view : tellingDialog(title, answer.message.blocks);
}

/** Tells the person, where they pressed, why nothing came of it. */
export function tellRefusal(visit: KnownVisit, refusal: Refusal, deps: ListenerDeps): Promise<void> {
  return tell(visit, sentenceMessage(sentenceFor(refusal)), deps.client);
}

/** The same of a press whose value no button of ours carries. */
export async function tellForged(visit: KnownVisit, attempted: Action, deps: ListenerDeps): Promise<void> {
  await tellRefusal(visit, await refuseForged(visit, attempted, deps), deps);
}

/** A press or dialog that carries what none of ours does: an audit event, and the words for a token that is not there. */
export async function refuseForged(
  visit: KnownVisit,
  attempted: Action,
  deps: ListenerDeps,
): Promise<Refusal> {
  const refusal = { code: 'token_not_found' } as const;
  await refuseByPolicy({ actor: visit.actor, attempted, tokenId: null, refusal }, deps);
  return refusal;
}
