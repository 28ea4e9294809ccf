import { type Clock, DAY_MS } from '../clock.ts';
import { counted } from '../counted.ts';
import { type FlawedName, NAME_LENGTH_MAX } from './name.ts';
import type { AccessPolicy, Action, Actor } from './policy.ts';
import type { TokenStore } from './store.ts';
import { type TokenId, UNCLAIMED_MS_MAX } from './token.ts';

export const PURPOSE_LENGTH_MAX = 200;

export const REASON_LENGTH_MAX = 200;

/** An expected no. Carries data; its sentence is made by `sentenceFor`. */
export type Refusal =
  | RevokingRefusal
  | ShowingRefusal
  | ({ readonly code: 'name_invalid' } & FlawedName)
  | { readonly code: 'name_taken'; readonly name: string; readonly freeName: string | null }
  | { readonly code: 'holds_value' }
  | { readonly code: 'text_too_long'; readonly lengthMax: number }
  /** It has a sign in it, by its number and name, that turns the writing around or controls something. */
  | { readonly code: 'text_invalid'; readonly sign: string }
  | { readonly code: 'reason_required' }
  | {
      readonly code: 'lifetime_not_allowed';
      readonly lifetimeDaysMax: number;
      readonly mayNeverExpire: boolean;
    }
  | { readonly code: 'app_not_permitted' }
  /** Slack did not say in time who they are. */
  | { readonly code: 'person_unknown' }
  /** A button, choice or dialog that this version does not draw. */
  | { readonly code: 'press_unknown' }
  /** A value that is not one of a live token, for whatever reason. */
  | { readonly code: 'value_not_live' }
  /** Whether a value is good could not be found out: too many are being checked. */
  | { readonly code: 'verification_busy' }
  /** More than one value where one is meant. */
  | { readonly code: 'several_values' }
  /** A value was presented, but too long ago, or by somebody else. */
  | { readonly code: 'no_longer_held' }
  /** Not there, not theirs, or not for them to do: all three read the same. */
  | { readonly code: 'token_not_found' }
  /** The same, where tokens that they could do it with have nearly this name. */
  | {
      readonly code: 'token_misnamed';
      readonly nearly: readonly { readonly id: TokenId; readonly name: string }[];
    }
  | { readonly code: 'already_revoked'; readonly name: string }
  | { readonly code: 'expired'; readonly name: string }
  /** Days as `YYYY-MM-DD`; `latest` is the last one that policy allows. */
  | { readonly code: 'date_needed' | 'date_unknown' | 'date_past' | 'date_too_far'; readonly latest: string }
  /** A day was filled in, and another expiry chosen. */
  | { readonly code: 'date_unused' }
  | { readonly code: 'too_many_live'; readonly liveTokensMax: number }
  /** The same of the person whom it was to be created for. */
  | { readonly code: 'owner_too_many_live'; readonly liveTokensMax: number }
  | { readonly code: 'too_many_today'; readonly creationsPerDayMax: number }
  | { readonly code: 'owner_not_permitted' }
  | { readonly code: 'scope_unknown' }
  | { readonly code: 'no_old_value'; readonly name: string };

export type Refused = { readonly kind: 'refused'; readonly refusal: Refusal };

/** Wraps a refusal as the outcome of a verb. */
export function refused(refusal: Refusal): Refused {
  return { kind: 'refused', refusal };
}

