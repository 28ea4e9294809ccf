import { isHeldProof } from '../../../tokens/held.ts';
import type { Actor } from '../../../tokens/policy.ts';
import { REASON_LENGTH_MAX, type Refusal, sentenceFor } from '../../../tokens/refusal.ts';
import { refuseByPolicy } from '../../../tokens/refuse.ts';
import { revokeToken } from '../../../tokens/revoke.ts';
import type { TokenId } from '../../../tokens/token.ts';
import { notRevokedDialog, REASON_INPUT_ID, revokedDialog } from '../../blocks/revoke-dialog.ts';
import { parseMetadata } from '../../dialog-metadata.ts';
import { listAnswer } from '../../list-answer.ts';
import type { ListenerDeps, SubmissionListener } from '../../listener.ts';
import { parseNote } from '../../parse-note.ts';
import { respond } from '../../respond.ts';
import type { KnownVisit } from '../../visit.ts';

/** *Revoke* was pressed: ends the token, turns the dialog into the result, and draws the list anew that it came from. */
export const onRevokeSubmitted: SubmissionListener = async (visit, { fields, metadata, ack }, deps) => {
  const reason = parseNote(fields[REASON_INPUT_ID] ?? '', REASON_LENGTH_MAX);
  if ('refusal' in reason) return ack(errorAtReason(reason.refusal));
  const asked = parseMetadata(metadata);
  if (asked === undefined) return ack(notRevoked(await refuseForged(visit, deps)));
  const actor = await actorFor(visit, asked.tokenId, deps);
  if (actor === undefined) return ack(errorAtReason({ code: 'person_unknown' }));

  const { tokenId } = asked;
  const held =
    asked.held !== undefined &&
    isHeldProof(asked.held, { actor: actor.id, tokenId }, deps.pepper, deps.clock());
  const request = { actor, tokenId, reason: reason.note, held, delivery: visit.delivery };
  const outcome = await revokeToken(request, deps);
  if (outcome.kind === 'refused') {
    const hasLapsed = asked.held !== undefined && !held && outcome.refusal.code === 'token_not_found';
    return ack(refusalAnswer(hasLapsed ? { code: 'no_longer_held' } : outcome.refusal));
  }
  await ack({ response_action: 'update', view: revokedDialog(outcome.token) });
  await redrawList(visit, deps);
};

/** No dialog of ours carries such metadata. */
async function refuseForged(visit: KnownVisit, deps: ListenerDeps): Promise<Refusal> {
  const refusal = { code: 'token_not_found' } as const;
  await refuseByPolicy({ actor: visit.actor, attempted: 'revoke', tokenId: null, refusal }, deps);
  return refusal;
}

/** Where trying again may help, the dialog stays as it was filled in. */
function refusalAnswer(refusal: Refusal) {
  return refusal.code === 'reason_required' ? errorAtReason(refusal) : notRevoked(refusal);
}

function errorAtReason(refusal: Refusal) {
  return { response_action: 'errors', errors: { [REASON_INPUT_ID]: sentenceFor(refusal) } } as const;
}

function notRevoked(refusal: Refusal) {
  return { response_action: 'update', view: notRevokedDialog(sentenceFor(refusal)) } as const;
}

/** Who is doing this: for somebody else's token from facts asked for anew, since their role may just have ended. */
async function actorFor(visit: KnownVisit, tokenId: TokenId, deps: ListenerDeps): Promise<Actor | undefined> {
  const token = await deps.store.findToken(visit.actor.workspace, tokenId);
  if (token === undefined || token.owner === visit.actor.id) return visit.actor;
  return deps.actors.find(visit.personId, visit.teamId, 'fresh');
}

/**
 * The row stays in sight with its date revoked: a list of the active ones becomes one of all. The revocation stands, and the
 * dialog says so, whether or not the list can be drawn.
 */
async function redrawList(visit: KnownVisit, deps: ListenerDeps): Promise<void> {
  const from = visit.viewId === undefined ? undefined : deps.places.find(visit.viewId);
  if (from === undefined) return;
  const place = from.place.filter === 'active' ? ({ filter: 'all', page: 1 } as const) : from.place;
  try {
    await respond(from.responseUrl, await listAnswer(visit.actor, place, deps), 'instead');
  } catch (error) {
    deps.log.warn({ err: error }, 'the list that a token was revoked from could not be drawn again');
  }
}
