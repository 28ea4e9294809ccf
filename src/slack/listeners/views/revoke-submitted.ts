import { isHeldProof } from '../../../tokens/held.ts';
import type { Actor } from '../../../tokens/policy.ts';
import { REASON_LENGTH_MAX, sentenceFor } from '../../../tokens/refusal.ts';
import { revokeToken } from '../../../tokens/revoke.ts';
import type { TokenId } from '../../../tokens/token.ts';
import { notRevokedDialog, REASON_INPUT_ID, revokedDialog } from '../../blocks/revoke-dialog.ts';
import { listAnswer } from '../../list-answer.ts';
import type { ListenerDeps, SubmissionListener } from '../../listener.ts';
import { parseRevokeMetadata } from '../../open-revoke-dialog.ts';
import { parseNote } from '../../parse-note.ts';
import { respond } from '../../respond.ts';
import type { KnownVisit } from '../../visit.ts';

/** *Revoke* was pressed: ends the token, turns the dialog into the result, and draws the list anew that it came from. */
export const onRevokeSubmitted: SubmissionListener = async (visit, { fields, metadata, ack }, deps) => {
  const reason = parseNote(fields[REASON_INPUT_ID] ?? '', REASON_LENGTH_MAX);
  if ('refusal' in reason) {
    return ack({ response_action: 'errors', errors: { [REASON_INPUT_ID]: sentenceFor(reason.refusal) } });
  }
  const asked = parseRevokeMetadata(metadata);
  const actor = asked === undefined ? undefined : await actorFor(visit, asked.tokenId, deps);
  if (asked === undefined || actor === undefined) {
    const code = asked === undefined ? 'token_not_found' : 'person_unknown';
    return ack({ response_action: 'update', view: notRevokedDialog(sentenceFor({ code })) });
  }
  const { tokenId } = asked;
  const held =
    asked.held !== undefined &&
    isHeldProof(asked.held, { actor: actor.id, tokenId }, deps.pepper, deps.clock());
  const outcome = await revokeToken(
    { actor, tokenId, reason: reason.note, held, delivery: visit.delivery },
    deps,
  );
  if (outcome.kind !== 'refused') {
    await ack({ response_action: 'update', view: revokedDialog(outcome.token) });
    return redrawList(visit, deps);
  }
  const sentence = sentenceFor(outcome.refusal);
  if (outcome.refusal.code === 'reason_required') {
    return ack({ response_action: 'errors', errors: { [REASON_INPUT_ID]: sentence } });
  }
  return ack({ response_action: 'update', view: notRevokedDialog(sentence) });
};

/** Who is doing this: for somebody else's token from facts asked for anew, since their role may just have ended. */
async function actorFor(visit: KnownVisit, tokenId: TokenId, deps: ListenerDeps): Promise<Actor | undefined> {
  const token = await deps.store.findToken(visit.actor.workspace, tokenId);
  if (token === undefined || token.owner === visit.actor.id) return visit.actor;
  return deps.actors.find(visit.personId, visit.teamId, 'fresh');
}

/** The row stays in sight with its date revoked: a list of the active ones becomes one of all. */
async function redrawList(visit: KnownVisit, deps: ListenerDeps): Promise<void> {
  const from = visit.viewId === undefined ? undefined : deps.places.find(visit.viewId);
  if (from === undefined) return;
  const place = from.place.filter === 'active' ? ({ filter: 'all', page: 1 } as const) : from.place;
  await respond(from.responseUrl, await listAnswer(visit.actor, place, deps), 'instead');
}
