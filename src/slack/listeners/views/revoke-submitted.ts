import { isHeldProof } from '../../../tokens/held.ts';
import { REASON_LENGTH_MAX } from '../../../tokens/refusal.ts';
import { revokeToken } from '../../../tokens/revoke.ts';
import { killCardMessage } from '../../blocks/kill-card.ts';
import { notRevokedDialog, REASON_INPUT_ID } from '../../blocks/revoke-dialog.ts';
import { cardDialog, cardOf } from '../../card.ts';
import { parseMetadata } from '../../dialog-metadata.ts';
import type { SubmissionListener } from '../../listener.ts';
import { parseNote } from '../../parse-note.ts';
import { redrawOrigin } from '../../redraw.ts';
import { refuseForged } from '../../refuse-forged.ts';
import { actorToRevoke } from '../../revoking-actor.ts';
import { errorAt, type RefusalPlaces, refusedSubmission } from '../../submission-answer.ts';

/** *Revoke* was pressed: ends the token, turns the dialog into its card, and tells it where the dialog was opened. */
export const onRevokeSubmitted: SubmissionListener = async (visit, { fields, metadata, ack }, deps) => {
  const reason = parseNote(fields[REASON_INPUT_ID] ?? '', REASON_LENGTH_MAX);
  if ('refusal' in reason) return ack(errorAt(REASON_INPUT_ID, reason.refusal));
  const asked = parseMetadata(metadata);
  if (asked === undefined) return ack(refusedSubmission(await refuseForged(visit, 'revoke', deps), PLACES));
  const actor = await actorToRevoke(visit, [asked.tokenId], deps);
  if (actor === undefined) return ack(refusedSubmission({ code: 'person_unknown' }, PLACES));

  const { tokenId } = asked;
  const held =
    asked.held !== undefined &&
    isHeldProof(asked.held, { actor: actor.id, tokenIds: [tokenId] }, deps.peppers, deps.clock());
  const request = { actor, tokenId, reason: reason.note, held, delivery: visit.delivery };
  const outcome = await revokeToken(request, deps);
  if (outcome.kind === 'refused') {
    const hasLapsed = asked.held !== undefined && !held && outcome.refusal.code === 'token_not_found';
    return ack(refusedSubmission(hasLapsed ? { code: 'no_longer_held' } : outcome.refusal, PLACES));
  }
  const card = await cardOf([outcome.token], asked.inMessage === true, deps);
  await ack({ response_action: 'update', view: cardDialog(visit, card, deps) });
  if (outcome.kind === 'revoked') await redrawOrigin(visit, deps, killCardMessage(card));
};

/** Where trying again may help, the dialog stays as it was filled in. */
const PLACES: RefusalPlaces = {
  fields: { reason_required: REASON_INPUT_ID, person_unknown: REASON_INPUT_ID },
  dialogOf: notRevokedDialog,
};
