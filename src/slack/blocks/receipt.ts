import type { KnownBlock } from '@slack/types';
import { statusOf, type UsedToken } from '../../tokens/token.ts';
import type { Message } from './message.ts';
import { notShownSentence } from './not-shown.ts';
import { cut, dateTime, escaped, mention, plain, smallPrint } from './text.ts';
import { field, revokeButton, showValueButton, tokenFields } from './token-facts.ts';

/** What the receipt tells beside the token itself. */
export type ReceiptFacts = {
  /** A value was shown, or is being shown right now. */
  readonly hasLiveValue: boolean;
  /** Why the last attempt to show the value failed; undefined when none did. */
  readonly notShownReason: string | undefined;
};

/** The lasting, secret-free message about a token in its owner's DM. */
export function receiptMessage(token: UsedToken, facts: ReceiptFacts, now: number): Message {
  const status = statusOf(token, now);
  return {
    text: `API token ${escaped(token.name)}: ${status}`,
    blocks: [
      { type: 'section', text: plain(token.name), fields: tokenFields(token, now) },
      ...purposeBlocks(token),
      smallPrint(standing(token, facts, now)),
      ...buttons(token, facts, now),
    ],
  };
}

/** The same facts for whoever asked by `info`: with owner, and only the buttons that this person may press. */
export function infoMessage(
  token: UsedToken,
  now: number,
  offers: { readonly revoke: boolean; readonly showValue: boolean },
): Message {
  const elements = [
    ...(offers.showValue ? [showValueButton(token)] : []),
    ...(offers.revoke ? [revokeButton(token)] : []),
  ];
  const revocation = token.revokedAt === null ? [] : [smallPrint(revokedText(token))];
  return {
    text: `API token ${escaped(token.name)}: ${statusOf(token, now)}`,
    blocks: [
      {
        type: 'section',
        text: plain(token.name),
        fields: [
          ...tokenFields(token, now),
          field('Owner', mention(token.owner)),
          field('Uses', String(token.useCount)),
        ],
      },
      ...purposeBlocks(token),
      ...revocation,
      smallPrint(`Token id \`${token.id}\``),
      ...(elements.length === 0 ? [] : [{ type: 'actions', elements } as const]),
    ],
  };
}

/** What the owner is told when somebody else ended their token. */
export function revokedByOtherMessage(token: UsedToken): Message {
  const text = `Your token ${escaped(token.name)} was revoked by ${mention(token.revokedBy ?? '')}.`;
  return {
    text,
    blocks: [
      {
        type: 'section',
        text: plain(`Your token ${token.name} was revoked. Anything that uses it is refused.`),
      },
      smallPrint(revokedText(token)),
      ...reasonBlocks(token),
    ],
  };
}

function purposeBlocks(token: UsedToken): KnownBlock[] {
  if (token.purpose === null) return [];
  return [{ type: 'context', elements: [plain(`Purpose: ${cut(token.purpose, 300)}`)] }];
}

function reasonBlocks(token: UsedToken): KnownBlock[] {
  if (token.revokeReason === null) return [];
  return [{ type: 'context', elements: [plain(`Reason: ${cut(token.revokeReason, 300)}`)] }];
}

function standing(token: UsedToken, facts: ReceiptFacts, now: number): string {
  switch (statusOf(token, now)) {
    case 'revoked':
      return revokedText(token);
    case 'expired':
      return 'Expired: requests that carry it are refused.';
    case 'active':
      return `The value was shown on ${dateTime(token.claimedAt ?? token.createdAt)} and cannot be shown again. Lost it? Revoke this token and create a new one.`;
    case 'unclaimed':
      if (facts.hasLiveValue) return 'Its value is being shown to you in this conversation.';
      if (facts.notShownReason === undefined)
        return 'No value was shown yet. *Show value* makes one, for your eyes only.';
      return `${notShownSentence(facts.notShownReason)} No value is live. *Show value* makes a fresh one.`;
  }
}

function revokedText(token: UsedToken): string {
  const by = token.revokedBy === null ? '' : ` by ${mention(token.revokedBy)}`;
  return `Revoked${by} on ${dateTime(token.revokedAt ?? 0)}.`;
}

function buttons(token: UsedToken, facts: ReceiptFacts, now: number): KnownBlock[] {
  const status = statusOf(token, now);
  if (status === 'revoked') return [];
  const offersValue = status === 'unclaimed' && !facts.hasLiveValue;
  return [
    { type: 'actions', elements: [...(offersValue ? [showValueButton(token)] : []), revokeButton(token)] },
  ];
}
