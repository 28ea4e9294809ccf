import type { InputBlock, PlainTextOption } from '@slack/types';
import { counted } from '../../counted.ts';
import { asSeen } from '../../tokens/characters.ts';
import { type ExpiryChoice, expiryFrom, type LifetimePolicy, parseLifetime } from '../../tokens/expiry.ts';
import { holdsSecret } from '../../tokens/finder.ts';
import { type Refusal, type Refused, refused, sentenceFor } from '../../tokens/refusal.ts';
import { cut, plain } from '../blocks/text.ts';

const LIFETIMES_DAYS = [7, 30, 90, 365];

const LIFETIME_PRESET_DAYS = 90;

const NEVER_VALUE = 'never';

const DATE_VALUE = 'date';

const KEEP_VALUE = 'keep';

/** Before a lifetime that was typed and is not possible: it is not changed into another one. */
const TYPED_VALUE = 'typed:';

/** An option's text and value hold 75 characters. */
const TYPED_DRAWN_MAX = 60;

export const LIFETIME_INPUT_ID = 'lifetime';

export const DATE_INPUT_ID = 'expiry_date';

/** Under which of the two fields a refusal stands. */
export const EXPIRY_FIELDS: Readonly<Partial<Record<Refusal['code'], string>>> = {
  lifetime_not_allowed: LIFETIME_INPUT_ID,
  lifetime_too_short: LIFETIME_INPUT_ID,
  typed_expiry: LIFETIME_INPUT_ID,
  date_needed: DATE_INPUT_ID,
  date_unused: DATE_INPUT_ID,
  date_unknown: DATE_INPUT_ID,
  date_past: DATE_INPUT_ID,
  date_too_far: DATE_INPUT_ID,
};

/** *Expires*, with what policy allows, and *Expiry date*, which counts when *On a date* is chosen. */
export function expiryInputs(
  options: {
    /** What was typed behind the command: preset, as an option of its own where there is none for it. */
    readonly typed?: TypedExpiry | undefined;
    /** Whether the token has a date to keep: then that is preset. */
    readonly mayKeep: boolean;
    /** The person's zone, in which the day ends. */
    readonly zone: string;
  },
  policy: LifetimePolicy,
): InputBlock[] {
  return [
    lifetimeInput(options, policy),
    {
      type: 'input',
      block_id: DATE_INPUT_ID,
      optional: true,
      label: plain('Expiry date'),
      hint: plain(`Only for On a date. The token works until that day ends (${options.zone}).`),
      element: {
        type: 'datepicker',
        action_id: DATE_INPUT_ID,
        placeholder: plain('Choose a date'),
        ...(options.typed?.choice.kind === 'date' ? { initial_date: options.typed.choice.date } : {}),
      },
    },
  ];
}

/**
 * What was chosen in them; undefined when the option is none of ours. A date beside another choice than *On a date* is
 * refused: nobody can tell which of both was meant.
 */
export function parseExpiry(fields: Readonly<Record<string, string>>): ExpiryChoice | Refused | undefined {
  const date = fields[DATE_INPUT_ID] ?? '';
  const choice = choiceOf(fields[LIFETIME_INPUT_ID] ?? '', date);
  const isUnused = choice !== undefined && choice.kind !== 'date' && date !== '';
  return isUnused ? refused({ code: 'date_unused' }) : choice;
}

function choiceOf(value: string, date: string): ExpiryChoice | undefined {
  if (value === NEVER_VALUE) return { kind: 'never' };
  if (value === KEEP_VALUE) return { kind: 'keep' };
  if (value === DATE_VALUE) return { kind: 'date', date };
  if (value.startsWith(TYPED_VALUE)) return typedChoice(value.slice(TYPED_VALUE.length));
  if (/^[1-9]\d{0,6}h$/.test(value)) return { kind: 'hours', hours: Number(value.slice(0, -1)) };
  return /^[1-9]\d{0,4}$/.test(value) ? { kind: 'days', days: Number(value) } : undefined;
}

/** It comes back from a client: what nobody may repeat is none of ours. */
function typedChoice(text: string): ExpiryChoice | undefined {
  return holdsSecret(text) || text.length > TYPED_DRAWN_MAX ? undefined : { kind: 'typed', text };
}

