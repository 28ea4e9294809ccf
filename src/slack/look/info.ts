import type { Button } from '@slack/types';
import { findToken, historyOf } from '../../tokens/find.ts';
import { type Actor, may } from '../../tokens/policy.ts';
import { type Offer, offersFor, type UsedToken } from '../../tokens/token.ts';
import { parseHistoryPage } from '../blocks/pages.ts';
import { offerButtons } from '../blocks/token-facts.ts';
import type { ListenerDeps, PressListener } from '../listener.ts';
import { respond } from '../reply/respond.ts';
import { type Answer, refusalAnswer, updateDialog, viewOf } from '../reply/tell.ts';
import { HISTORY_PAGE_SIZE, historyMessage } from './history-blocks.ts';
import { infoMessage } from './info-blocks.ts';

/** What there is to know of the token of that name or id. */
export async function infoAnswer(actor: Actor, nameOrId: string, deps: ListenerDeps): Promise<Answer> {
  const found = await findToken(nameOrId, 'see', actor, deps);
  if (found.kind === 'refused') return refusalAnswer(found.refusal);
  const now = deps.clock();
  const { token } = found;
  const liveValues = await deps.store.liveValues(token.id, now);
  const offers = offersTo(actor, token, now, deps);
  return { kind: 'message', message: infoMessage(token, liveValues, now, offers) };
}

/** What happened to the token of that name or id, page by page. */
export async function historyAnswer(
  actor: Actor,
  nameOrId: string,
  page: number,
  deps: ListenerDeps,
): Promise<Answer> {
  const outcome = await historyOf({ actor, nameOrId, page, pageSize: HISTORY_PAGE_SIZE }, deps);
  if (outcome.kind === 'refused') return refusalAnswer(outcome.refusal);
  return { kind: 'message', message: historyMessage(outcome.token, outcome.history, outcome.alarm) };
}

/** The buttons of what the actor may do with a token in its state. */
function offersTo(actor: Actor, token: UsedToken, now: number, { policy }: ListenerDeps): Button[] {
  const mayDo = (offer: Offer) => offer !== 'create_again' && may(actor, offer, token, policy);
  return offerButtons(token, now, offersFor(token, now).filter(mayDo));
}

/** Another page of a history, in its place; from Home, where it is a dialog, the dialog turns into it. */
export const onTurnHistory: PressListener = async (visit, value, deps) => {
  const { tokenId, page } = parseHistoryPage(value);
  const answer = await historyAnswer(visit.actor, tokenId, page, deps);
  if (visit.viewId !== undefined && visit.viewType !== 'home') {
    await updateDialog(visit, viewOf(answer, 'History'), deps.client);
  } else if (visit.responseUrl !== undefined && answer.kind === 'message') {
    await respond(visit.responseUrl, answer.message, 'instead');
  }
};
