import { createHash } from 'node:crypto';
import { type Actor, may, rolesFor } from '../../tokens/policy.ts';
import { type Refusal, refuseByPolicy } from '../../tokens/refusal.ts';
import type { Delivery } from '../../tokens/telling.ts';
import {
  type PersonId,
  parsePersonId,
  parseTokenId,
  type TokenId,
  type UsedToken,
} from '../../tokens/token.ts';
import { PICK_PERSON_ID } from '../blocks/ids.ts';
import { mention, mrkdwn, sentenceMessage } from '../blocks/text.ts';
import { parseSeveralMetadata } from '../dialog-metadata.ts';
import type { ListenerDeps, SubmissionListener } from '../listener.ts';
import { confirmedActor } from '../people/actor.ts';
import { nameOf, profileInTime } from '../people/person-name.ts';
import { errorAt, type RefusalFields, refusedSubmission } from '../reply/submission.ts';
import { type Answer, refusalAnswer, refuseForged, viewOf } from '../reply/tell.ts';
import type { KnownVisit } from '../visit.ts';
import { ackRevocation } from './card.ts';
import { revokeAnswer, revokeFilled } from './revoke.ts';
import {
  notRevokedDialog,
  OWNER_LEFT_REASON,
  parseReason,
  REASON_INPUT_ID,
  REVOKE_TITLE,
} from './revoke-dialog.ts';
import {
  GROUP_IDS,
  PERSON_NAME_INPUT_ID,
  personPicker,
  SHEET_TOKENS_MAX,
  type SheetFacts,
  severalDialog,
  UNNAMED_MAX,
} from './several-dialog.ts';

/** *Revoke* was pressed under several tokens: ends those that are ticked, all in one. */
export const onSeveralSubmitted: SubmissionListener = async (visit, submission, deps) => {
  const { fields, choices, ack } = submission;
  const reason = parseReason(fields);
  if ('refusal' in reason) return ack(errorAt(REASON_INPUT_ID, reason.refusal));
  const asked = parseSeveralMetadata(submission.metadata);
  const tokenIds = tickedIn(choices);
  if (asked === undefined || tokenIds === undefined) {
    return ack(refusedSubmission(await refuseForged(visit, 'revoke', deps), FIELDS));
  }

  const typedName = fields[PERSON_NAME_INPUT_ID] ?? '';
  const delivery = deliveryOf(visit, tokenIds);
  const work = revokeFilled(visit, { asked, tokenIds, reason: reason.note, typedName, delivery }, deps);
  await ackRevocation(visit, work, { ack, fields: FIELDS, count: tokenIds.length }, deps);
};

/**
 * One dialog may be submitted with ever other ticks: when the answer came too late, or as the sheet of those that are left.
 * What was ticked is part of the keys, so that none of them stands for anything else.
 */
function deliveryOf({ delivery }: KnownVisit, tokenIds: readonly TokenId[]): Delivery {
  const ticked = createHash('sha256').update(tokenIds.toSorted().join(' ')).digest('base64url');
  return { keys: delivery.keys.map((key) => `${key} ${ticked}`) };
}

/** Each ticked token once; undefined when something else stands there than our dialog offers. */
function tickedIn(choices: Readonly<Record<string, readonly string[]>>): TokenId[] | undefined {
  const texts = new Set(GROUP_IDS.flatMap((id) => choices[id] ?? []));
  const tokenIds = [...texts].map(parseTokenId).filter((id) => id !== undefined);
  const fits = tokenIds.length === texts.size && texts.size <= GROUP_IDS.length * UNNAMED_MAX;
  return fits ? tokenIds : undefined;
}

/** Where trying again may help, the dialog stays as it was filled in. */
const FIELDS: RefusalFields = {
  fields: {
    reason_required: REASON_INPUT_ID,
    person_unknown: REASON_INPUT_ID,
    nothing_ticked: GROUP_IDS[0] ?? REASON_INPUT_ID,
    person_not_named: PERSON_NAME_INPUT_ID,
  },
  dialogOf: notRevokedDialog,
};

/** Whoever it is, and whatever they have. */
const PERSON_NOT_PERMITTED: Refusal = {
  code: 'command_not_permitted',
  command: 'revoke @person',
  roles: rolesFor('revoke'),
};

