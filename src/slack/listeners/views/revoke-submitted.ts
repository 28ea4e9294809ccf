import { isHeldProof } from '../../../tokens/held.ts';
import type { Actor } from '../../../tokens/policy.ts';
import { REASON_LENGTH_MAX } from '../../../tokens/refusal.ts';
import { revokeToken } from '../../../tokens/revoke.ts';
import type { TokenId } from '../../../tokens/token.ts';
import { notRevokedDialog, REASON_INPUT_ID, revokedDialog } from '../../blocks/revoke-dialog.ts';
import { parseMetadata } from '../../dialog-metadata.ts';
import type { ListenerDeps, SubmissionListener } from '../../listener.ts';
import { parseNote } from '../../parse-note.ts';
import { redrawOrigin } from '../../redraw.ts';
import { refuseForged } from '../../refuse-forged.ts';
import { errorAt, type RefusalPlaces, refusedSubmission } from '../../submission-answer.ts';
import type { KnownVisit } from '../../visit.ts';

/** *Revoke* was pressed: ends the token, turns the dialog into the result, and draws anew what it came from. */
export const onRevokeSubmitted: SubmissionListener = async (visit, { fields, metadata, ack }, deps) => {
  const reason = parseNote(fields[REASON_INPUT_ID] ?? '', REASON_LENGTH_MAX);
  if ('refusal' in reason) return ack(errorAt(REASON_INPUT_ID, reason.refusal));
  const asked = parseMetadata(metadata);
  if (asked === undefined) return ack(refusedSubmission(await refuseForged(visit, 'revoke', deps), PLACES));
  const actor = await actorFor(visit, asked.tokenId, deps);
  if (actor === undefined) return ack(refusedSubmission({ code: 'person_unknown' }, PLACES));

  const { tokenId } = asked;
  const held =
    asked.held !== undefined &&
    isHeldProof(asked.held, { actor: actor.id, tokenId }, deps.peppers, deps.clock());
  const request = { actor, tokenId, reason: reason.note, held, delivery: visit.delivery };
  const outcome = await revokeToken(request, deps);
  if (outcome.kind === 'refused') {
    const hasLapsed = asked.held !== undefined && !held && outcome.refusal.code === 'token_not_found';
    return ack(refusedSubmission(hasLapsed ? { code: 'no_longer_held' } : outcome.refusal, PLACES));
  }
  await ack({ response_action: 'update', view: revokedDialog(outcome.token) });
  await redrawOrigin(visit, deps);
};

/** Where trying again may help, the dialog stays as it was filled in. */
const PLACES: RefusalPlaces = {
  fields: { reason_required: REASON_INPUT_ID, person_unknown: REASON_INPUT_ID },
  dialogOf: notRevokedDialog,
};

/** Who is doing this: for somebody else's token from facts asked for anew, since their role may just have ended. */
async function actorFor(visit: KnownVisit, tokenId: TokenId, deps: ListenerDeps): Promise<Actor | undefined> {
  const token = await deps.store.findToken(visit.actor.workspace, tokenId);
  if (token === undefined || token.owner === visit.actor.id) return visit.actor;
  return deps.actors.find(visit.personId, visit.teamId, 'fresh');
}
