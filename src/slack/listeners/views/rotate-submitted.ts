import { sentenceFor } from '../../../tokens/refusal.ts';
import { carryOutRotation, type PlannedRotation, planRotation } from '../../../tokens/rotate.ts';
import type { Token } from '../../../tokens/token.ts';
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
import { redrawOrigin } from '../../redraw.ts';
import { refuseForged } from '../../refuse-forged.ts';
import { type RefusalPlaces, refusedSubmission } from '../../submission-answer.ts';
import { updateDialog } from '../../tell.ts';
import type { KnownVisit } from '../../visit.ts';

/** *Rotate* or *Renew* was pressed: answers the dialog, and then shows the new value, which carries the rotation out. */
export const onRotateSubmitted: SubmissionListener = async (visit, { fields, metadata, ack }, deps) => {
  const asked = parseMetadata(metadata);
  const expiry = parseExpiry(fields);
  // The renewal of an expired token asks for no grace: nothing of it is honoured any more.
  const renews = fields[GRACE_INPUT_ID] === undefined;
  const grace = renews ? 'now' : parseGrace(fields[GRACE_INPUT_ID] ?? '');
  if (asked?.generation === undefined || expiry === undefined || grace === undefined) {
    return ack(refusedSubmission(await refuseForged(visit, 'rotate', deps), PLACES));
  }
  if (expiry.kind === 'refused') return ack(refusedSubmission(expiry.refusal, PLACES));
  const { actor, delivery } = visit;
  const { tokenId, generation } = asked;
  const kind = renews ? 'renew' : 'rotate';
  const planned = await planRotation({ actor, tokenId, kind, generation, grace, expiry, delivery }, deps);
  if (planned.kind === 'refused') return ack(refusedSubmission(planned.refusal, PLACES));

  const view = newValueOnItsWayDialog(asPlanned(planned), dmLink(visit.appId, actor.workspace), renews);
  await ack({ response_action: 'update', view });
  if (planned.kind === 'planned') await carryOut(visit, planned, deps);
};

/** What was shown before leaves nothing out now. */
function asPlanned(planned: PlannedRotation | { readonly kind: 'repeated'; readonly token: Token }) {
  return planned.kind === 'planned' ? planned : { token: planned.token, leftOut: [] };
}

async function carryOut(visit: KnownVisit, planned: PlannedRotation, deps: ListenerDeps): Promise<void> {
  const outcome = await carryOutRotation(planned, deps);
  if (outcome.kind === 'not_shown') {
    const renews = planned.request.kind === 'renew';
    return updateDialog(visit.viewId, notRotatedDialog(outcome.token, outcome.reason, renews), deps);
  }
  if (outcome.kind === 'refused') {
    return updateDialog(visit.viewId, rotationRefusedDialog(sentenceFor(outcome.refusal)), deps);
  }
  // Somebody may have ceased to be an admin since it was planned.
  const isAsPlanned = outcome.kind !== 'rotated' || outcome.leftOut.length === planned.leftOut.length;
  if (!isAsPlanned) {
    const view = newValueOnItsWayDialog(
      { ...planned, ...outcome },
      dmLink(visit.appId, planned.token.workspace),
      planned.request.kind === 'renew',
    );
    await updateDialog(visit.viewId, view, deps);
  }
  await redrawOrigin(visit, deps);
}

const PLACES: RefusalPlaces = {
  fields: { ...EXPIRY_FIELDS, too_many_live: LIFETIME_INPUT_ID, person_unknown: LIFETIME_INPUT_ID },
  dialogOf: rotationRefusedDialog,
};
