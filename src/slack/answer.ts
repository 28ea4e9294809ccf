import type { ModalView } from '@slack/types';
import { type Refusal, sentenceFor } from '../tokens/refusal.ts';
import { tellingDialog } from './blocks/dialog.ts';
import type { Message } from './blocks/message.ts';
import type { ListenerDeps } from './listener.ts';
import { dialogOf, sentenceMessage, tell, updateDialog } from './tell.ts';
import type { KnownVisit } from './visit.ts';

/** What a wish leads to: a dialog to fill in, or something to be told. */
export type Answer =
  | { readonly kind: 'dialog'; readonly view: ModalView }
  | { readonly kind: 'message'; readonly message: Message };

/** A refusal, in its sentence. */
export function refusalAnswer(refusal: Refusal): Answer {
  return { kind: 'message', message: sentenceMessage(sentenceFor(refusal)) };
}

/**
 * Opens the dialog, or turns the one that the visit comes from into it, so that none is left below that says what is no longer so;
 * or tells the message where the visit came from. Resolves to the id of the dialog's view.
 */
export async function answerVisit(
  visit: KnownVisit,
  answer: Answer,
  deps: Pick<ListenerDeps, 'client'>,
): Promise<string | undefined> {
  if (answer.kind === 'message') {
    await tell(visit, answer.message, deps.client);
    return undefined;
  }
  const dialogId = dialogOf(visit);
  if (dialogId !== undefined) {
    await updateDialog(dialogId, answer.view, deps);
    return dialogId;
  }
  const opened = await deps.client.views.open({ trigger_id: visit.triggerId ?? '', view: answer.view });
  return opened.view?.id ?? undefined;
}

/** The answer as the view that an open dialog turns into. */
export function viewOf(answer: Answer, title: string): ModalView {
  return answer.kind === 'dialog' ? answer.view : tellingDialog(title, answer.message.blocks);
}
