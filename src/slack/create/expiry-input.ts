import type { InputBlock, PlainTextOption } from '@slack/types';
import { counted } from '../../counted.ts';
import type { ExpiryChoice, LifetimePolicy } from '../../tokens/expiry.ts';
import { type Refusal, type Refused, refused } from '../../tokens/refusal.ts';
import { plain } from '../blocks/text.ts';

const LIFETIMES_DAYS = [7, 30, 90, 365];

const LIFETIME_PRESET_DAYS = 90;

const NEVER_VALUE = 'never';

const DATE_VALUE = 'date';

const KEEP_VALUE = 'keep';

export const LIFETIME_INPUT_ID = 'lifetime';

export const DATE_INPUT_ID = 'expiry_date';

/** Under which of the two fields a refusal stands. */
export const EXPIRY_FIELDS: Readonly<Partial<Record<Refusal['code'], string>>> = {
  lifetime_not_allowed: LIFETIME_INPUT_ID,
  date_needed: DATE_INPUT_ID,
  date_unused: DATE_INPUT_ID,
  date_unknown: DATE_INPUT_ID,
  date_past: DATE_INPUT_ID,
  date_too_far: DATE_INPUT_ID,
};

/** *Expires*, with what policy allows, and *Expiry date*, which counts when *On a date* is chosen. */
export function expiryInputs(
  options: {
    /** A lifetime that was typed and that policy allows: offered too, and preset. */
    readonly typedDays?: number | undefined;
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
      element: { type: 'datepicker', action_id: DATE_INPUT_ID, placeholder: plain('Choose a day') },
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
  return /^[1-9]\d{0,4}$/.test(value) ? { kind: 'days', days: Number(value) } : undefined;
}

function lifetimeInput(
  { typedDays, mayKeep }: { typedDays?: number | undefined; mayKeep: boolean },
  policy: LifetimePolicy,
): InputBlock {
  const days = offeredDays(typedDays, policy.lifetimeDaysMax);
  const options = [
    ...(mayKeep ? [option('Keep the date', KEEP_VALUE)] : []),
    ...days.map(daysOption),
    option('On a date', DATE_VALUE),
    ...(policy.mayNeverExpire ? [option('Never', NEVER_VALUE)] : []),
  ];
  const presetDays = typedDays ?? days.findLast((offered) => offered <= LIFETIME_PRESET_DAYS);
  const preset = mayKeep ? KEEP_VALUE : String(presetDays);
  const initial = options.find((offered) => offered.value === preset);
  return {
    type: 'input',
    block_id: LIFETIME_INPUT_ID,
    label: plain('Expires'),
    hint: plain(policySentence(policy)),
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

/** The usual lifetimes that policy allows, and the one that was typed; where policy allows none of them, its longest. */
function offeredDays(typedDays: number | undefined, daysMax: number): number[] {
  const allowed = LIFETIMES_DAYS.filter((days) => days <= daysMax);
  const offered = new Set(allowed.length === 0 ? [daysMax] : allowed);
  if (typedDays !== undefined) offered.add(typedDays);
  return [...offered].sort((a, b) => a - b);
}

function daysOption(days: number): PlainTextOption {
  if (days === 365) return option('1 year', '365');
  return option(counted(days, 'day'), String(days));
}

function option(text: string, value: string): PlainTextOption {
  return { text: plain(text), value };
}