/** What the person reads: plain text that says what to do next. Names stand in it as typed; whoever draws it escapes. */
export function sentenceFor(refusal: Refusal): string {
  if (isRevokingRefusal(refusal)) return revokingSentence(refusal);
  if (isShowingRefusal(refusal)) return showingSentence(refusal);
  switch (refusal.code) {
    case 'name_invalid':
      return flawSentence(refusal);
    case 'name_taken':
      return takenSentence(refusal.name, refusal.freeName);
    case 'holds_value':
      return 'This looks like a token value. It was not saved. If it leaked, revoke it.';
    case 'text_too_long':
    case 'text_invalid':
    case 'reason_required':
      return noteSentence(refusal);
    case 'lifetime_not_allowed':
      return lifetimeSentence(refusal.lifetimeDaysMax, refusal.mayNeverExpire);
    case 'app_not_permitted':
      return 'apitoken is for full members of this workspace. Ask one of its admins if you need a token.';
    case 'person_unknown':
      return 'Slack did not tell in time what you may do, so nothing was changed. Try again in a moment.';
    case 'press_unknown':
      return 'This button is from another version of apitoken and does nothing any more. Type /apitoken list for a new one.';
    case 'value_not_live':
      return 'This is not the value of a live token: nothing accepts it, so nothing needs to be revoked. It was not saved.';
    case 'verification_busy':
      return 'Too many values are being checked just now, so nothing was changed. Try again in a few seconds.';
    case 'several_values':
      return 'There are several values in this, and none of them was revoked. Revoke them one at a time.';
    case 'no_longer_held':
      return 'It was too long ago that you presented the value, so nothing was changed. Present it again.';
    case 'token_not_found':
    case 'token_misnamed':
      return notFoundSentence('nearly' in refusal ? refusal.nearly.map(({ name }) => name) : []);
    case 'already_revoked':
      return `${refusal.name} is already revoked. Nothing more needs to be done.`;
    case 'expired':
      return `${refusal.name} has expired, so nothing accepts it. Renew it, or create a new token.`;
    case 'date_needed':
    case 'date_unused':
    case 'date_unknown':
    case 'date_past':
    case 'date_too_far':
      return dateSentence(refusal);
    case 'too_many_live':
    case 'owner_too_many_live':
    case 'too_many_today':
      return limitSentence(refusal);
    case 'owner_not_permitted':
      return 'This person cannot own a token: choose a full member of this workspace.';
    case 'scope_unknown':
      return 'One of these scopes does not exist any more. Choose again.';
    case 'no_old_value':
      return `${refusal.name} has no old value that is still honoured. Nothing more needs to be done.`;
  }
}

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

function noteSentence(
  refusal: Extract<Refusal, { readonly code: `text_${string}` | 'reason_required' }>,
): string {
  switch (refusal.code) {
    case 'text_too_long':
      return `This is too long: use ${refusal.lengthMax} characters at most.`;
    case 'text_invalid':
      return `This has ${refusal.sign} in it, which is not text and could hide what is written here. Take it out, or type the text again.`;
    case 'reason_required':
      return "Say why: the owner and the token's history will show it.";
  }
}

function notFoundSentence(names: readonly string[]): string {
  const nearest = names.length === 0 ? '' : `Did you mean ${names.join(' or ')}? `;
  return `There is no such token among those you can see. ${nearest}/apitoken list all shows yours.`;
}

function limitSentence(
  refusal: Extract<Refusal, { readonly code: 'too_many_live' | 'owner_too_many_live' | 'too_many_today' }>,
): string {
  switch (refusal.code) {
    case 'too_many_live':
      return `${theMost(refusal.liveTokensMax, 'live token')} that one person may have here. Revoke one that is not needed first.`;
    case 'owner_too_many_live':
      return `This person has as many live tokens as one person may have here (${refusal.liveTokensMax}). One of theirs must be revoked first.`;
    case 'too_many_today':
      return `${theMost(refusal.creationsPerDayMax, 'token', ' a day')} that one person may create here. Try again tomorrow.`;
  }
}

