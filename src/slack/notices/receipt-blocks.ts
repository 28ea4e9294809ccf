import type { Button, KnownBlock, MrkdwnElement } from '@slack/types';
import { DAY_MS } from '../../clock.ts';
import { counted } from '../../counted.ts';
import { oldValuesAmong } from '../../tokens/show.ts';
import type { LiveValue } from '../../tokens/store.ts';
import {
  type Offer,
  offersFor,
  remarksOf,
  statusOf,
  UNCLAIMED_MS_MAX,
  type UsedToken,
  wasNeverClaimed,
} from '../../tokens/token.ts';
import { DECLINE_ID, END_OLD_ID, NEW_VALUE_ID, REFRESH_ID } from '../blocks/ids.ts';
import { marked } from '../blocks/marked.ts';
import type { Message } from '../blocks/message.ts';
import { button, context, escaped, mention, mrkdwn, plain } from '../blocks/text.ts';
import { dateOnly, dateTime } from '../blocks/times.ts';
import { field, noteBlocks, offerButtons, revokeButton, revokerOf } from '../blocks/token-facts.ts';
import { notShownSentence, STILL_WORKS, wasSeenInVain } from '../show/not-shown.ts';
import { newValueBlock, newValueNotice } from '../show/shown-value.ts';
import { BARRED } from './notice-blocks.ts';

/** What the receipt tells beside the token itself. */
export type ReceiptFacts = {
  /** The values that are honoured, the newest first. */
  readonly liveValues: readonly LiveValue[];
  /** A value was shown, or is being shown right now. */
  readonly hasLiveSecret: boolean;
  /** Why the last attempt to show a value failed; undefined when it did not. */
  readonly notShownReason: string | undefined;
};

/** The lasting, secret-free message about a token in its owner's DM. */
export function receiptMessage(token: UsedToken, facts: ReceiptFacts, now: number): Message {
  const status = statusOf(token, now);
  const isBarred = token.ownerIsBarred && status !== 'revoked';
  return marked('receipt', {
    text: noticeText(token, facts, now),
    blocks: [
      { type: 'section', text: plain(token.name), fields: fields(token, facts, now) },
      ...noteBlocks('Purpose', token.purpose),
      ...(token.createdBy === token.owner || isToBeClaimed(token, facts, now)
        ? []
        : [context(`Created for you by ${mention(token.createdBy)}.`)]),
      ...(isBarred ? [context(BARRED)] : standing(token, facts, now)),
      ...(status === 'revoked' || token.ownerIsBarred
        ? []
        : [{ type: 'actions', elements: buttons(token, facts, now) } as const]),
    ],
  });
}

/** What a notification says. */
function noticeText(token: UsedToken, facts: ReceiptFacts, now: number): string {
  if (token.ownerIsBarred) return `API token ${escaped(token.name)}: ${statusOf(token, now)}`;
  if (isToBeClaimed(token, facts, now)) return claimText(token, 'Show value');
  if (isRotated(token, facts, now)) return newValueNotice(token.name, oldValuesAmong(facts.liveValues));
  return `API token ${escaped(token.name)}: ${statusOf(token, now)}`;
}

/** Status, use, expiry and end. During a grace both values stand beside each other, so that it is seen when the old one may end. */
function fields(token: UsedToken, { liveValues }: ReceiptFacts, now: number): MrkdwnElement[] {
  const status = statusOf(token, now);
  const [newest, old] = liveValues;
  const uses =
    newest === undefined || old === undefined
      ? [useField('Last used', token)]
      : [useField('New value last used', newest), useField('Old value last used', old)];
  return [
    field('Status', [status, ...remarksOf(token, now)].join(' · ')),
    ...(status === 'unclaimed' ? [] : uses),
    field('Expires', token.expiresAt === null ? 'never' : dateTime(token.expiresAt)),
    ...(token.revokedAt === null ? [] : [field('Date Revoked', dateTime(token.revokedAt))]),
  ];
}

function useField(heading: string, { lastUsedAt }: Pick<LiveValue, 'lastUsedAt'>): MrkdwnElement {
  return field(heading, lastUsedAt === null ? 'never' : dateTime(lastUsedAt));
}

/** Whether it was created for its owner, who has not claimed it. */
function mayDecline(token: UsedToken, now: number): boolean {
  return token.createdBy !== token.owner && offersFor(token, now).includes('show_value');
}

function declineButton(token: UsedToken): Button {
  return {
    ...button(DECLINE_ID, 'Decline', token.id),
    confirm: {
      title: plain('Decline this token?'),
      text: plain("It's revoked, and whoever created it is told. This can't be undone."),
      confirm: plain('Decline'),
      deny: plain('Keep it'),
      style: 'danger',
    },
  };
}

/** How it stands, in sentences of our own. */
function standing(token: UsedToken, facts: ReceiptFacts, now: number): KnownBlock[] {
  if (wasNeverClaimed(token, now)) {
    const days = counted(UNCLAIMED_MS_MAX / DAY_MS, 'day');
    return [context(`You didn't claim it within ${days}, so it's being revoked.`)];
  }
  switch (statusOf(token, now)) {
    case 'revoked':
      return [context(`Revoked by ${revokerOf(token)}.`)];
    case 'expired':
      return [
        context('It expired, so requests are refused. Choose *Renew* to get a new value.'),
        ...failure(facts, 'It is still expired.'),
      ];
    case 'active':
      return [...valueBlocks(token, facts, now), ...failure(facts, STILL_WORKS)];
    case 'unclaimed':
      return unclaimed(token, facts, now);
  }
}

