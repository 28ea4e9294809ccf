import { tellingDialog } from './blocks/dialog.ts';
import { saying } from './blocks/text.ts';
import type { ListenerDeps } from './listener.ts';
import { updateDialog } from './show-answer.ts';
import { ackProblem, type RawAck } from './submission-answer.ts';
import { sentenceMessage, tell } from './tell.ts';
import { parseVisit } from './visit.ts';

/**
 * Tells a person that something broke, with the reference that finds it in the log: under the first field while the
 * dialog still waits for its answer (`ack`), in the dialog when it was answered, else where they pressed or typed.
 */
export async function answerFault(
  body: object,
  reference: string,
  waitingAck: RawAck | undefined,
  deps: ListenerDeps,
): Promise<void> {
  const isSubmission = 'type' in body && body.type === 'view_submission';
  if (waitingAck !== undefined && isSubmission) {
    const sentence = `Something broke on our side and nothing was changed. Please try again. Reference ${reference}`;
    return ackProblem(waitingAck, body, sentence);
  }
  const sentence = `Something broke on our side before this was done. Look at /apitoken list and try again. Reference ${reference}`;
  const visit = parseVisit(body);
  if (isSubmission) {
    return updateDialog(visit.viewId, tellingDialog('apitoken', [saying(sentence)]), deps);
  }
  return tell(visit, sentenceMessage(sentence), deps.client);
}
