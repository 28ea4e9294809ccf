import type { InputBlock, KnownBlock, ModalView, PlainTextOption } from '@slack/types';
import type { LifetimePolicy } from '../../tokens/expiry.ts';
import type { LeftOut } from '../../tokens/kept-scopes.ts';
import type { Grace } from '../../tokens/rotate.ts';
import type { OldValues } from '../../tokens/show.ts';
import { statusOf, type Token, type UsedToken } from '../../tokens/token.ts';
import { ROTATE_DIALOG_ID } from '../blocks/ids.ts';
import { context, conversationLink, plain, section, tellingDialog } from '../blocks/text.ts';
import { dateTime } from '../blocks/times.ts';
import { leftOutBlocks } from '../blocks/token-facts.ts';
import { expiryInputs } from '../create/expiry-input.ts';
import { notShownSentence, STILL_WORKS, wasSeenInVain } from '../show/not-shown.ts';
import { newValueBlock } from '../show/shown-value.ts';

const GRACES: readonly (readonly [grace: Grace, text: string])[] = [
  ['now', 'Now'],
  ['hour', 'In 1 hour'],
  ['day', 'In 24 hours'],
  ['week', 'In 7 days'],
];

const GRACE_PRESET: Grace = 'day';

export const GRACE_INPUT_ID = 'grace';

/** Whether a token's new value rotates or renews it: of an expired one no old value is left. */
export function isRenewal(token: Token, now: number): boolean {
  return statusOf(token, now) === 'expired';
}

/** *Rotate API Token*, or *Renew API Token* for an expired one. `metadata` comes back with the answer. */
export function rotateDialog(
  token: UsedToken,
  asked: {
    readonly liveValueCount: number;
    readonly zone: string;
    readonly metadata: string;
    readonly now: number;
    /** Scopes that the new value will not get. */
    readonly leftOut: readonly LeftOut[];
  },
  policy: LifetimePolicy,
): ModalView {
  const renews = isRenewal(token, asked.now);
  return {
    type: 'modal',
    callback_id: ROTATE_DIALOG_ID,
    private_metadata: asked.metadata,
    title: plain(titleOf(renews)),
    submit: plain(renews ? 'Renew' : 'Rotate'),
    close: plain('Cancel'),
    blocks: [
      section(`${token.name} gets a new value. It is shown once, in your direct messages with apitoken.`),
      ...leftOutBlocks(asked.leftOut),
      ...(asked.leftOut.length === 0 ? [] : [context(leftOutPrint(renews))]),
      ...(renews ? [] : [...oldestEnds(asked.liveValueCount), graceInput()]),
      ...expiryInputs({ mayKeep: !renews, zone: asked.zone }, policy),
    ],
  };
}

/** What the dialog turns into while the new value is made and shown. */
export function rotatedDialog(
  {
    token,
    oldValues,
    leftOut,
  }: { readonly token: Token; readonly oldValues: OldValues; readonly leftOut: readonly LeftOut[] },
  dmLink: string | undefined,
  renews: boolean,
): ModalView {
  return tellingDialog(renews ? 'Token renewed' : 'Token rotated', [
    newValueBlock(token.name, oldValues),
    section('The new value is in your direct messages with apitoken. Only you can see it.'),
    ...conversationLink(dmLink),
    ...leftOutBlocks(leftOut),
    context(token.expiresAt === null ? 'It never expires.' : `Expires: ${dateTime(token.expiresAt)}`),
  ]);
}

/** What the dialog turns into when the new value could not be shown. */
export function notRotatedDialog(token: Token, reason: string, renews: boolean): ModalView {
  if (wasSeenInVain(reason)) {
    return tellingDialog(titleOf(renews), [
      section(`${token.name} has no new value. ${notShownSentence(reason)}`),
    ]);
  }
  const standing = renews ? 'It is still expired.' : STILL_WORKS;
  return tellingDialog(titleOf(renews), [
    section(`${token.name} has no new value. ${standing}`),
    section(notShownSentence(reason)),
  ]);
}

/** What the dialog turns into when there is nothing to do or it may not be done. */
export function rotationRefusedDialog(sentence: string): ModalView {
  return tellingDialog(titleOf(false), [section(sentence)]);
}

/** The grace that an option's value means; undefined when it is none of ours. */
export function parseGrace(value: string): Grace | undefined {
  return GRACES.map(([grace]) => grace).find((grace) => grace === value);
}

function titleOf(renews: boolean): string {
  return renews ? 'Renew API Token' : 'Rotate API Token';
}

function leftOutPrint(renews: boolean): string {
  const old = renews ? '' : 'The old value keeps them until it ends. ';
  return `${old}To get them back, create a new token.`;
}

function oldestEnds(liveValueCount: number): KnownBlock[] {
  if (liveValueCount < 2) return [];
  return [context('This token has two working values. Rotating ends the older one immediately.')];
}

function graceInput(): InputBlock {
  const options: PlainTextOption[] = GRACES.map(([value, text]) => ({ text: plain(text), value }));
  const initial = options.find(({ value }) => value === GRACE_PRESET);
  return {
    type: 'input',
    block_id: GRACE_INPUT_ID,
    label: plain('Old value ends'),
    hint: plain('Both values work until then, so you can switch without downtime.'),
    element: {
      type: 'static_select',
      action_id: GRACE_INPUT_ID,
      options,
      ...(initial === undefined ? {} : { initial_option: initial }),
    },
  };
}
