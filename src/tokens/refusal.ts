import { type Clock, DAY_MS } from '../clock.ts';
import { counted } from '../counted.ts';
import { type CalendarDate, dayText } from '../zone.ts';
import { type FlawedName, NAME_LENGTH_MAX } from './name.ts';
import type { AccessPolicy, Action, Actor, Role } from './policy.ts';
import type { TokenStore } from './store.ts';
import { type TokenId, UNCLAIMED_MS_MAX } from './token.ts';

export const PURPOSE_LENGTH_MAX = 200;

export const REASON_LENGTH_MAX = 200;

type Named = { readonly name: string };

type Days = { readonly latest: CalendarDate };

/** What a refusal carries beside its code, so that its sentence can be made. */
type Carried = {
  name_invalid: FlawedName;
  name_taken: Named & { readonly freeName: string | null };
  holds_value: unknown;
  /** The same in a message, which the app cannot delete. */
  message_holds_value: unknown;
  text_too_long: { readonly lengthMax: number };
  /** It has a sign in it, by its number and name, that turns the writing around or controls something. */
  text_invalid: { readonly sign: string };
  reason_required: unknown;
  lifetime_not_allowed: { readonly lifetimeDaysMax: number; readonly mayNeverExpire: boolean };
  lifetime_too_short: unknown;
  /** What was typed is no lifetime, or several. */
  lifetime_unclear: unknown;
  /** Of an expiry that was typed behind a command. */
  typed_expiry: { readonly typed: string; readonly why: Refusal };
  app_not_permitted: unknown;
  /** Slack did not say in time who they are. */
  person_unknown: unknown;
  /** A button, choice or dialog that this version does not draw. */
  press_unknown: unknown;
  /** A value that is not one of a live token, for whatever reason. */
  value_not_live: unknown;
  /** A value that was live once. Of which token is told to whoever may see that: `name`, and whether another value of it works. */
  value_ended: { readonly name?: string; readonly hasNewer?: boolean };
  /** The lookup id is that of a revoked token, told to whoever may see it. */
  value_of_revoked: Named;
  /** Shaped like a value, with wrong check digits. */
  value_misread: unknown;
  /** Whether a value is good could not be found out: too many are being checked. */
  verification_busy: unknown;
  /** More than one value where one is meant. */
  /** `areOffered`: with a button that revokes those that work. */
  several_values: { readonly areOffered?: boolean };
  /** A value was presented, but has ended since then, or too long ago, or by somebody else. */
  no_longer_held: unknown;
  /** More tokens than are offered have a value that begins so. */
  too_many_matches: unknown;
  check_not_permitted: unknown;
  /** A command that hangs on a role: which one, and who has it. */
  command_not_permitted: { readonly command: string; readonly roles: readonly Role[] };
  /** The first characters of a value, from somebody who may not revoke by them, whether or not there is such a value. */
  first_characters_not_permitted: { readonly roles: readonly Role[] };
  too_few_characters: { readonly prefix: string };
  too_many_checks: { readonly waitSeconds: number };
  /** Not there, not theirs, or not for them to do: all three read the same. */
  token_not_found: unknown;
  /** The same, where tokens that they could do it with have nearly this name. */
  token_misnamed: { readonly nearly: readonly (Named & { readonly id: TokenId })[] };
  already_revoked: Named;
  /** Of several that were selected, each was revoked before. */
  all_already_revoked: unknown;
  nothing_ticked: unknown;
  /** The person whose tokens are to end was not named; `expected` is what to type. */
  person_not_named: { readonly expected: string };
  expired: Named;
  /** `latest` is the last day that policy allows. */
  date_needed: Days;
  date_unknown: Days;
  date_past: Days;
  date_too_far: Days;
  /** A day was filled in, and another expiry chosen. */
  date_unused: unknown;
  too_many_live: { readonly liveTokensMax: number };
  /** The same of the person whom it was to be created for. */
  owner_too_many_live: { readonly liveTokensMax: number };
  too_many_today: { readonly creationsPerDayMax: number };
  owner_not_permitted: unknown;
  scope_unknown: unknown;
  no_old_value: Named;
  already_shown: Named;
  /** Nobody took it in time: it has no value and gets none. */
  never_claimed: Named;
  /** The same person is being shown another value. */
  showing_another: Named;
  /** More values are being made, for everybody together, than may wait. */
  too_many_waiting: unknown;
  /** Further values, in place of those that were not seen, beside the tokens that the person created. */
  too_many_values_today: { readonly creationsPerDayMax: number };
  /** Somebody else, or another press, rotated or renewed it first. */
  changed_meanwhile: Named;
  not_claimed: Named;
  already_used: Named;
};

type Code = keyof Carried;

type RefusalOf<C extends Code> = { [K in C]: { readonly code: K } & Carried[K] }[C];

