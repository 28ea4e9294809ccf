import type { ModalView } from '@slack/types';
import { type Refused, sentenceFor } from '../tokens/refusal.ts';
import type { AckSubmission, ListenerDeps } from './listener.ts';
import { type RefusalPlaces, refusedSubmission } from './submission-answer.ts';
import { updateDialog } from './tell.ts';
import type { KnownVisit } from './visit.ts';
import { within } from './within.ts';

/** Slack waits 3 s, of which finding out who it is may have taken one. */
const WORK_MS_MAX = 1500;

/**
 * Answers a submission by what `work` comes to: at once, or, where a busy database or a slow Slack keeps it, with `waiting`,
 * which then turns into the outcome. Resolves to that.
 */
export async function answerInTime<T extends { readonly kind: 'answered'; readonly view: ModalView }>(
  visit: KnownVisit,
  work: Promise<T | Refused>,
  answer: { readonly ack: AckSubmission; readonly places: RefusalPlaces; readonly waiting: ModalView },
  deps: ListenerDeps,
): Promise<T | Refused> {
  const { ack, places, waiting } = answer;
  const early = await within(work, WORK_MS_MAX);
  if (early !== undefined) {
    await ack(
      early.kind === 'refused'
        ? refusedSubmission(early.refusal, places)
        : { response_action: 'update', view: early.view },
    );
    return early;
  }
  await ack({ response_action: 'update', view: waiting });
  const late = await work;
  const view = late.kind === 'refused' ? places.dialogOf(sentenceFor(late.refusal)) : late.view;
  await updateDialog(visit.viewId, view, deps);
  return late;
}