function unclaimed(token: UsedToken, facts: ReceiptFacts, now: number): KnownBlock[] {
  if (facts.hasLiveSecret) return [context('Its value is being shown to you in this conversation.')];
  const end = context(`If you don't, it's revoked ${dateOnly(token.createdAt + UNCLAIMED_MS_MAX)}.`);
  if (isToBeClaimed(token, facts, now)) {
    return [{ type: 'section', text: mrkdwn(claimText(token, '*Show value*')) }, end];
  }
  const tried = failure(facts, 'Choose *Show value* to try again.');
  return [...(tried.length === 0 ? [context('Choose *Show value* to see its value.')] : tried), end];
}

/** Whether somebody else created it and nothing was tried yet. */
function isToBeClaimed(token: UsedToken, facts: ReceiptFacts, now: number): boolean {
  const isOfOther = token.createdBy !== token.owner && !wasNeverClaimed(token, now);
  const isUntried = !facts.hasLiveSecret && facts.notShownReason === undefined;
  return isOfOther && isUntried && statusOf(token, now) === 'unclaimed';
}

function claimText({ createdBy }: UsedToken, showValue: string): string {
  const days = counted(UNCLAIMED_MS_MAX / DAY_MS, 'day');
  return `${mention(createdBy)} created an API token for you. Choose ${showValue} within ${days}.`;
}

/** What its owner just saw in vain says by itself what became of it. */
function failure({ notShownReason }: ReceiptFacts, consequence: string): KnownBlock[] {
  if (notShownReason === undefined) return [];
  const sentence = notShownSentence(notShownReason);
  return [context(wasSeenInVain(notShownReason) ? sentence : `${sentence} ${consequence}`)];
}

function valueBlocks(token: UsedToken, facts: ReceiptFacts, now: number): KnownBlock[] {
  const isNew = isRotated(token, facts, now);
  const shownAt = facts.liveValues[0]?.shownAt ?? token.claimedAt ?? token.createdAt;
  const another = isUnseen(facts) ? 'Issue new value' : 'Rotate';
  return [
    ...(isNew ? [newValueBlock(token.name, oldValuesAmong(facts.liveValues))] : []),
    context(
      `${isNew ? 'The new value' : 'Its value'} was shown ${dateOnly(shownAt)} and can't be shown again. Lost it? Choose *${another}*.`,
    ),
  ];
}

/** Whether its value took the place of another. A renewal shows the first one of a token that expired before anybody claimed it. */
function isRotated(token: UsedToken, { liveValues: [newest] }: ReceiptFacts, now: number): boolean {
  if (token.generation === 0 || statusOf(token, now) !== 'active') return false;
  const { claimedAt, createdAt } = token;
  return newest === undefined || newest.shownAt !== claimedAt || claimedAt === createdAt;
}

/** A value that was never used may not have reached its owner: ephemeral messages can fail to appear. */
function isUnseen({ liveValues: [newest] }: ReceiptFacts): boolean {
  return newest !== undefined && newest.lastUsedAt === null;
}

function buttons(token: UsedToken, facts: ReceiptFacts, now: number): Button[] {
  const offers = offersFor(token, now);
  const isActive = statusOf(token, now) === 'active';
  const isBeingShown = (offer: Offer) => offer === 'show_value' && facts.hasLiveSecret;
  const first = offers.filter((offer) => offer !== 'revoke' && !isBeingShown(offer));
  const hasOld = isActive && facts.liveValues.length > 1;
  const isChangedOver = hasOld && !isUnseen(facts);
  const offered = offerButtons(token, now, first);
  return [
    // The one main thing to do now, where there is one: an active token at rest has none.
    ...(isChangedOver ? [asMain(endOldButton(token))] : []),
    ...(isDue(token, now) && !isChangedOver ? offered.map(asMain) : offered),
    ...(isActive && isUnseen(facts) ? [newValueButton(token)] : []),
    ...(hasOld && !isChangedOver ? [endOldButton(token)] : []),
    mayDecline(token, now) ? declineButton(token) : revokeButton(token),
    ...(offers.includes('rotate') ? [button(REFRESH_ID, 'Refresh', token.id)] : []),
  ];
}

/** Whether the token needs a new value, or will soon. */
function isDue(token: UsedToken, now: number): boolean {
  return statusOf(token, now) === 'expired' || remarksOf(token, now).includes('expiring soon');
}

function asMain(one: Button): Button {
  return { ...one, style: 'primary' };
}

/** The generation that the person sees goes along: pressed after another rotation, a button does nothing. */
function seenText({ id, generation }: UsedToken): string {
  return `${id}:${generation}`;
}

function newValueButton(token: UsedToken): Button {
  return button(NEW_VALUE_ID, 'Issue new value', seenText(token));
}

function endOldButton(token: UsedToken): Button {
  return {
    ...button(END_OLD_ID, 'End old value now', seenText(token)),
    confirm: {
      title: plain('End the old value?'),
      text: plain('Anything that still uses it stops working immediately. The new value keeps working.'),
      confirm: plain('End it'),
      deny: plain('Keep it'),
      style: 'danger',
    },
  };
}