/** The sheet of a person's live tokens, to be ended at once: one's own, or anybody's for on-call and admins. */
export async function revokePersonAnswer(
  actor: Actor,
  person: PersonId,
  deps: ListenerDeps,
): Promise<Answer> {
  const byOwner = person === actor.id;
  if (!byOwner && !may(actor, 'revoke', undefined, deps.policy)) {
    await refuseByPolicy({ actor, attempted: 'revoke', tokenId: null, refusal: PERSON_NOT_PERMITTED }, deps);
    return refusalAnswer(PERSON_NOT_PERMITTED);
  }
  const now = deps.clock();
  const { tokens, total } = await deps.store.listTokens(actor.workspace, {
    owner: person,
    filter: 'active',
    page: 1,
    pageSize: SHEET_TOKENS_MAX,
    now,
  });
  if (total === 0) return noLiveTokens(person, byOwner);
  const profile = byOwner ? undefined : await profileInTime(person, deps);
  const view = severalDialog(tokens, {
    metadata: { person },
    reader: actor,
    now,
    total,
    profile,
    facts: await sheetFacts(actor, tokens, now, deps),
    nameToType: nameOf(person, profile ?? (await profileInTime(person, deps))),
    reason: { chosen: profile?.standing === 'deactivated' ? OWNER_LEFT_REASON : undefined },
  });
  return { kind: 'dialog', view };
}

/** Owners whom Slack is asked about for one dialog: of more, it is not told what time it is for them. */
const OWNERS_MAX = 10;

/** What breaks with each of the tokens that the actor may see. */
export async function sheetFacts(
  actor: Actor,
  tokens: readonly UsedToken[],
  now: number,
  deps: ListenerDeps,
): Promise<Map<TokenId, SheetFacts>> {
  const seen = tokens.filter((token) => may(actor, 'see', token, deps.policy));
  const owners = [...new Set(seen.map(({ owner }) => owner))].filter((owner) => owner !== actor.id);
  const ask = async (owner: PersonId) => [owner, await profileInTime(owner, deps)] as const;
  const profiles = new Map(await Promise.all(owners.slice(0, OWNERS_MAX).map(ask)));
  const factsOf = async ({ id, owner }: UsedToken) => {
    const radius = { usesInDay: await deps.store.usesInDay(id, now), owner: profiles.get(owner) };
    return [id, { radius }] as const;
  };
  return new Map(await Promise.all(seen.map(factsOf)));
}

/** A bare `@ann` is never guessed: whoever may end anybody's tokens picks the person. For anybody else it is a name. */
export async function unclearPersonAnswer(
  actor: Actor,
  typed: string,
  deps: ListenerDeps,
  refuse: (refusal: Refusal) => Answer,
): Promise<Answer> {
  return may(actor, 'revoke', undefined, deps.policy)
    ? { kind: 'dialog', view: personPicker() }
    : revokeAnswer(actor, typed, deps, (refusal) =>
        refusal.code === 'token_not_found' ? refusalAnswer(PERSON_NOT_PERMITTED) : refuse(refusal),
      );
}

function noLiveTokens(person: PersonId, byOwner: boolean): Answer {
  if (byOwner) {
    return {
      kind: 'message',
      message: sentenceMessage("You have no live tokens, so there's nothing to revoke."),
    };
  }
  const text = `${mention(person)} has no live tokens, so there's nothing to revoke.`;
  return { kind: 'message', message: { text, blocks: [{ type: 'section', text: mrkdwn(text) }] } };
}

/** *Continue* was pressed: the dialog turns into the sheet of that person's tokens. */
export const onPersonPicked: SubmissionListener = async (visit, { fields, ack }, deps) => {
  const person = parsePersonId(fields[PICK_PERSON_ID] ?? '');
  if (person === undefined) {
    const noFields = { fields: {}, dialogOf: notRevokedDialog };
    return ack(refusedSubmission(await refuseForged(visit, 'revoke', deps), noFields));
  }
  const tokens = person === visit.actor.id ? [] : 'everybodys';
  const actor = await confirmedActor(visit, 'revoke', tokens, deps);
  if (actor === undefined) return ack(errorAt(PICK_PERSON_ID, { code: 'person_unknown' }));
  const answer = await revokePersonAnswer(actor, person, deps);
  await ack({ response_action: 'update', view: viewOf(answer, REVOKE_TITLE) });
};
