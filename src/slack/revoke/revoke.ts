import { oldEndOf, standingOf, type ValueStanding } from '../../tokens/check.ts';
import { findToken, findToRevoke } from '../../tokens/find.ts';
import { holdsSecret } from '../../tokens/finder.ts';
import { areHeld, heldProof, recogniseValue } from '../../tokens/held.ts';
import { type Actor, may, rolesFor } from '../../tokens/policy.ts';
import { type Refusal, type Refused, refused, sentenceFor } from '../../tokens/refusal.ts';
import { endHeldOldValue, revokeTokens } from '../../tokens/revoke.ts';
import type { StoredSecret } from '../../tokens/store.ts';
import type { Delivery } from '../../tokens/telling.ts';
import { type PersonId, statusOf, type Token, type TokenId, type UsedToken } from '../../tokens/token.ts';
import type { TokenValue } from '../../tokens/token-value.ts';
import { escaped, tellingDialog } from '../blocks/text.ts';
import { revokeButton } from '../blocks/token-facts.ts';
import {
  type DialogMetadata,
  metadataText,
  parseMetadata,
  type SeveralMetadata,
} from '../dialog-metadata.ts';
import type { ListenerDeps, PressListener, SubmissionListener } from '../listener.ts';
import { confirmedActor, type Profile } from '../people/actor.ts';
import { isNameOf, nameOf, profileInTime } from '../people/person-name.ts';
import { errorAt, type RefusalFields, refusedSubmission } from '../reply/submission.ts';
import {
  type Answer,
  isTurned,
  refusalAnswer,
  refuseForged,
  tell,
  tellForged,
  tellRefusal,
  updateDialog,
} from '../reply/tell.ts';
import type { KnownVisit } from '../visit.ts';
import { type Answered, ackRevocation, cardDialog, cardOf } from './card.ts';
import {
  type BlastRadius,
  endedValueMessage,
  matchesMessage,
  notRevokedDialog,
  oldValueEnded,
  oldValueEndedBlocks,
  type PresentedValue,
  parseReason,
  REASON_INPUT_ID,
  REVOKE_TITLE,
  revokeDialog,
} from './revoke-dialog.ts';

import { UNNAMED_MAX } from './several-dialog.ts';

/**
 * Asks whether the token of that id or name shall be ended, or one whose value begins so. Where there is none, `refuse`
 * tells that.
 */
export async function revokeAnswer(
  actor: Actor,
  text: string,
  deps: ListenerDeps,
  refuse: (refusal: Refusal) => Answer = refusalAnswer,
): Promise<Answer> {
  const found = await findToRevoke(text, actor, deps);
  if (found.kind === 'refused') {
    const isMisread = found.refusal.code === 'token_not_found' && holdsSecret(text);
    if (isMisread) return refusalAnswer({ code: 'value_misread' });
    return isTooShort(text, found.refusal, deps.prefix)
      ? refuse(shortRefusal(actor, deps))
      : refuse(found.refusal);
  }
  const [first, ...others] = found.tokens;
  return first !== undefined && others.length === 0
    ? revokeQuestion(actor, first, {}, deps)
    : { kind: 'message', message: matchesMessage(found, deps.clock()) };
}

/** Whether it is no name, but begins like a value and ends too soon to be one of few. */
function isTooShort(text: string, { code }: Refusal, prefix: string): boolean {
  const typed = text.trim().replace(/(?:…|\.{3})$/, '');
  const isBeginning =
    typed.startsWith(`${prefix}_`) && /^[0-9A-Za-z]{0,5}$/.test(typed.slice(prefix.length + 1));
  return code === 'token_not_found' && isBeginning;
}

/** Who may not revoke by them is not told how many it takes. */
function shortRefusal(actor: Actor, { prefix, policy }: ListenerDeps): Refusal {
  return may(actor, 'revoke', undefined, policy)
    ? { code: 'too_few_characters', prefix }
    : { code: 'first_characters_not_permitted', roles: rolesFor('revoke') };
}

