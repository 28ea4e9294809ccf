import { type Clock, DAY_MS } from '../clock.ts';
import { counted } from '../counted.ts';
import { type CalendarDate, dayText } from '../zone.ts';
import { type FlawedName, NAME_LENGTH_MAX } from './name.ts';
import type { AccessPolicy, Action, Actor } from './policy.ts';
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
  text_too_long: { readonly lengthMax: number };
  /** It has a sign in it, by its number and name, that turns the writing around or controls something. */
  text_invalid: { readonly sign: string };
  reason_required: unknown;
  lifetime_not_allowed: { readonly lifetimeDaysMax: number; readonly mayNeverExpire: boolean };
  app_not_permitted: unknown;
  /** Slack did not say in time who they are. */
  person_unknown: unknown;
  /** A button, choice or dialog that this version does not draw. */
  press_unknown: unknown;
  /** A value that is not one of a live token, for whatever reason. */
  value_not_live: unknown;
  /** A value that was live once, told to whoever may see its token. */
  value_ended: Named;
  /** The lookup id is that of a revoked token, told to whoever may see it. */
  value_of_revoked: Named;
  /** Shaped like a value, with wrong check digits. */
  value_misread: unknown;
  /** Whether a value is good could not be found out: too many are being checked. */
  verification_busy: unknown;
  /** More than one value where one is meant. */
  several_values: unknown;
  /** A value was presented, but has ended since then, or too long ago, or by somebody else. */
  no_longer_held: unknown;
  /** More tokens than are offered have a value that begins so. */
  too_many_matches: unknown;
  check_not_permitted: unknown;
  too_many_checks: unknown;
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

const SENTENCES: { readonly [C in Code]: (refusal: RefusalOf<C>) => string } = {
  name_invalid: flawSentence,
  name_taken: ({ name, freeName }) => takenSentence(name, freeName),
  holds_value: () => 'This looks like a token value. It was not saved. If it leaked, revoke it.',
  text_too_long: ({ lengthMax }) => `This is too long: use ${lengthMax} characters at most.`,
  text_invalid: ({ sign }) =>
    `This has ${sign} in it, which is not text and could hide what is written here. Take it out, or type the text again.`,
  reason_required: () => 'Choose or type a reason. The owner sees it.',
  lifetime_not_allowed: ({ lifetimeDaysMax, mayNeverExpire }) =>
    lifetimeSentence(lifetimeDaysMax, mayNeverExpire),
  app_not_permitted: () =>
    'apitoken is for full members of this workspace. Ask one of its admins if you need a token.',
  person_unknown: () =>
    'Slack did not tell in time what you may do, so nothing was changed. Try again in a moment.',
  press_unknown: () =>
    'This button is from another version of apitoken and does nothing any more. Type /apitoken list for a new one.',
  value_not_live: () =>
    'This is not the value of a live token: nothing accepts it, so nothing needs to be revoked. It was not saved.',
  value_ended: ({ name }) =>
    `This is not the value of a live token: it is one of ${name} that has ended, and nothing accepts it. ${name} itself was left as it is.`,
  value_of_revoked: ({ name }) =>
    `This is not the value of a live token: it begins like one of ${name}, which is revoked. Nothing more needs to be done.`,
  value_misread: () =>
    'This is not a whole token value: its check digits are wrong, so it was cut or mistyped. It was not saved. Copy it again, from its first to its last character.',
  verification_busy: () =>
    'Too many values are being checked just now, so nothing was changed. Try again in a few seconds.',
  several_values: () =>
    'There are several values in this, and none of them was revoked. Revoke them one at a time.',
  no_longer_held: () =>
    'Nothing was changed: what you presented has ended since then, or you presented it more than 30 minutes ago. Present it again.',
  too_many_matches: () => 'More than 5 tokens have a value that begins so. Type more of its characters.',
  check_not_permitted: () =>
    'Nothing is told about this value: its owner, on-call and admins can check it. If it leaked, revoke it: /apitoken revoke VALUE.',
  too_many_checks: () => '10 checks a minute are the most that one person may make. Try again in a minute.',
  token_not_found: () => notFoundSentence([]),
  token_misnamed: ({ nearly }) => notFoundSentence(nearly.map(({ name }) => name)),
  already_revoked: ({ name }) => `${name} is already revoked. Nothing more needs to be done.`,
  all_already_revoked: () => "These tokens are already revoked. There's nothing left to do.",
  nothing_ticked: () => 'Select at least one token, or choose Keep it.',
  person_not_named: ({ expected }) =>
    `That isn't the name. To revoke more than 10 tokens, type "${expected}".`,
  expired: ({ name }) => `${name} has expired, so nothing accepts it. Renew it, or create a new token.`,
  date_needed: ({ latest }) => `Choose the day on which it expires, ${dayText(latest)} at the latest.`,
  date_unknown: ({ latest }) => `There is no such day. Choose one up to ${dayText(latest)}.`,
  date_past: ({ latest }) => `This day is over. Choose today or a later one, up to ${dayText(latest)}.`,
  date_too_far: ({ latest }) =>
    `This is later than a token may live here. Choose a day up to ${dayText(latest)}.`,
  date_unused: () =>
    'This date counts only with “On a date”. Choose that under Expires, or empty this field.',
  too_many_live: ({ liveTokensMax }) =>
    `${theMost(liveTokensMax, 'live token')} that one person may have here. Revoke one that is not needed first.`,
  owner_too_many_live: ({ liveTokensMax }) =>
    `This person has as many live tokens as one person may have here (${liveTokensMax}). One of theirs must be revoked first.`,
  too_many_today: ({ creationsPerDayMax }) =>
    `${theMost(creationsPerDayMax, 'token', ' a day')} that one person may create here. Try again tomorrow.`,
  owner_not_permitted: () => 'This person cannot own a token: choose a full member of this workspace.',
  scope_unknown: () => 'One of these scopes does not exist any more. Choose again.',
  no_old_value: ({ name }) =>
    `${name} has no old value that is still honoured. Nothing more needs to be done.`,
  already_shown: ({ name }) =>
    `The value of ${name} was already shown, or is being shown just now, and only once. If it is lost, Rotate makes a new one.`,
  never_claimed: ({ name }) =>
    `${name} was not taken within ${counted(UNCLAIMED_MS_MAX / DAY_MS, 'day')} of its creation, so no value of it is shown any more. Create a new token.`,
  showing_another: ({ name }) =>
    `You are being shown another value just now, so none was made for ${name}. Press again in a moment.`,
  too_many_waiting: () =>
    'Too many values are being made just now, so none was made and nothing was changed. Try again in a minute.',
  too_many_values_today: ({ creationsPerDayMax }) =>
    `${counted(creationsPerDayMax, 'new token')} or further values a day are the most for one person here, so none was made and nothing was changed. Try again tomorrow.`,
  changed_meanwhile: ({ name }) =>
    `${name} was changed by another press or person meanwhile, so nothing was done now. Its receipt shows how it stands.`,
  not_claimed: ({ name }) =>
    `${name} has no value yet, so there is nothing to rotate. Show value makes its first one.`,
  already_used: ({ name }) =>
    `The value of ${name} has been used, so it works. Rotate makes a new one and lets the old one live on for a while.`,
};

