import type { Button, KnownBlock } from '@slack/types';
import { statusOf, type UsedToken } from '../../tokens/token.ts';
import type { Message } from './message.ts';
import { escaped, mention, plain, smallPrint } from './text.ts';
import { field, noteBlocks, revokedText, tokenFields } from './token-facts.ts';

/** What there is to know of a token but its value, with the buttons (`offers`) that whoever asked may press. */
export function infoMessage(token: UsedToken, now: number, offers: readonly Button[]): Message {
  const addresses = token.addresses.map((address) => `\`${escaped(address)}\``).join(', ');
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
          field('Refused', String(token.refusedCount)),
          ...(addresses === '' ? [] : [field('Last addresses', addresses)]),
        ],
      },
      ...scopesBlocks(token),
      ...noteBlocks('Purpose', token.purpose),
      ...(token.revokedAt === null ? [] : [smallPrint(revokedText(token))]),
      ...noteBlocks('Reason', token.revokeReason),
      smallPrint(`Token id \`${token.id}\``),
      ...(offers.length === 0 ? [] : [{ type: 'actions' as const, elements: [...offers] }]),
    ],
  };
}

function scopesBlocks(token: UsedToken): KnownBlock[] {
  if (token.scopes.length === 0) return [];
  return [{ type: 'context', elements: [plain(`Scopes: ${token.scopes.join(', ')}`)] }];
}
