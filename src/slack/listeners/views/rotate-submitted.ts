import { type Refusal, sentenceFor } from '../../../tokens/refusal.ts';
import { refuseByPolicy } from '../../../tokens/refuse.ts';
import { carryOutRotation, type PlannedRotation, planRotation } from '../../../tokens/rotate.ts';
import { EXPIRY_FIELDS, LIFETIME_INPUT_ID, parseExpiry } from '../../blocks/expiry-input.ts';
import {
  GRACE_INPUT_ID,
  newValueOnItsWayDialog,
  notRotatedDialog,
  parseGrace,
  rotationRefusedDialog,
} from '../../blocks/rotate-dialog.ts';
import { parseMetadata } from '../../dialog-metadata.ts';
import { dmLink } from '../../direct-message.ts';
import type { ListenerDeps, SubmissionListener } from '../../listener.ts';
import { updateDialog } from '../../show-answer.ts';
import type { KnownVisit } from '../../visit.ts';

/** *Rotate* or *Renew* was pressed: answers the dialog, and then shows the new value, which carries the rotation out. */
export const onRotateSubmitted: SubmissionListener = async (visit, { fields, metadata, ack }, deps) => {
  const asked = parseMetadata(metadata);
  const expiry = parseExpiry(fields);
  // The renewal of an expired token asks for no grace: nothing of it is honoured any more.
  const renews = fields[GRACE_INPUT_ID] === undefined;
  const grace = renews ? 'now' : parseGrace(fields[GRACE_INPUT_ID] ?? '');
  if (asked?.generation === undefined || expiry === undefined || grace === undefined) {
    return ack(refusedAnswer(await refuseForged(visit, deps)));
  }
  const { actor, delivery } = visit;
  const { tokenId, generation } = asked;
  const kind = renews ? 'renew' : 'rotate';
  const planned = await planRotation({ actor, tokenId, kind, generation, grace, expiry, delivery }, deps);
  if (planned.kind === 'refused') return ack(refusedAnswer(planned.refusal));

  const view = newValueOnItsWayDialog(planned.token, dmLink(visit.appId, actor.workspace), renews);
  await ack({ response_action: 'update', view });
  if (planned.kind === 'planned') await carryOut(visit, planned, deps);
};

async function carryOut(visit: KnownVisit, planned: PlannedRotation, deps: ListenerDeps): Promise<void> {
  const outcome = await carryOutRotation(planned, deps);
  if (outcome.kind === 'not_shown') {
    const renews = planned.request.kind === 'renew';
    return updateDialog(visit.viewId, notRotatedDialog(outcome.token, outcome.reason, renews), deps);
  }
  if (outcome.kind === 'refused') {
    return updateDialog(visit.viewId, rotationRefusedDialog(sentenceFor(outcome.refusal)), deps);
  }
}

/** A refusal about a field stands under it, and all that was chosen stays; any other takes the dialog's place. */
function refusedAnswer(refusal: Refusal) {
  const sentence = sentenceFor(refusal);
  const field = FIELDS[refusal.code];
  return field === undefined
    ? ({ response_action: 'update', view: rotationRefusedDialog(sentence) } as const)
    : ({ response_action: 'errors', errors: { [field]: sentence } } as const);
}

const FIELDS: Readonly<Partial<Record<Refusal['code'], string>>> = {
  ...EXPIRY_FIELDS,
  too_many_live: LIFETIME_INPUT_ID,
};

/** No dialog of ours carries such metadata or choices. */
async function refuseForged(visit: KnownVisit, deps: ListenerDeps): Promise<Refusal> {
  const refusal = { code: 'token_not_found' } as const;
  await refuseByPolicy({ actor: visit.actor, attempted: 'rotate', tokenId: null, refusal }, deps);
  return refusal;
}