/** A lifetime as it was typed, with the choice that it is; where it is none, or not possible, `typed` with the reason. */
export type TypedExpiry =
  | { readonly choice: Exclude<ExpiryChoice, { kind: 'typed' }> }
  | { readonly choice: { readonly kind: 'typed'; readonly text: string }; readonly refusal: Refusal };

/** What `text`, typed behind a command, comes to in the dialog of somebody in this zone. */
export function typedExpiryOf(
  text: string,
  at: { readonly now: number; readonly zone: string },
  policy: LifetimePolicy,
): TypedExpiry {
  const choice = { kind: 'typed', text: cut(asSeen(text), TYPED_DRAWN_MAX) } as const;
  const expiry = expiryFrom(choice, at, policy);
  if (expiry.kind === 'refused') return { choice, refusal: expiry.refusal };
  const parsed = parseLifetime(choice.text);
  if (parsed === undefined) throw new Error('an expiry comes from no lifetime');
  return { choice: parsed };
}

function lifetimeInput(
  { typed, mayKeep }: { typed?: TypedExpiry | undefined; mayKeep: boolean },
  policy: LifetimePolicy,
): InputBlock {
  const days = offeredDays(policy.lifetimeDaysMax);
  const typedOption = typed && optionOf(typed.choice);
  const options = [
    ...(mayKeep ? [option('Keep the date', KEEP_VALUE)] : []),
    ...withTyped(days.map(daysOption), typedOption),
    option('On a date', DATE_VALUE),
    ...(policy.mayNeverExpire ? [option('Never', NEVER_VALUE)] : []),
  ];
  const presetDays = days.findLast((offered) => offered <= LIFETIME_PRESET_DAYS);
  const preset = typedOption?.value ?? (mayKeep ? KEEP_VALUE : String(presetDays));
  const initial = options.find((offered) => offered.value === preset);
  return {
    type: 'input',
    block_id: LIFETIME_INPUT_ID,
    label: plain('Expires'),
    hint: plain(
      typed !== undefined && 'refusal' in typed ? sentenceFor(typed.refusal) : policySentence(policy),
    ),
    element: {
      type: 'static_select',
      action_id: LIFETIME_INPUT_ID,
      options,
      ...(initial === undefined ? {} : { initial_option: initial }),
    },
  };
}

function policySentence({ lifetimeDaysMax, mayNeverExpire }: LifetimePolicy): string {
  const days = counted(lifetimeDaysMax, 'day');
  return `Maximum ${days}${mayNeverExpire ? ', or never' : ''}. Requests are refused once the token expires.`;
}

/** The usual lifetimes that policy allows; where it allows none of them, its longest. */
function offeredDays(daysMax: number): number[] {
  const allowed = LIFETIMES_DAYS.filter((days) => days <= daysMax);
  return allowed.length === 0 ? [daysMax] : allowed;
}

function daysOption(days: number): PlainTextOption {
  const text = days % 365 === 0 ? counted(days / 365, 'year') : counted(days, 'day');
  return option(text, String(days));
}

/** The option that a typed lifetime is, whether or not there is one for it. */
function optionOf(choice: TypedExpiry['choice']): PlainTextOption {
  switch (choice.kind) {
    case 'days':
      return daysOption(choice.days);
    case 'hours':
      return option(counted(choice.hours, 'hour'), `${choice.hours}h`);
    case 'typed':
      return option(choice.text, `${TYPED_VALUE}${choice.text}`);
    case 'date':
      return option('On a date', DATE_VALUE);
    case 'never':
      return option('Never', NEVER_VALUE);
    case 'keep':
      return option('Keep the date', KEEP_VALUE);
  }
}

/** Where a typed lifetime is none of those that are offered anyway, it stands first. */
function withTyped(offered: PlainTextOption[], typed: PlainTextOption | undefined): PlainTextOption[] {
  const isOffered = [...offered.map(({ value }) => value), DATE_VALUE, NEVER_VALUE, KEEP_VALUE].includes(
    typed?.value,
  );
  return typed === undefined || isOffered ? offered : [typed, ...offered];
}

function option(text: string, value: string): PlainTextOption {
  return { text: plain(text), value };
}