/** Asks the same of whoever holds a value, whosever token it is. */
export async function revokeHeldAnswer(actor: Actor, value: TokenValue, deps: ListenerDeps): Promise<Answer> {
  const verdict = await recogniseValue(value, 'command', deps);
  if (verdict.kind === 'busy') return refusalAnswer({ code: 'verification_busy' });
  if (verdict.kind === 'bad') {
    return 'secret' in verdict
      ? deadValueAnswer(actor, verdict.secret, verdict.why, deps)
      : refusalAnswer({ code: 'value_not_live' });
  }
  const { secret } = verdict;
  const found = await findToken(secret.tokenId, 'revoke_held', actor, deps);
  if (found.kind === 'refused') return refusalAnswer(found.refusal);
  const now = deps.clock();
  const held = heldProof({ actor: actor.id, values: [secret], at: now }, deps.peppers.current);
  const presented = presentedOf(await standingOf(secret, now, deps.store));
  return revokeQuestion(actor, found.token, { held, value: presented }, deps);
}

/** The dialog that asks whether the token shall be ended, with what will break for whoever may see that. */
export async function revokeQuestion(
  actor: Actor,
  token: UsedToken,
  carried: Omit<DialogMetadata, 'tokenId'> & {
    readonly note?: string | undefined;
    readonly reason?: string | undefined;
    /** Where a value was presented and another one of the token works too. */
    readonly value?: PresentedValue | undefined;
  },
  deps: ListenerDeps,
): Promise<Answer> {
  const now = deps.clock();
  if (statusOf(token, now) === 'revoked') return refusalAnswer({ code: 'already_revoked', name: token.name });
  const { note, reason, value, ...metadata } = carried;
  const view = revokeDialog(token, {
    byOwner: token.owner === actor.id,
    metadata: metadataText({ tokenId: token.id, ...metadata }),
    now,
    note,
    reason,
    value: value ?? (await overlapOf(token, now, deps)),
    radius: await blastRadiusFor(actor, token, now, deps),
  });
  return { kind: 'dialog', view };
}

/** How a value that was presented stands beside another one of its token; undefined where it is the only one. */
export function presentedOf(standing: ValueStanding): PresentedValue | undefined {
  return standing.is === 'only' ? undefined : standing;
}

/** That the token has two values, of which none was presented. */
async function overlapOf(
  { id }: UsedToken,
  now: number,
  { store }: ListenerDeps,
): Promise<PresentedValue | undefined> {
  const oldEndsAt = await oldEndOf(id, now, store);
  return oldEndsAt === undefined ? undefined : { is: 'none', oldEndsAt };
}

/**
 * A value that was good once. Only whoever may see its token is told more than that it is dead; of one that is revoked nobody
 * can prove the rest, so that to anybody else it is like any other.
 */
async function deadValueAnswer(
  actor: Actor,
  { tokenId }: StoredSecret,
  why: 'ended' | 'revoked',
  deps: ListenerDeps,
): Promise<Answer> {
  const token = await deps.store.findToken(actor.workspace, tokenId);
  if (token === undefined || !may(actor, 'see', token, deps.policy)) {
    return refusalAnswer({ code: why === 'ended' ? 'value_ended' : 'value_not_live' });
  }
  const { name } = token;
  if (why === 'revoked') return refusalAnswer({ code: 'value_of_revoked', name });
  const hasNewer = statusOf(token, deps.clock()) === 'active';
  const refusal = { code: 'value_ended', name, hasNewer } as const;
  // Whoever comes with one that leaked may mean the token.
  const offers = may(actor, 'revoke', token, deps.policy) ? [revokeButton(token, 'Revoke token')] : [];
  return { kind: 'message', message: endedValueMessage(sentenceFor(refusal), offers) };
}

async function blastRadiusFor(
  actor: Actor,
  token: UsedToken,
  now: number,
  deps: ListenerDeps,
): Promise<BlastRadius | undefined> {
  if (!may(actor, 'see', token, deps.policy)) return undefined;
  const [usesInDay, owner] = await Promise.all([
    deps.store.usesInDay(token.id, now),
    token.owner === actor.id ? undefined : profileInTime(token.owner, deps),
  ]);
  return { usesInDay, owner };
}

/** *End old value only* was pressed: ends what was presented, and turns the dialog into what came of it. */
export const onEndHeld: PressListener = async (visit, value, deps) => {
  const asked = parseMetadata(value);
  if (asked?.held === undefined) return tellForged(visit, 'revoke_held', deps);
  const { tokenId, held, inMessage } = asked;
  const there = await deps.store.findTokens(visit.actor.workspace, [tokenId]);
  const actor = await confirmedActor(visit, 'revoke_held', there.values(), deps);
  if (actor === undefined) return tellRefusal(visit, { code: 'person_unknown' }, deps);
  const outcome = await endHeldOldValue({ actor, tokenId, held, delivery: visit.delivery }, deps);
  if (outcome.kind === 'refused') {
    return updateDialog(visit, notRevokedDialog(sentenceFor(outcome.refusal)), deps.client);
  }
  const blocks = oldValueEndedBlocks(outcome.token, inMessage, actor.id);
  if (await isTurned(visit, tellingDialog(REVOKE_TITLE, blocks), deps.client)) return;
  // It was closed meanwhile.
  await tell(visit, { text: escaped(oldValueEnded(outcome.token)), blocks }, deps.client);
};

