import type { InputBlock, ModalView, PlainTextOption } from '@slack/types';
import type { CreationPolicy } from '../../tokens/create.ts';
import { PURPOSE_LENGTH_MAX } from '../../tokens/refusal.ts';
import type { Token } from '../../tokens/token.ts';
import { tellingDialog, textInput } from './dialog.ts';
import { CREATE_DIALOG_ID } from './ids.ts';
import { notShownSentence } from './not-shown.ts';
import { cut, escaped, mrkdwn, plain, saying, smallPrint } from './text.ts';

const TITLE = 'Create API Token';
/** More than any name may have: what is too long is drawn whole enough to be seen, and refused with a sentence. */
const NAME_DRAWN_MAX = 150;
const LIFETIMES_DAYS = [7, 30, 90, 365];
const LIFETIME_PRESET_DAYS = 90;

export const NAME_INPUT_ID = 'name';
export const PURPOSE_INPUT_ID = 'purpose';
export const LIFETIME_INPUT_ID = 'lifetime';
const NEVER_VALUE = 'never';

/** The dialog in which a token is created, filled in with what the command already said. */
export function createDialog(
  filledIn: { readonly name?: string; readonly lifetimeDays?: number },
  policy: CreationPolicy,
): ModalView {
  const { lifetimeDays } = filledIn;
  const refused = lifetimeDays !== undefined && (lifetimeDays < 1 || lifetimeDays > policy.lifetimeDaysMax);
  const limit = `A token here may live ${policy.lifetimeDaysMax} days at most.`;
  return {
    type: 'modal',
    callback_id: CREATE_DIALOG_ID,
    title: plain(TITLE),
    submit: plain('Create Token'),
    close: plain('Cancel'),
    blocks: [
      textInput({
        id: NAME_INPUT_ID,
        label: 'Token Name',
        hint: 'Names the token in the history, for ever: a name is never used twice, not even after it was revoked.',
        placeholder: 'deploy-bot',
        initial: filledIn.name === undefined ? undefined : cut(filledIn.name, NAME_DRAWN_MAX),
        optional: false,
      }),
      textInput({
        id: PURPOSE_INPUT_ID,
        label: 'Purpose',
        hint: 'What uses it, so that whoever must revoke it knows what will stop.',
        optional: true,
        lengthMax: PURPOSE_LENGTH_MAX,
      }),
      lifetimeInput(refused ? undefined : lifetimeDays, policy),
      ...(refused ? [smallPrint(`${limit} Choose another expiry than the one you typed.`)] : []),
    ],
  };
}

/** What the dialog turns into once the token is there and its value is being made. */
export function onItsWayDialog(token: Token, dmLink: string): ModalView {
  return tellingDialog(TITLE, [
    saying('Your token is on its way'),
    saying(
      `${token.name}: its value comes in a message that only you can see, in your conversation with apitoken.`,
    ),
    { type: 'section', text: mrkdwn(`<${escaped(dmLink)}|Open the conversation>`) },
  ]);
}

/** What the dialog turns into when the value could not be shown. */
export function notShownDialog(token: Token, reason: string): ModalView {
  if (reason === 'revoked') {
    return tellingDialog(TITLE, [
      saying(`${token.name} was revoked while its value was being shown: nothing accepts that value.`),
    ]);
  }
  return tellingDialog(TITLE, [
    saying(`${token.name} is there, but you were not shown a value, and nothing can use it yet.`),
    saying(
      `${notShownSentence(reason)} Then press Show value in its receipt, or type /apitoken info ${token.name}.`,
    ),
  ]);
}

/** The lifetime that an option's value means: days, or null for never; undefined when it is none. */
export function parseLifetime(value: string): number | null | undefined {
  if (value === NEVER_VALUE) return null;
  return /^[1-9]\d{0,4}$/.test(value) ? Number(value) : undefined;
}

function lifetimeInput(typedDays: number | undefined, policy: CreationPolicy): InputBlock {
  const days = offeredDays(typedDays, policy.lifetimeDaysMax);
  const options = [...days.map(daysOption), ...(policy.mayNeverExpire ? [option('Never', NEVER_VALUE)] : [])];
  const preset = typedDays ?? days.findLast((offered) => offered <= LIFETIME_PRESET_DAYS);
  const initial = options.find((offered) => offered.value === String(preset));
  return {
    type: 'input',
    block_id: LIFETIME_INPUT_ID,
    label: plain('Expires'),
    hint: plain('From then on every request with this token is refused.'),
    element: {
      type: 'static_select',
      action_id: LIFETIME_INPUT_ID,
      options,
      ...(initial === undefined ? {} : { initial_option: initial }),
    },
  };
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
  return option(`${days} ${days === 1 ? 'day' : 'days'}`, String(days));
}

function option(text: string, value: string): PlainTextOption {
  return { text: plain(text), value };
}
