import { asSeen } from '../../tokens/characters.ts';
import { type CreateRequest, createToken, freeName, offeredScopes } from '../../tokens/create.ts';
import { type ExpiryChoice, lifetimeNotAllowed } from '../../tokens/expiry.ts';
import { findToken } from '../../tokens/find.ts';
import { holdsSecret } from '../../tokens/finder.ts';
import { parseName, type TokenName } from '../../tokens/name.ts';
import { parseNote } from '../../tokens/note.ts';
import { type Actor, INTROSPECT_SCOPE, may } from '../../tokens/policy.ts';
import { PURPOSE_LENGTH_MAX, type Refusal, sentenceFor } from '../../tokens/refusal.ts';
import { showValue } from '../../tokens/show.ts';
import type { Token, TokenId } from '../../tokens/token.ts';
import { section, tellingDialog } from '../blocks/text.ts';
import type { ListenerDeps, PressListener, SubmissionListener } from '../listener.ts';
import { confirmedActor } from '../people/actor.ts';
import { dmLink } from '../reply/direct-message.ts';
import { errorAt, type RefusalFields, refusedSubmission } from '../reply/submission.ts';
import { type Answer, answerVisit, refusalAnswer, updateDialog } from '../reply/tell.ts';
import type { KnownVisit } from '../visit.ts';
import {
  createDialog,
  createdForOtherDialog,
  type FilledIn,
  NAME_INPUT_ID,
  notShownDialog,
  noValueDialog,
  OWNER_INPUT_ID,
  onItsWayDialog,
  PURPOSE_INPUT_ID,
  SCOPES_INPUT_ID,
} from './create-dialog.ts';
import { EXPIRY_FIELDS, LIFETIME_INPUT_ID, parseExpiry, typedExpiryOf } from './expiry-input.ts';

type Fields = Readonly<Record<string, string>>;

type Filled = Pick<CreateRequest, 'name' | 'purpose' | 'expiry'>;

/** *Create Token* was pressed: makes the token, answers the dialog, and then shows the value to its owner, if it is them. */
export const onCreateSubmitted: SubmissionListener = async (visit, { fields, choices, ack }, deps) => {
  const parsed = parseFields(fields, deps);
  if ('errors' in parsed) return ack({ response_action: 'errors', errors: parsed.errors });
  const scopes = choices[SCOPES_INPUT_ID] ?? [];
  const ownerId = fields[OWNER_INPUT_ID] || visit.actor.id;
  const isForOther = ownerId !== visit.actor.id;
  const people = await peopleFor(visit, { ownerId, scopes }, deps);
  if (people === undefined)
    return ack(errorAt(isForOther ? OWNER_INPUT_ID : SCOPES_INPUT_ID, { code: 'person_unknown' }));

  const request = { ...people, ...parsed.filled, scopes, delivery: visit.delivery };
  const outcome = await createToken(request, deps);
  if (outcome.kind === 'refused') return ack(refusedSubmission(outcome.refusal, FIELDS));

  const { token } = outcome;
  const isOwn = token.owner === visit.actor.id;
  const link = dmLink(visit.appId, token.workspace);
  const view = isOwn ? onItsWayDialog(token, link) : createdForOtherDialog(token);
  await ack({ response_action: 'update', view });
  if (outcome.kind === 'created' && isOwn) await showFirstValue(visit, token, deps);
};

/**
 * Who creates it and whose it is to be. Where that takes an admin, for somebody else's token or one that may introspect,
 * both are asked for anew; undefined when Slack did not answer.
 */
async function peopleFor(
  visit: KnownVisit,
  { ownerId, scopes }: { ownerId: string; scopes: readonly string[] },
  deps: ListenerDeps,
): Promise<{ actor: Actor; owner: Actor } | undefined> {
  const isOwn = ownerId === visit.actor.id;
  if (isOwn && !scopes.includes(INTROSPECT_SCOPE)) return { actor: visit.actor, owner: visit.actor };
  const asking = confirmedActor(visit, isOwn ? 'grant_introspect' : 'create_for_others', 'everybodys', deps);
  const [actor, owner] = await Promise.all([
    asking,
    isOwn ? asking : deps.actors.findAnew(ownerId, undefined, []),
  ]);
  return actor === undefined || owner === undefined ? undefined : { actor, owner };
}

async function showFirstValue(visit: KnownVisit, token: Token, deps: ListenerDeps): Promise<void> {
  const request = { actor: visit.actor, tokenId: token.id, delivery: { keys: [] }, isOfCreation: true };
  const shown = await showValue(request, deps);
  if (shown.kind === 'not_shown')
    return updateDialog(visit, notShownDialog(token, shown.reason), deps.client);
  // The token is there: its receipt offers the value.
  if (shown.kind === 'refused')
    await updateDialog(visit, noValueDialog(token, sentenceFor(shown.refusal)), deps.client);
}