/** *Revoke* was pressed: ends the token, turns the dialog into its card, and tells it where the dialog was opened. */
export const onRevokeSubmitted: SubmissionListener = async (visit, { fields, metadata, ack }, deps) => {
  const reason = parseReason(fields);
  if ('refusal' in reason) return ack(errorAt(REASON_INPUT_ID, reason.refusal));
  const asked = parseMetadata(metadata);
  if (asked === undefined) return ack(refusedSubmission(await refuseForged(visit, 'revoke', deps), FIELDS));

  const work = revokeFilled(visit, { asked, tokenIds: [asked.tokenId], reason: reason.note }, deps);
  await ackRevocation(visit, work, { ack, fields: FIELDS, count: 1 }, deps);
};

/** What is to end, as a dialog was filled in. */
type Filled = {
  readonly asked: SeveralMetadata;
  readonly tokenIds: readonly TokenId[];
  readonly reason: string | null;
  readonly typedName?: string;
  /** Where the visit's may come with other tokens, too. */
  readonly delivery?: Delivery;
};

/** Ends what a dialog asked for, by the right of whoever proved to hold it or by their role, and shows it as their card. */
export async function revokeFilled(
  visit: KnownVisit,
  filled: Filled,
  deps: ListenerDeps,
): Promise<Answered | Refused> {
  const { asked, tokenIds, reason, delivery = visit.delivery } = filled;
  const { person, held: proof, inMessage } = asked;
  const there = await deps.store.findTokens(visit.actor.workspace, tokenIds);
  if (!areTheirs(person, tokenIds, there)) return refused(await refuseForged(visit, 'revoke', deps));
  const held = proof !== undefined && (await areHeld(proof, { actor: visit.actor.id, tokenIds }, deps));
  const [profile, actor] = await Promise.all([
    person && deps.actors.findProfile(person),
    confirmedActor(visit, held ? 'revoke_held' : 'revoke', there.values(), deps),
  ]);
  if (actor === undefined) return refused({ code: 'person_unknown' });
  const unnamed = unnamedPerson(filled, profile, actor, deps);
  if (unnamed !== undefined) return refused(unnamed);

  const outcome = await revokeTokens({ actor, tokenIds, there, reason, held, delivery }, deps);
  if (outcome.kind === 'refused') {
    const hasLapsed = proof !== undefined && !held && outcome.refusal.code === 'token_not_found';
    return hasLapsed ? refused({ code: 'no_longer_held' }) : outcome;
  }
  const card = await cardOf(actor, { tokens: outcome.tokens, inMessage, person }, deps);
  const view = await cardDialog(visit, card, deps);
  return { kind: 'answered', view, card, isNew: outcome.kind === 'revoked' };
}

/** Whether the tokens are those of the person whose sheet it was, if it was one. */
function areTheirs(
  person: PersonId | undefined,
  tokenIds: readonly TokenId[],
  tokens: ReadonlyMap<TokenId, Token>,
): boolean {
  return person === undefined || tokenIds.every((id) => tokens.get(id)?.owner === person);
}

/**
 * That a person's many tokens are to end and the person was not named; undefined when all is well. Whoever may not end them
 * is not told who that is: the verb refuses them.
 */
function unnamedPerson(
  { asked: { person }, tokenIds, typedName = '' }: Filled,
  profile: Profile | undefined,
  actor: Actor,
  deps: ListenerDeps,
): Refusal | undefined {
  if (person === undefined || tokenIds.length <= UNNAMED_MAX) return undefined;
  if (person !== actor.id && !may(actor, 'revoke', undefined, deps.policy)) return undefined;
  if (isNameOf(person, profile, typedName)) return undefined;
  return { code: 'person_not_named', expected: nameOf(person, profile) };
}

/** Where trying again may help, the dialog stays as it was filled in. */
const FIELDS: RefusalFields = {
  fields: { reason_required: REASON_INPUT_ID, person_unknown: REASON_INPUT_ID },
  dialogOf: notRevokedDialog,
};