function flawSentence(flawed: FlawedName): string {
  const allowed = `Use 1 to ${NAME_LENGTH_MAX} visible characters: letters, digits, spaces and symbols.`;
  switch (flawed.flaw) {
    case 'empty':
      return `A token needs a name. ${allowed}`;
    case 'too_long':
      return `This name is too long. ${allowed}`;
    case 'unseen_characters':
      return `This name has ${flawed.sign} in it, which is not allowed: it cannot be seen, or changes how other characters look. ${allowed}`;
    case 'like_a_value':
      return `A name must not look like a token value or a token id. It was not saved. ${allowed}`;
    case 'like_first_characters':
      return `This name looks like the beginning of a token value, and would be revoked in place of one that leaked. Write it with a hyphen instead of the underscore. ${allowed}`;
  }
}

function notFoundSentence(names: readonly string[]): string {
  const nearest = names.length === 0 ? '' : `Did you mean ${names.join(' or ')}? `;
  return `There is no such token among those you can see. ${nearest}/apitoken list all shows yours.`;
}

function takenSentence(name: string, freeName: string | null): string {
  const taken = `${name} is already taken. Names are never used twice, so that history stays clear.`;
  return freeName === null ? `${taken} Choose another one.` : `${taken} ${freeName} is free.`;
}

function lifetimeSentence(lifetimeDaysMax: number, mayNeverExpire: boolean): string {
  const never = mayNeverExpire ? ', or never expire' : '';
  return `A token here may live ${counted(lifetimeDaysMax, 'day')} at most${never}. Choose another expiry.`;
}

function theMost(count: number, noun: string, span = ''): string {
  return `${counted(count, noun)}${span} ${count === 1 ? 'is' : 'are'} the most`;
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
