import { areHeld } from '../../../tokens/held.ts';
import { REASON_LENGTH_MAX, refused } from '../../../tokens/refusal.ts';
import { revokeToken } from '../../../tokens/revoke.ts';
import { notRevokedDialog, REASON_INPUT_ID } from '../../blocks/revoke-dialog.ts';
import { confirmedActor } from '../../confirmed-actor.ts';
import { type DialogMetadata, parseMetadata } from '../../dialog-metadata.ts';
import type { ListenerDeps, SubmissionListener } from '../../listener.ts';
import { parseNote } from '../../parse-note.ts';
import { refuseForged } from '../../refuse-forged.ts';
import { answerRevocation, revocationOutcome } from '../../revocation-answer.ts';
import { errorAt, type RefusalPlaces, refusedSubmission } from '../../submission-answer.ts';
import type { KnownVisit } from '../../visit.ts';

/** *Revoke* was pressed: ends the token, turns the dialog into its card, and tells it where the dialog was opened. */
export const onRevokeSubmitted: SubmissionListener = async (visit, { fields, metadata, ack }, deps) => {
  const reason = parseNote(fields[REASON_INPUT_ID] ?? '', REASON_LENGTH_MAX);
  if ('refusal' in reason) return ack(errorAt(REASON_INPUT_ID, reason.refusal));
  const asked = parseMetadata(metadata);
  if (asked === undefined) return ack(refusedSubmission(await refuseForged(visit, 'revoke', deps), PLACES));

  const work = revokeAsked(visit, asked, reason.note, deps);
  await answerRevocation(visit, work, { ack, places: PLACES, count: 1 }, deps);
};

async function revokeAsked(
  visit: KnownVisit,
  asked: DialogMetadata,
  reason: string | null,
  deps: ListenerDeps,
) {
  const { tokenId, inMessage = false } = asked;
  const { id, workspace } = visit.actor;
  const token = await deps.store.findToken(workspace, tokenId);
  const held =
    asked.held !== undefined && (await areHeld(asked.held, { actor: id, tokenIds: [tokenId] }, deps));
  const tokens = token === undefined ? [] : [token];
  const actor = await confirmedActor(visit, held ? 'revoke_held' : 'revoke', tokens, deps);
  if (actor === undefined) return refused({ code: 'person_unknown' });
  const outcome = await revokeToken({ actor, tokenId, reason, held, delivery: visit.delivery }, deps);
  const ended = outcome.kind === 'refused' ? outcome : { kind: outcome.kind, tokens: [outcome.token] };
  const hasLapsed = asked.held !== undefined && !held;
  return revocationOutcome(visit, ended, { actor, hasLapsed, inMessage }, deps);
}

/** Where trying again may help, the dialog stays as it was filled in. */
const PLACES: RefusalPlaces = {
  fields: { reason_required: REASON_INPUT_ID, person_unknown: REASON_INPUT_ID },
  dialogOf: notRevokedDialog,
};
