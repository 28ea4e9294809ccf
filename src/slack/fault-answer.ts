import { tellingDialog } from './blocks/dialog.ts';
import { saying } from './blocks/text.ts';
import { kindOfDelivery } from './delivery-kind.ts';
import type { ListenerDeps } from './listener.ts';
import { ackProblem, type RawAck } from './submission-answer.ts';
import { sentenceMessage, tell, updateDialog } from './tell.ts';
import { findAnswerPlace } from './visit.ts';

/**
 * Tells a person that something broke, with the reference that finds it in the log: under the first field while the
 * dialog still waits for its answer (`ack`), in the dialog when it was answered, else where they pressed or typed. A search
 * finds nothing. Behind an event or a closed dialog stands nobody who waits.
 */
export async function answerFault(
  body: object,
  reference: string,
  waitingAck: RawAck | undefined,
  deps: Pick<ListenerDeps, 'client'>,
): Promise<void> {
  const fields: Readonly<Record<string, unknown>> = { ...body };
  const kind = kindOfDelivery(fields);
  if (kind === 'event' || fields.type === 'view_closed') return;
  if (kind === 'search') return waitingAck?.({ options: [] });
  if (waitingAck !== undefined && kind === 'submission') {
    const sentence = `Something broke on our side and nothing was changed. Please try again. Reference ${reference}`;
    return ackProblem(waitingAck, body, sentence);
  }
  const sentence = `Something broke on our side before this was done. Look at /apitoken list and try again. Reference ${reference}`;
  const place = findAnswerPlace(body);
  if (kind === 'submission' && place.viewId !== undefined) {
    return updateDialog(place.viewId, tellingDialog('apitoken', [saying(sentence)]), deps);
  }
  return tell(place, sentenceMessage(sentence), deps.client);
}