/** An expected no. Carries data; its sentence is made by `sentenceFor`. */
export type Refusal = RefusalOf<Code>;

export type Refused = { readonly kind: 'refused'; readonly refusal: Refusal };

/** Wraps a refusal as the outcome of a verb. */
export function refused(refusal: Refusal): Refused {
  return { kind: 'refused', refusal };
}

/** What the person reads: plain text that says what to do next. Names stand in it as typed; whoever draws it escapes. */
export function sentenceFor<C extends Code>(refusal: RefusalOf<C>): string {
  return SENTENCES[refusal.code](refusal);
}

const NOTHING_MORE = 'Nothing more to do.';

const SENTENCES: { readonly [C in Code]: (refusal: RefusalOf<C>) => string } = {
  name_invalid: flawSentence,
  name_taken: ({ name, freeName }) =>
    `${name} is already taken. ${freeName === null ? 'Choose another name' : `Try ${freeName}`}.`,
  holds_value: () => 'This looks like a token value. It was not saved. If it leaked, revoke it.',
  message_holds_value: () => "This looks like a token value. I don't keep it, but Slack keeps your message.",
  text_too_long: ({ lengthMax }) => `This is too long. Use at most ${lengthMax} characters.`,
  text_invalid: ({ sign }) => `This contains ${sign}, which can hide or change other text. Remove it.`,
  reason_required: () => 'Choose or type a reason. The owner sees it.',
  lifetime_not_allowed: ({ lifetimeDaysMax, mayNeverExpire }) =>
    `Maximum ${counted(lifetimeDaysMax, 'day')}${mayNeverExpire ? ', or never' : ''}. Choose another expiry.`,
  lifetime_too_short: () => 'The minimum is 1 hour. Choose another expiry.',
  lifetime_unclear: () => 'Choose another expiry. You can type 12h, 30d, 2w, 1y or until YYYY-MM-DD.',
  typed_expiry: ({ typed, why }) => `You typed "${typed}". ${sentenceFor(why)}`,
  app_not_permitted: () =>
    'apitoken is only for full members of this workspace. If you need a token, ask an admin.',
  person_unknown: () =>
    "Slack didn't confirm in time what you may do. Nothing was changed. Try again in 10 seconds.",
  press_unknown: () =>
    "This no longer works: it's from another version of apitoken. Type /apitoken list to start again.",
  value_not_live: () => "This value doesn't work, so there is nothing to revoke. It was not saved.",
  value_ended: ({ name, hasNewer = false }) => endedSentence(name, hasNewer),
  value_of_revoked: ({ name }) => `Looks like ${name}, already revoked. It no longer works.`,
  value_misread: () =>
    'This value is incomplete or mistyped. It was not saved. Copy the whole value and try again.',
  verification_busy: () => 'Too many values are being checked. Nothing was changed. Try again in 10 seconds.',
  several_values: ({ areOffered = false }) =>
    `These are several values, and none was revoked. ${areOffered ? 'Choose Revoke it to continue' : 'Revoke them one at a time'}.`,
  no_longer_held: () =>
    'Nothing was changed. That value no longer works, or you entered it over 30 minutes ago. Enter it again.',
  too_many_matches: () => 'More than 5 tokens match. Type more characters.',
  check_not_permitted: () =>
    'Only its owner, on-call and admins can check a value. If it leaked, type /apitoken revoke VALUE.',
  command_not_permitted: ({ command, roles }) => `Only ${rolesText(roles)} can use /apitoken ${command}.`,
  first_characters_not_permitted: ({ roles }) =>
    `No token found. Only ${rolesText(roles)} can revoke by first characters.`,
  too_few_characters: ({ prefix }) => `Type at least 6 characters after ${prefix}_.`,
  too_many_checks: ({ waitSeconds }) =>
    `You've checked 10 values in a minute, the limit here. Try again in ${counted(waitSeconds, 'second')}.`,
  token_not_found: () => notFoundSentence([]),
  token_misnamed: ({ nearly }) => notFoundSentence(nearly.map(({ name }) => name)),
  already_revoked: ({ name }) => `${name} is already revoked. ${NOTHING_MORE}`,
  all_already_revoked: () => `These tokens are already revoked. ${NOTHING_MORE}`,
  nothing_ticked: () => 'Select at least one token, or choose Keep it.',
  person_not_named: ({ expected }) =>
    `That isn't the name. To revoke more than 10 tokens, type "${expected}".`,
  expired: ({ name }) => `${name} has expired and no longer works. Renew it, or create a new token.`,
  date_needed: ({ latest }) => rangeSentence(latest),
  date_unknown: ({ latest }) => `That date doesn't exist. ${rangeSentence(latest)}`,
  date_past: ({ latest }) => `That date is in the past. ${rangeSentence(latest)}`,
  date_too_far: ({ latest }) => `That date is too far away. ${rangeSentence(latest)}`,
  date_unused: () => 'Choose On a date under Expires, or clear this date.',
  too_many_live: ({ liveTokensMax }) =>
    `You have ${counted(liveTokensMax, 'live token')}, the limit here. Revoke one you don't need, then try again.`,
  owner_too_many_live: ({ liveTokensMax }) =>
    `This person has ${counted(liveTokensMax, 'live token')}, the limit here. One must be revoked first.`,
  too_many_today: ({ creationsPerDayMax }) =>
    `You've created ${counted(creationsPerDayMax, 'token')} in 24 hours, the limit here. Try again later.`,
  owner_not_permitted: () => "This person can't own a token. Choose a full member of this workspace.",
  scope_unknown: () => 'One of these scopes no longer exists. Choose again.',
  no_old_value: ({ name }) => `The old value of ${name} no longer works. ${NOTHING_MORE}`,
  already_shown: ({ name }) =>
    `The value of ${name} was already shown, and is shown only once. If you lost it, choose Rotate.`,
  never_claimed: ({ name }) =>
    `${name} wasn't claimed within ${counted(UNCLAIMED_MS_MAX / DAY_MS, 'day')}, so it was revoked. Create a new token.`,
  showing_another: ({ name }) =>
    `You're being shown another value, so none was made for ${name}. Try again in a moment.`,
  too_many_waiting: () =>
    'Too many values are being made at once. Nothing was changed. Try again in a minute.',
  too_many_values_today: ({ creationsPerDayMax }) =>
    `You've made ${counted(creationsPerDayMax, 'new token')} or values in 24 hours, the limit here. Nothing was changed. Try again later.`,
  changed_meanwhile: ({ name }) =>
    `${name} was changed in the meantime, so nothing was done. Its receipt shows how it stands.`,
  not_claimed: ({ name }) =>
    `${name} has no value yet, so there is nothing to rotate. Choose Show value first.`,
  already_used: ({ name }) =>
    `The value of ${name} has been used, so it works. To replace it, choose Rotate.`,
};

