import type { Button } from '@slack/types';
import { DAY_MS } from '../../clock.ts';
import { counted } from '../../counted.ts';
import type { LiveValue } from '../../tokens/store.ts';
import {
  type Offer,
  offersFor,
  statusOf,
  UNCLAIMED_MS_MAX,
  type UsedToken,
  wasNeverClaimed,
} from '../../tokens/token.ts';
import { END_OLD_ID, NEW_VALUE_ID, REFRESH_ID } from '../blocks/ids.ts';
import { marked } from '../blocks/marked.ts';
import type { Message } from '../blocks/message.ts';
import { button, context, escaped, mention, plain } from '../blocks/text.ts';
import { dateTime } from '../blocks/times.ts';
import { noteBlocks, offerButtons, revokeButton, revokedText, tokenFields } from '../blocks/token-facts.ts';
import { notShownSentence } from '../show/not-shown.ts';
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
  return marked('receipt', {
    text: `API token ${escaped(token.name)}: ${status}`,
    blocks: [
      { type: 'section', text: plain(token.name), fields: tokenFields(token, now) },
      ...noteBlocks('Purpose', token.purpose),
      ...(token.createdBy === token.owner
        ? []
        : [context(`Created for you by ${mention(token.createdBy)}.`)]),
      ...(token.ownerIsBarred && status !== 'revoked' ? [BARRED] : standing(token, facts, now)).map(context),
      ...(status === 'revoked' || token.ownerIsBarred
        ? []
        : [{ type: 'actions', elements: buttons(token, facts, now) } as const]),
    ],
  });
}

/** How it stands, in sentences of our own. */
function standing(token: UsedToken, facts: ReceiptFacts, now: number): string[] {
  if (wasNeverClaimed(token, now)) {
    const days = counted(UNCLAIMED_MS_MAX / DAY_MS, 'day');
    return [
      `You did not take it within ${days} of its creation: no value is shown any more, and it is revoked.`,
    ];
  }
  switch (statusOf(token, now)) {
    case 'revoked':
      return [revokedText(token)];
    case 'expired':
      return [
        'Expired: requests that carry it are refused. *Renew* makes a new value.',
        ...failure(facts, 'It is still expired.'),
      ];
    case 'active':
      return [...valueLines(token, facts), ...failure(facts, 'The value before lives on as it was.')];
    case 'unclaimed':
      if (facts.hasLiveSecret) return ['Its value is being shown to you in this conversation.'];
      if (facts.notShownReason === undefined) {
        return ['No value was shown yet. *Show value* makes one, for your eyes only.'];
      }
      return failure(facts, 'No value is live. *Show value* makes a fresh one.');
  }
}

function failure({ notShownReason }: ReceiptFacts, consequence: string): string[] {
  return notShownReason === undefined ? [] : [`${notShownSentence(notShownReason)} ${consequence}`];
}

function valueLines(token: UsedToken, facts: ReceiptFacts): string[] {
  const [newest, old] = facts.liveValues;
  const shownAt = newest?.shownAt ?? token.claimedAt ?? token.createdAt;
  const shown = `Its value was shown ${dateTime(shownAt)} and cannot be shown again. Lost it? *${
    isUnseen(facts) ? 'Issue new value' : 'Rotate'
  }* makes another.`;
  if (newest === undefined || old === undefined) return [shown];
  return [
    shown,
    `New value: ${useOf(newest)}. Old value: ${useOf(old)}, honoured until ${old.endsAt === null ? 'it is ended' : dateTime(old.endsAt)}.`,
  ];
}

/** A value that was never used may not have reached its owner: ephemeral messages can fail to appear. */
function isUnseen({ liveValues: [newest] }: ReceiptFacts): boolean {
  return newest !== undefined && newest.lastUsedAt === null;
}

function useOf({ lastUsedAt }: LiveValue): string {
  return lastUsedAt === null ? 'never used' : `last used ${dateTime(lastUsedAt)}`;
}

function buttons(token: UsedToken, facts: ReceiptFacts, now: number): Button[] {
  const offers = offersFor(token, now);
  const isActive = statusOf(token, now) === 'active';
  const isBeingShown = (offer: Offer) => offer === 'show_value' && facts.hasLiveSecret;
  const first = offers.filter((offer) => offer !== 'revoke' && !isBeingShown(offer));
  return [
    ...offerButtons(token, now, first),
    ...(isActive && isUnseen(facts) ? [newValueButton(token)] : []),
    ...(isActive && facts.liveValues.length > 1 ? [endOldButton(token)] : []),
    revokeButton(token),
    ...(offers.includes('rotate') ? [button(REFRESH_ID, 'Refresh', token.id)] : []),
  ];
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
      text: plain('Anything that still uses it is refused from the next request on. The new value stays.'),
      confirm: plain('End it'),
      deny: plain('Keep it'),
      style: 'danger',
    },
  };
}