function parseFields(
  fields: Fields,
  deps: ListenerDeps,
): { filled: Filled } | { errors: Record<string, string> } {
  const name = parseNameField(fields[NAME_INPUT_ID] ?? '', deps.prefix);
  const purpose = parseNote(fields[PURPOSE_INPUT_ID] ?? '', PURPOSE_LENGTH_MAX);
  const expiry = parseExpiryFields(fields, deps);
  if ('name' in name && 'note' in purpose && 'choice' in expiry) {
    return { filled: { name: name.name, purpose: purpose.note, expiry: expiry.choice } };
  }
  return {
    errors: {
      ...('refusal' in name ? { [NAME_INPUT_ID]: sentenceFor(name.refusal) } : {}),
      ...('refusal' in purpose ? { [PURPOSE_INPUT_ID]: sentenceFor(purpose.refusal) } : {}),
      ...('refusal' in expiry
        ? { [EXPIRY_FIELDS[expiry.refusal.code] ?? LIFETIME_INPUT_ID]: sentenceFor(expiry.refusal) }
        : {}),
    },
  };
}

function parseNameField(text: string, prefix: string): { name: TokenName } | { refusal: Refusal } {
  if (holdsSecret(text)) return { refusal: { code: 'holds_value' } };
  const parsed = parseName(text, prefix);
  return 'flaw' in parsed ? { refusal: { code: 'name_invalid', ...parsed } } : parsed;
}

function parseExpiryFields(
  fields: Fields,
  { policy }: ListenerDeps,
): { choice: ExpiryChoice } | { refusal: Refusal } {
  const choice = parseExpiry(fields);
  if (choice === undefined) return { refusal: lifetimeNotAllowed(policy) };
  return choice.kind === 'refused' ? { refusal: choice.refusal } : { choice };
}

const FIELDS: RefusalFields = {
  fields: {
    name_taken: NAME_INPUT_ID,
    too_many_live: NAME_INPUT_ID,
    too_many_today: NAME_INPUT_ID,
    ...EXPIRY_FIELDS,
    scope_unknown: SCOPES_INPUT_ID,
    owner_not_permitted: OWNER_INPUT_ID,
    owner_too_many_live: OWNER_INPUT_ID,
  },
  dialogOf: (sentence) => tellingDialog('Create API Token', [section(sentence)]),
};

/** *Create API Token*, wherever it stands, and the global shortcut. */
export const onCreate: PressListener = async (visit, _value, deps) => {
  await answerVisit(visit, createAnswer(visit.actor, {}, deps), deps);
};

/** The dialog *Create API Token*, filled in with what is already known. */
export function createAnswer(actor: Actor, filledIn: FilledIn, deps: ListenerDeps): Answer {
  const mayChooseOwner = may(actor, 'create_for_others', undefined, deps.policy);
  const scopes = offeredScopes(actor, deps.policy);
  const asker = { id: actor.id, zone: actor.zone, mayChooseOwner, scopes };
  return { kind: 'dialog', view: createDialog(filledIn, asker, deps.policy) };
}

/** The same for `/apitoken create …`, with what was typed there. */
export function createTypedAnswer(
  actor: Actor,
  { name, lifetime }: { readonly name?: string; readonly lifetime?: string },
  deps: ListenerDeps,
): Answer {
  const at = { now: deps.clock(), zone: actor.zone };
  const typed = {
    ...(name === undefined ? {} : { name }),
    ...(lifetime === undefined ? {} : { expiry: typedExpiryOf(lifetime, at, deps.policy) }),
  };
  return createAnswer(actor, typed, deps);
}

/** The same, filled in after a token that has ended, with a free name like its own: names are never used twice. */
export async function createAgainAnswer(actor: Actor, tokenId: TokenId, deps: ListenerDeps): Promise<Answer> {
  const found = await findToken(tokenId, 'rotate', actor, deps);
  if (found.kind === 'refused') return refusalAnswer(found.refusal);
  const { token } = found;
  const name = await freeName(actor, token.name, deps.store);
  const purpose = asSeen(token.purpose ?? '');
  const filledIn = {
    ...(name === null ? {} : { name }),
    ...(purpose === '' ? {} : { purpose }),
    scopes: token.scopes,
    leftOut: token.scopes.filter((scope) => !offeredScopes(actor, deps.policy).includes(scope)),
  };
  return createAnswer(actor, filledIn, deps);
}