function flawSentence(flawed: FlawedName): string {
  const allowed = `Use 1 to ${NAME_LENGTH_MAX} letters, digits, spaces or symbols.`;
  switch (flawed.flaw) {
    case 'empty':
      return `A token needs a name. ${allowed}`;
    case 'too_long':
      return `This name is too long. ${allowed}`;
    case 'unseen_characters':
      return `This name contains ${flawed.sign}, which can hide or change other text. Remove it.`;
    case 'like_a_value':
      return "A name can't look like a token value or token id. It was not saved. Choose another name.";
    case 'like_first_characters':
      return 'This name looks like the start of a token value. Use a hyphen instead of the underscore.';
  }
}

function endedSentence(name: string | undefined, hasNewer: boolean): string {
  if (name === undefined) return 'That value no longer works.';
  return `That value no longer works. ${hasNewer ? `${name} has a newer value, which still works.` : `${name} has expired.`}`;
}

const ROLE_WORDS: Readonly<Record<Role, string>> = {
  manager: 'managers',
  on_call: 'on-call',
  admin: 'admins',
};

/** `managers, on-call and admins`. */
function rolesText(roles: readonly Role[]): string {
  return new Intl.ListFormat('en-GB', { type: 'conjunction' }).format(roles.map((role) => ROLE_WORDS[role]));
}

function notFoundSentence(names: readonly string[]): string {
  return names.length === 0
    ? 'No token found. Type /apitoken list all to see yours.'
    : `No token found. Did you mean ${names.join(' or ')}?`;
}

function rangeSentence(latest: CalendarDate): string {
  return `Choose a date from today to ${dayText(latest)}.`;
}

export type RefuseDeps = {
  readonly store: TokenStore;
  readonly clock: Clock;
  readonly policy: AccessPolicy;
};

/** A refusal because of who the actor is. Unlike a field error it leaves an audit event, and nothing else. */
export async function refuseByPolicy(
  what: {
    readonly actor: Actor;
    /** `unknown_press`: a button or dialog that this version does not draw; `misplaced_press`: a button where it draws none. */
    readonly attempted: Action | 'use_app' | 'unknown_press' | 'misplaced_press';
    readonly tokenId: TokenId | null;
    readonly refusal: Refusal;
  },
  deps: Pick<RefuseDeps, 'store' | 'clock'>,
): Promise<Refused> {
  await deps.store.recordRefusal({
    at: deps.clock(),
    actor: what.actor.id,
    action: 'action.refused',
    tokenId: what.tokenId,
    detail: { attempted: what.attempted, standing: what.actor.standing },
  });
  return refused(what.refusal);
}
