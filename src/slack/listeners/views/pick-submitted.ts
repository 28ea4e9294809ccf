import { lookUpToken } from '../../../tokens/find.ts';
import { refuseByPolicy } from '../../../tokens/refuse.ts';
import { viewOf } from '../../answer.ts';
import { PICK_TOKEN_ID } from '../../blocks/ids.ts';
import { parsePickVerb, pickTitle } from '../../blocks/pick-dialog.ts';
import { confirmedActor } from '../../confirmed-actor.ts';
import type { SubmissionListener } from '../../listener.ts';
import { pickedAnswer } from '../../pick-answer.ts';
import { errorAt } from '../../submission-answer.ts';

const ACTIONS = { info: 'see', history: 'see', rotate: 'rotate', revoke: 'revoke' } as const;

/** *Continue* was pressed: the dialog turns into what the token was picked for. */
export const onPickSubmitted: SubmissionListener = async (visit, { fields, metadata, ack }, deps) => {
  const verb = parsePickVerb(metadata);
  if (verb === undefined) {
    const refusal = { code: 'press_unknown' } as const;
    await refuseByPolicy({ actor: visit.actor, attempted: 'unknown_press', tokenId: null, refusal }, deps);
    return ack(errorAt(PICK_TOKEN_ID, refusal));
  }
  const picked = fields[PICK_TOKEN_ID] ?? '';
  // Our dialog offers one's own alone. Whoever names another in it, as only a forged one does, sees it by a right of now.
  const token = await lookUpToken(picked, visit.actor, deps.store);
  const actor = await confirmedActor(visit, ACTIONS[verb], token === undefined ? [] : [token], deps);
  if (actor === undefined) return ack(errorAt(PICK_TOKEN_ID, { code: 'person_unknown' }));
  const answer = await pickedAnswer(actor, verb, picked, deps);
  await ack({ response_action: 'update', view: viewOf(answer, pickTitle(verb)) });
};
