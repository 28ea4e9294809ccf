import { sentenceFor } from '../../../tokens/refusal.ts';
import { viewOf } from '../../answer.ts';
import { PICK_TOKEN_ID } from '../../blocks/ids.ts';
import { parsePickVerb, pickTitle } from '../../blocks/pick-dialog.ts';
import type { SubmissionListener } from '../../listener.ts';
import { pickedAnswer } from '../../pick-answer.ts';

/** *Continue* was pressed: the dialog turns into what the token was picked for. */
export const onPickSubmitted: SubmissionListener = async (visit, { fields, metadata, ack }, deps) => {
  const verb = parsePickVerb(metadata);
  if (verb === undefined) {
    const sentence = sentenceFor({ code: 'press_unknown' });
    return ack({ response_action: 'errors', errors: { [PICK_TOKEN_ID]: sentence } });
  }
  const answer = await pickedAnswer(visit.actor, verb, fields[PICK_TOKEN_ID] ?? '', deps);
  await ack({ response_action: 'update', view: viewOf(answer, pickTitle(verb)) });
};