function dateSentence(refusal: Extract<Refusal, { readonly code: `date_${string}` }>): string {
  switch (refusal.code) {
    case 'date_needed':
      return `Choose the day on which it expires, ${refusal.latest} at the latest.`;
    case 'date_unused':
      return 'This date counts only with “On a date”. Choose that under Expires, or empty this field.';
    case 'date_unknown':
      return `There is no such day. Choose one up to ${refusal.latest}.`;
    case 'date_past':
      return `This day is over. Choose today or a later one, up to ${refusal.latest}.`;
    case 'date_too_far':
      return `This is later than a token may live here. Choose a day up to ${refusal.latest}.`;
  }
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

/** An expected no to somebody who presents a value, or wants to end several tokens at once. */
type RevokingRefusal =
  /** A value that was live once, told to whoever may see its token. */
  | { readonly code: 'value_ended'; readonly name: string }
  /** The lookup id is that of a revoked token, told to whoever may see it. */
  | { readonly code: 'value_of_revoked'; readonly name: string }
  /** Shaped like a value, with wrong check digits. */
  | { readonly code: 'value_misread' }
  /** More tokens than are offered have a value that begins so. */
  | { readonly code: 'too_many_matches' }
  | { readonly code: 'check_not_permitted' }
  | { readonly code: 'too_many_checks' }
  /** Of several that were ticked, each was revoked before. */
  | { readonly code: 'all_already_revoked' }
  | { readonly code: 'nothing_ticked' }
  /** The person whose tokens are to end was not named; `expected` is what to type. */
  | { readonly code: 'person_not_named'; readonly expected: string };

const CODES: Readonly<Record<RevokingRefusal['code'], true>> = {
  value_ended: true,
  value_of_revoked: true,
  value_misread: true,
  too_many_matches: true,
  check_not_permitted: true,
  too_many_checks: true,
  all_already_revoked: true,
  nothing_ticked: true,
  person_not_named: true,
};

/** Whether the refusal is one of these. */
function isRevokingRefusal(refusal: { readonly code: string }): refusal is RevokingRefusal {
  return Object.hasOwn(CODES, refusal.code);
}

/** What the person reads, as `sentenceFor` says it. */
function revokingSentence(refusal: RevokingRefusal): string {
  switch (refusal.code) {
    case 'value_ended':
      return `This is not the value of a live token: it is one of ${refusal.name} that has ended, and nothing accepts it. ${refusal.name} itself was left as it is.`;
    case 'value_of_revoked':
      return `This is not the value of a live token: it begins like one of ${refusal.name}, which is revoked. Nothing more needs to be done.`;
    case 'value_misread':
      return 'This is not a whole token value: its check digits are wrong, so it was cut or mistyped. It was not saved. Copy it again, from its first to its last character.';
    case 'too_many_matches':
      return 'More than 5 tokens have a value that begins so. Type more of its characters.';
    case 'check_not_permitted':
      return 'Nothing is told about this value: its owner, on-call and admins can check it. If it leaked, revoke it: /apitoken revoke VALUE.';
    case 'too_many_checks':
      return '10 checks a minute are the most that one person may make. Try again in a minute.';
    case 'all_already_revoked':
      return 'All of these tokens are already revoked. Nothing more needs to be done.';
    case 'nothing_ticked':
      return 'Tick at least one token, or keep them all.';
    case 'person_not_named':
      return `This is not the name. Type ${refusal.expected} to confirm that all the ticked tokens are to end.`;
  }
}

/** An expected no to an owner who wants to be shown a value, a first or another one. */
type ShowingRefusal =
  | { readonly code: 'already_shown'; readonly name: string }
  /** Nobody took it in time: it has no value and gets none. */
  | { readonly code: 'never_claimed'; readonly name: string }
  /** The same person is being shown another value. */
  | { readonly code: 'showing_another'; readonly name: string }
  /** More values are being made, for everybody together, than may wait. */
  | { readonly code: 'too_many_waiting' }
  /** Further values, in place of those that were not seen, beside the tokens that the person created. */
  | { readonly code: 'too_many_values_today'; readonly creationsPerDayMax: number }
  /** Somebody else, or another press, rotated or renewed it first. */
  | { readonly code: 'changed_meanwhile'; readonly name: string }
  | { readonly code: 'not_claimed'; readonly name: string }
  | { readonly code: 'already_used'; readonly name: string };

const SHOWING_CODES: Readonly<Record<ShowingRefusal['code'], true>> = {
  already_shown: true,
  never_claimed: true,
  showing_another: true,
  too_many_waiting: true,
  too_many_values_today: true,
  changed_meanwhile: true,
  not_claimed: true,
  already_used: true,
};

/** Whether the refusal is one of these. */
function isShowingRefusal(refusal: { readonly code: string }): refusal is ShowingRefusal {
  return Object.hasOwn(SHOWING_CODES, refusal.code);
}

/** What the person reads, as `sentenceFor` says it. */
function showingSentence(refusal: ShowingRefusal): string {
  switch (refusal.code) {
    case 'already_shown':
      return `The value of ${refusal.name} was already shown, or is being shown just now, and only once. If it is lost, Rotate makes a new one.`;
    case 'never_claimed':
      return `${refusal.name} was not taken within ${counted(UNCLAIMED_MS_MAX / DAY_MS, 'day')} of its creation, so no value of it is shown any more. Create a new token.`;
    case 'showing_another':
      return `You are being shown another value just now, so none was made for ${refusal.name}. Press again in a moment.`;
    case 'too_many_waiting':
      return 'Too many values are being made just now, so none was made and nothing was changed. Try again in a minute.';
    case 'too_many_values_today':
      return `${counted(refusal.creationsPerDayMax, 'new token')} or further values a day are the most for one person here, so none was made and nothing was changed. Try again tomorrow.`;
    case 'changed_meanwhile':
      return `${refusal.name} was changed by another press or person meanwhile, so nothing was done now. Its receipt shows how it stands.`;
    case 'not_claimed':
      return `${refusal.name} has no value yet, so there is nothing to rotate. Show value makes its first one.`;
    case 'already_used':
      return `The value of ${refusal.name} has been used, so it works. Rotate makes a new one and lets the old one live on for a while.`;
  }
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
