import { findToken } from '../../tokens/find.ts';
import { keptScopes } from '../../tokens/kept-scopes.ts';
import type { Actor } from '../../tokens/policy.ts';
import { sentenceFor } from '../../tokens/refusal.ts';
import {
  carryOutRotation,
  type PlannedRotation,
  planRotation,
  type RepeatedRotation,
} from '../../tokens/rotate.ts';
import { statusOf, wasNeverClaimed } from '../../tokens/token.ts';
import { EXPIRY_FIELDS, LIFETIME_INPUT_ID, parseExpiry } from '../create/expiry-input.ts';
import { metadataText, parseMetadata } from '../dialog-metadata.ts';
import type { ListenerDeps, SubmissionListener } from '../listener.ts';
import { redrawOrigin } from '../look/redraw.ts';
import { dmLink } from '../reply/direct-message.ts';
import { type RefusalFields, refusedSubmission } from '../reply/submission.ts';
import { type Answer, refusalAnswer, refuseForged, updateDialog } from '../reply/tell.ts';
import type { KnownVisit } from '../visit.ts';
import {
  GRACE_INPUT_ID,
  notRotatedDialog,
  parseGrace,
  rotateDialog,
  rotatedDialog,
  rotationRefusedDialog,
} from './rotate-dialog.ts';

/** *Rotate* or *Renew* was pressed: answers the dialog, and then shows the new value, which carries the rotation out. */
export const onRotateSubmitted: SubmissionListener = async (visit, { fields, metadata, ack }, deps) => {
  const asked = parseMetadata(metadata);
  const expiry = parseExpiry(fields);
  // The renewal of an expired token asks for no grace: nothing of it is honoured any more.
  const renews = fields[GRACE_INPUT_ID] === undefined;
  const grace = renews ? 'now' : parseGrace(fields[GRACE_INPUT_ID] ?? '');
  if (asked?.generation === undefined || expiry === undefined || grace === undefined) {
    return ack(refusedSubmission(await refuseForged(visit, 'rotate', deps), FIELDS));
  }
  if (expiry.kind === 'refused') return ack(refusedSubmission(expiry.refusal, FIELDS));
  const { actor, delivery } = visit;
  const { tokenId, generation } = asked;
  const kind = renews ? 'renew' : 'rotate';
  const planned = await planRotation({ actor, tokenId, kind, generation, grace, expiry, delivery }, deps);
  if (planned.kind === 'refused') return ack(refusedSubmission(planned.refusal, FIELDS));

  const view = rotatedDialog(asPlanned(planned), dmLink(visit.appId, actor.workspace), renews);
  await ack({ response_action: 'update', view });
  if (planned.kind === 'planned') await carryOut(visit, planned, deps);
};

/** What was shown before leaves nothing out now. */
function asPlanned(planned: PlannedRotation | RepeatedRotation) {
  return planned.kind === 'planned' ? planned : { ...planned, leftOut: [] };
}

async function carryOut(visit: KnownVisit, planned: PlannedRotation, deps: ListenerDeps): Promise<void> {
  const outcome = await carryOutRotation(planned, deps);
  if (outcome.kind === 'not_shown') {
    const renews = planned.request.kind === 'renew';
    return updateDialog(visit, notRotatedDialog(outcome.token, outcome.reason, renews), deps.client);
  }
  if (outcome.kind === 'refused') {
    return updateDialog(visit, rotationRefusedDialog(sentenceFor(outcome.refusal)), deps.client);
  }
  // Somebody may have ceased to be an admin since it was planned.
  const isAsPlanned = outcome.kind !== 'rotated' || outcome.leftOut.length === planned.leftOut.length;
  if (!isAsPlanned) {
    const view = rotatedDialog(
      { ...planned, ...outcome },
      dmLink(visit.appId, planned.token.workspace),
      planned.request.kind === 'renew',
    );
    await updateDialog(visit, view, deps.client);
  }
  await redrawOrigin(visit, deps);
}

const FIELDS: RefusalFields = {
  fields: { ...EXPIRY_FIELDS, too_many_live: LIFETIME_INPUT_ID, person_unknown: LIFETIME_INPUT_ID },
  dialogOf: rotationRefusedDialog,
};

/** Asks how the token of that name or id shall be rotated, or an expired one renewed. */
export async function rotateAnswer(actor: Actor, nameOrId: string, deps: ListenerDeps): Promise<Answer> {
  const found = await findToken(nameOrId, 'rotate', actor, deps);
  if (found.kind === 'refused') return refusalAnswer(found.refusal);
  const { token } = found;
  const now = deps.clock();
  const status = statusOf(token, now);
  if (status === 'revoked') return refusalAnswer({ code: 'already_revoked', name: token.name });
  if (wasNeverClaimed(token, now)) return refusalAnswer({ code: 'never_claimed', name: token.name });
  if (status === 'unclaimed') return refusalAnswer({ code: 'not_claimed', name: token.name });
  const kept = await keptScopes(token, deps);
  if (kept.kind === 'refused') return refusalAnswer(kept.refusal);
  const { leftOut } = kept;
  const liveValueCount = (await deps.store.liveValues(token.id, now)).length;
  const metadata = metadataText({ tokenId: token.id, generation: token.generation });
  const view = rotateDialog(token, { liveValueCount, zone: actor.zone, metadata, now, leftOut }, deps.policy);
  return { kind: 'dialog', view };
}
