import { refuseByPolicy } from '../../../tokens/refuse.ts';
import { viewOf } from '../../answer.ts';
import { PICK_TOKEN_ID } from '../../blocks/ids.ts';
import { parsePickVerb, pickTitle } from '../../blocks/pick-dialog.ts';
import type { SubmissionListener } from '../../listener.ts';
import { pickedAnswer } from '../../pick-answer.ts';
import { errorAt } from '../../submission-answer.ts';

/** *Continue* was pressed: the dialog turns into what the token was picked for. */
export const onPickSubmitted: SubmissionListener = async (visit, { fields, metadata, ack }, deps) => {
  const verb = parsePickVerb(metadata);
  if (verb === undefined) {
    const refusal = { code: 'press_unknown' } as const;
    await refuseByPolicy({ actor: visit.actor, attempted: 'unknown_press', tokenId: null, refusal }, deps);
    return ack(errorAt(PICK_TOKEN_ID, refusal));
  }
  const answer = await pickedAnswer(visit.actor, verb, fields[PICK_TOKEN_ID] ?? '', deps);
  await ack({ response_action: 'update', view: viewOf(answer, pickTitle(verb)) });
};
