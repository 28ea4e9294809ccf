import { parsePersonId } from '../../../tokens/token.ts';
import { viewOf } from '../../answer.ts';
import { PICK_PERSON_ID } from '../../blocks/ids.ts';
import { notRevokedDialog, REVOKE_TITLE } from '../../blocks/revoke-dialog.ts';
import { confirmedActor } from '../../confirmed-actor.ts';
import type { SubmissionListener } from '../../listener.ts';
import { refuseForged } from '../../refuse-forged.ts';
import { revokePersonAnswer } from '../../revoke-person-answer.ts';
import { errorAt, refusedSubmission } from '../../submission-answer.ts';

/** *Continue* was pressed: the dialog turns into the sheet of that person's tokens. */
export const onPersonPicked: SubmissionListener = async (visit, { fields, ack }, deps) => {
  const person = parsePersonId(fields[PICK_PERSON_ID] ?? '');
  if (person === undefined) {
    const places = { fields: {}, dialogOf: notRevokedDialog };
    return ack(refusedSubmission(await refuseForged(visit, 'revoke', deps), places));
  }
  const tokens = person === visit.actor.id ? [] : 'everybodys';
  const actor = await confirmedActor(visit, 'revoke', tokens, deps);
  if (actor === undefined) return ack(errorAt(PICK_PERSON_ID, { code: 'person_unknown' }));
  const answer = await revokePersonAnswer(actor, person, deps);
  await ack({ response_action: 'update', view: viewOf(answer, REVOKE_TITLE) });
};
