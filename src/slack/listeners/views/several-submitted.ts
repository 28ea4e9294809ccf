import { isHeldProof } from '../../../tokens/held.ts';
import type { Actor } from '../../../tokens/policy.ts';
import { REASON_LENGTH_MAX, type Refusal } from '../../../tokens/refusal.ts';
import { revokeSeveral } from '../../../tokens/revoke-several.ts';
import type { Delivery } from '../../../tokens/store.ts';
import { type PersonId, parseTokenId, type TokenId, type UsedToken } from '../../../tokens/token.ts';
import { killCardMessage, othersLeftBlocks } from '../../blocks/kill-card.ts';
import { notRevokedDialog, REASON_INPUT_ID } from '../../blocks/revoke-dialog.ts';
import { GROUP_IDS, PERSON_NAME_INPUT_ID, UNNAMED_MAX } from '../../blocks/several-dialog.ts';
import { cardDialog, cardOf } from '../../card.ts';
import { parseSeveralMetadata, type SeveralMetadata } from '../../dialog-metadata.ts';
import type { ListenerDeps, SubmissionListener } from '../../listener.ts';
import { parseNote } from '../../parse-note.ts';
import { redrawOrigin } from '../../redraw.ts';
import { refuseForged } from '../../refuse-forged.ts';
import { isNameOf, nameOf } from '../../revoke-person-answer.ts';
import { actorToRevoke } from '../../revoking-actor.ts';
import { errorAt, type RefusalPlaces, refusedSubmission } from '../../submission-answer.ts';
import type { KnownVisit } from '../../visit.ts';

/** *Revoke* was pressed under several tokens: ends those that are ticked, all in one. */
export const onSeveralSubmitted: SubmissionListener = async (visit, submission, deps) => {
  const { fields, choices, ack } = submission;
  const reason = parseNote(fields[REASON_INPUT_ID] ?? '', REASON_LENGTH_MAX);
  if ('refusal' in reason) return ack(errorAt(REASON_INPUT_ID, reason.refusal));
  const asked = parseSeveralMetadata(submission.metadata);
  const tokenIds = tickedIn(choices);
  if (
    asked === undefined ||
    tokenIds === undefined ||
    !(await areTheirs(visit, asked.person, tokenIds, deps))
  ) {
    return ack(refusedSubmission(await refuseForged(visit, 'revoke', deps), PLACES));
  }
  const unnamed = await unnamedPerson(asked, tokenIds, fields[PERSON_NAME_INPUT_ID] ?? '', deps);
  if (unnamed !== undefined) return ack(refusedSubmission(unnamed, PLACES));
  const actor = await actorToRevoke(visit, tokenIds, deps);
  if (actor === undefined) return ack(refusedSubmission({ code: 'person_unknown' }, PLACES));

  const held = isHeld(asked, actor, tokenIds, deps);
  const delivery = deliveryOf(visit, tokenIds);
  const request = { actor, tokenIds, reason: reason.note, held, delivery };
  const outcome = await revokeSeveral(request, deps);
  if (outcome.kind === 'refused') {
    const hasLapsed = asked.held !== undefined && !held && outcome.refusal.code === 'token_not_found';
    return ack(refusedSubmission(hasLapsed ? { code: 'no_longer_held' } : outcome.refusal, PLACES));
  }
  const view = await resultDialog(visit, asked, outcome.tokens, deps);
  await ack({ response_action: 'update', view });
  if (outcome.kind === 'revoked') {
    const card = await cardOf(outcome.tokens, asked.inMessage === true, deps);
    await redrawOrigin(visit, deps, killCardMessage(card));
  }
};

/**
 * The sheet of those that are left stands in the same dialog as the one before: its keys tell them apart. No token is ended
 * twice, so any of those ticked does.
 */
function deliveryOf({ delivery }: KnownVisit, tokenIds: readonly TokenId[]): Delivery {
  return { keys: delivery.keys.map((key) => `${key} ${tokenIds.toSorted()[0]}`) };
}

/** Each ticked token once; undefined when something else stands there than our dialog offers. */
function tickedIn(choices: Readonly<Record<string, readonly string[]>>): TokenId[] | undefined {
  const texts = new Set(GROUP_IDS.flatMap((id) => choices[id] ?? []));
  const tokenIds = [...texts].map(parseTokenId).filter((id) => id !== undefined);
  const fits = tokenIds.length === texts.size && texts.size <= GROUP_IDS.length * UNNAMED_MAX;
  return fits ? tokenIds : undefined;
}

/** Whether the tokens are those of the person whose sheet it was, if it was one. */
async function areTheirs(
  visit: KnownVisit,
  person: PersonId | undefined,
  tokenIds: readonly TokenId[],
  deps: ListenerDeps,
): Promise<boolean> {
  if (person === undefined) return true;
  for (const id of tokenIds) {
    const token = await deps.store.findToken(visit.actor.workspace, id);
    if (token?.owner !== person) return false;
  }
  return true;
}

/** That a person's many tokens are to end and the person was not named; undefined when all is well. */
async function unnamedPerson(
  { person }: SeveralMetadata,
  tokenIds: readonly TokenId[],
  typed: string,
  deps: ListenerDeps,
): Promise<Refusal | undefined> {
  if (person === undefined || tokenIds.length <= UNNAMED_MAX) return undefined;
  if (await isNameOf(person, typed, deps)) return undefined;
  return { code: 'person_not_named', expected: await nameOf(person, deps) };
}

function isHeld(
  { held }: SeveralMetadata,
  actor: Actor,
  tokenIds: readonly TokenId[],
  { peppers, clock }: ListenerDeps,
): boolean {
  if (held === undefined || !tokenIds.every((id) => held.tokens.includes(id))) return false;
  return isHeldProof(held.proof, { actor: actor.id, tokenIds: held.tokens }, peppers, clock());
}

/** The card, and, where the person has more live tokens, the way to those. */
async function resultDialog(
  visit: KnownVisit,
  { person, inMessage }: SeveralMetadata,
  tokens: readonly UsedToken[],
  deps: ListenerDeps,
) {
  const card = await cardOf(tokens, inMessage === true, deps);
  const view = cardDialog(visit, card, deps);
  if (person === undefined) return view;
  const rest = { owner: person, filter: 'active', page: 1, pageSize: 1, now: card.now } as const;
  const { total } = await deps.store.listTokens(visit.actor.workspace, rest);
  return total === 0 ? view : { ...view, blocks: [...view.blocks, ...othersLeftBlocks(person, total)] };
}

/** Where trying again may help, the dialog stays as it was filled in. */
const PLACES: RefusalPlaces = {
  fields: {
    reason_required: REASON_INPUT_ID,
    person_unknown: REASON_INPUT_ID,
    nothing_ticked: GROUP_IDS[0] ?? REASON_INPUT_ID,
    person_not_named: PERSON_NAME_INPUT_ID,
  },
  dialogOf: notRevokedDialog,
};
