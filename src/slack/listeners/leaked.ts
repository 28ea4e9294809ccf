import type { ModalView } from '@slack/types';
import { may } from '../../tokens/policy.ts';
import { refuseByPolicy } from '../../tokens/refusal.ts';
import { LEAKED_DIALOG_ID, LEAKED_INPUT_ID } from '../blocks/ids.ts';
import { escaped, plain, textInput } from '../blocks/text.ts';
import type { ListenerDeps, PressListener, SubmissionListener } from '../listener.ts';
import { confirmedActor } from '../people/actor.ts';
import { errorAt } from '../reply/submission.ts';
import { type Answer, answerVisit, refusalAnswer, tellRefusal, viewOf } from '../reply/tell.ts';
import { REVOKE_TITLE } from '../revoke/revoke-dialog.ts';
import type { KnownVisit } from '../visit.ts';
import { answerToRevoke } from './command.ts';
import { parseCommand } from './parse-command.ts';

/** *Revoke a leaked token*, in the Home tab of whoever may revoke any. */
export const onRevokeLeaked: PressListener = async (visit, _value, deps) => {
  if (may(visit.actor, 'revoke', undefined, deps.policy)) {
    await answerVisit(visit, { kind: 'dialog', view: leakedDialog() }, deps);
    return;
  }
  const refusal = { code: 'token_not_found' } as const;
  await refuseByPolicy({ actor: visit.actor, attempted: 'revoke', tokenId: null, refusal }, deps);
  await tellRefusal(visit, refusal, deps);
};

/**
 * *Continue* was pressed: goes on as `/apitoken revoke` with the same behind it. What was typed stays in the field where something is
 * wrong with it, in Slack's own keeping: nothing of it is repeated.
 */
export const onLeakedSubmitted: SubmissionListener = async (visit, { fields, ack }, deps) => {
  const answer = await leakedAnswer(visit, fields[LEAKED_INPUT_ID] ?? '', deps);
  if (answer.kind === 'message' && answer.refusal !== undefined) {
    return ack(errorAt(LEAKED_INPUT_ID, answer.refusal));
  }
  await ack({ response_action: 'update', view: viewOf(answer, REVOKE_TITLE) });
};

async function leakedAnswer(visit: KnownVisit, text: string, deps: ListenerDeps): Promise<Answer> {
  const actor = await confirmedActor(visit, 'revoke', 'everybodys', deps);
  if (actor === undefined) return refusalAnswer({ code: 'person_unknown' });
  // A field holds what was typed as it is, a command escaped.
  const command = parseCommand(`revoke ${escaped(text)}`);
  if (command.verb === 'several_values') return refusalAnswer({ code: 'several_values' });
  if (command.verb !== 'revoke') return refusalAnswer({ code: 'token_not_found' });
  return answerToRevoke(command, actor, deps, refusalAnswer);
}

/** The dialog that asks what leaked. */
export function leakedDialog(): ModalView {
  return {
    type: 'modal',
    callback_id: LEAKED_DIALOG_ID,
    title: plain('Revoke a leaked token'),
    submit: plain('Continue'),
    close: plain('Cancel'),
    blocks: [
      textInput({
        id: LEAKED_INPUT_ID,
        label: 'Value, name or person',
        hint: 'For a person, type @name. A value is never saved.',
        optional: false,
      }),
    ],
  };
}
