import type { ModalView } from '@slack/types';
import { type Refusal, sentenceFor } from '../tokens/refusal.ts';
import { tellingDialog } from './blocks/dialog.ts';
import type { Message } from './blocks/message.ts';
import type { ListenerDeps } from './listener.ts';
import { sentenceMessage, tell } from './tell.ts';
import type { KnownVisit } from './visit.ts';

/** What a wish leads to: a dialog to fill in, or something to be told. */
export type DialogAnswer =
  | { readonly kind: 'dialog'; readonly view: ModalView }
  | { readonly kind: 'told'; readonly message: Message };

/** A refusal, told. */
export function toldRefusal(refusal: Refusal): DialogAnswer {
  return { kind: 'told', message: sentenceMessage(sentenceFor(refusal)) };
}

/** Opens the dialog, or tells what is to be told. Resolves to the id of the opened view. */
export async function answerVisit(
  visit: KnownVisit,
  answer: DialogAnswer,
  deps: ListenerDeps,
): Promise<string | undefined> {
  if (answer.kind === 'told') {
    await tell(visit, answer.message, deps.client);
    return undefined;
  }
  const opened = await deps.client.views.open({ trigger_id: visit.triggerId ?? '', view: answer.view });
  return opened.view?.id;
}

/** The view that a submitted dialog turns into. */
export function viewOf(answer: DialogAnswer, title: string): ModalView {
  return answer.kind === 'dialog' ? answer.view : tellingDialog(title, answer.message.blocks);
}
