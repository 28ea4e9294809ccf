import type { ContextBlock, InputBlock, ModalView } from '@slack/types';
import type { CreationPolicy } from '../../tokens/create.ts';
import { INTROSPECT_SCOPE } from '../../tokens/policy.ts';
import { PURPOSE_LENGTH_MAX } from '../../tokens/refusal.ts';
import type { Token } from '../../tokens/token.ts';
import { CREATE_DIALOG_ID } from '../blocks/ids.ts';
import {
  context,
  conversationLink,
  cut,
  mention,
  mrkdwn,
  plain,
  section,
  tellingDialog,
  textInput,
} from '../blocks/text.ts';
import { dateTime } from '../blocks/times.ts';
import { notShownSentence } from '../show/not-shown.ts';
import { expiryInputs, type TypedExpiry } from './expiry-input.ts';

const TITLE = 'Create API Token';

const SCOPES_HINT = "What this token can be used for. It can't be changed later.";

const CREATED_TITLE = 'Token created';

/** More than any name may have: what is too long is drawn whole enough to be seen, and refused with a sentence. */
const NAME_DRAWN_MAX = 150;

/** A section holds 3,000 characters. */
const SCOPES_DRAWN_MAX = 2000;

export const NAME_INPUT_ID = 'name';

export const PURPOSE_INPUT_ID = 'purpose';

export const SCOPES_INPUT_ID = 'scopes';

export const OWNER_INPUT_ID = 'owner';

/** What is already known when the dialog is opened. */
export type FilledIn = {
  readonly name?: string;
  readonly purpose?: string;
  /** An expiry that was typed. */
  readonly expiry?: TypedExpiry;
  readonly scopes?: readonly string[];
  /** Scopes of the token that it is created after which cannot be chosen here any more. */
  readonly leftOut?: readonly string[];
};

/** The dialog in which a token is created. */
export function createDialog(
  filledIn: FilledIn,
  asker: {
    readonly id: string;
    readonly zone: string;
    readonly mayChooseOwner: boolean;
    /** What they are offered; empty: there is no such field. */
    readonly scopes: readonly string[];
  },
  policy: CreationPolicy,
): ModalView {
  return {
    type: 'modal',
    callback_id: CREATE_DIALOG_ID,
    title: plain(TITLE),
    submit: plain('Create Token'),
    close: plain('Cancel'),
    blocks: [
      nameInput(filledIn.name),
      textInput({
        id: PURPOSE_INPUT_ID,
        label: 'Purpose',
        hint: 'What will use this token? On-call sees this before revoking it.',
        initial: filledIn.purpose,
        optional: true,
        lengthMax: PURPOSE_LENGTH_MAX,
      }),
      ...expiryInputs({ typed: filledIn.expiry, mayKeep: false, zone: asker.zone }, policy),
      ...(asker.scopes.length > 0 ? [scopesInput(asker.scopes, filledIn.scopes ?? [])] : []),
      ...leftOutPrint(filledIn.leftOut ?? []),
      ...(asker.mayChooseOwner ? [ownerInput(asker.id)] : []),
    ],
  };
}

/** What the dialog turns into once the token is there and its value is being made. */
export function onItsWayDialog(token: Token, dmLink: string | undefined): ModalView {
  return tellingDialog(CREATED_TITLE, [
    section('The token is in your direct messages with apitoken. Only you can see it.'),
    ...conversationLink(dmLink),
    namePrint(token),
  ]);
}

/** What the dialog turns into when the token is somebody else's: nobody but they will see its value. */
export function createdForOtherDialog(token: Token): ModalView {
  return tellingDialog(CREATED_TITLE, [
    {
      type: 'section',
      text: mrkdwn(`Only ${mention(token.owner)} can reveal its value. You'll hear when it's claimed.`),
    },
    context("If it isn't claimed within 7 days, it's revoked."),
    namePrint(token),
  ]);
}

/** What the dialog turns into when the value could not be shown. */
export function notShownDialog(token: Token, reason: string): ModalView {
  if (reason === 'changed_meanwhile') {
    return tellingDialog(CREATED_TITLE, [
      section(`${token.name} was revoked while its value was being shown. That value doesn't work.`),
    ]);
  }
  return tellingDialog(CREATED_TITLE, [
    section(`${token.name} was created, but its value couldn't be shown.`),
    section(
      `${notShownSentence(reason)} To try again, choose Show value in its receipt, or type /apitoken info ${token.name}.`,
    ),
  ]);
}

/** What it turns into when no value was made, for the reason that `sentence` tells. */
export function noValueDialog(token: Token, sentence: string): ModalView {
  return tellingDialog(CREATED_TITLE, [
    section(`${token.name} was created, but has no value yet.`),
    section(sentence),
  ]);
}

function namePrint({ name, expiresAt }: Token): ContextBlock {
  const expiry = expiresAt === null ? 'Never expires' : `Expires: ${dateTime(expiresAt)}`;
  return { type: 'context', elements: [plain(name), mrkdwn(expiry)] };
}

function leftOutPrint(leftOut: readonly string[]) {
  if (leftOut.length === 0) return [];
  return [
    section(`Left out, because you can no longer choose them: ${cut(leftOut.join(', '), SCOPES_DRAWN_MAX)}.`),
  ];
}

function nameInput(name: string | undefined): InputBlock {
  return textInput({
    id: NAME_INPUT_ID,
    label: 'Token Name',
    hint: "Must be unique. Names can't be reused, even after a token is revoked.",
    placeholder: 'deploy-bot',
    initial: name === undefined ? undefined : cut(name, NAME_DRAWN_MAX),
    optional: false,
  });
}

function scopesInput(offered: readonly string[], chosen: readonly string[]): InputBlock {
  const options = offered.map((scope) => ({ text: plain(scope), value: scope }));
  const initial = options.filter(({ value }) => chosen.includes(value));
  return {
    type: 'input',
    block_id: SCOPES_INPUT_ID,
    optional: true,
    label: plain('Scopes'),
    hint: plain(
      offered.includes(INTROSPECT_SCOPE)
        ? `${SCOPES_HINT} With ${INTROSPECT_SCOPE}, its holder can check any token.`
        : SCOPES_HINT,
    ),
    element: {
      type: 'multi_static_select',
      action_id: SCOPES_INPUT_ID,
      placeholder: plain('None'),
      options,
      ...(initial.length === 0 ? {} : { initial_options: initial }),
    },
  };
}

function ownerInput(asker: string): InputBlock {
  return {
    type: 'input',
    block_id: OWNER_INPUT_ID,
    optional: true,
    label: plain('Owner'),
    hint: plain("It can't be changed later. Only the owner can reveal the value."),
    element: { type: 'users_select', action_id: OWNER_INPUT_ID, initial_user: asker },
  };
}
