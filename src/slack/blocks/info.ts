import type { Button, KnownBlock } from '@slack/types';
import { statusOf, type UsedToken } from '../../tokens/token.ts';
import { marked } from './marked.ts';
import type { Message } from './message.ts';
import { escaped, mention, plain, smallPrint } from './text.ts';
import { field, noteBlocks, revokedText, tokenFields } from './token-facts.ts';

/** Scopes in one text, which holds 3,000 characters. */
const SCOPES_DRAWN_MAX = 25;

/** What there is to know of a token but its value, with the buttons (`offers`) that whoever asked may press. */
export function infoMessage(token: UsedToken, now: number, offers: readonly Button[]): Message {
  const addresses = token.addresses.map((address) => `\`${escaped(address)}\``).join(', ');
  return marked('info', {
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
  });
}

/** 100 scopes of 75 characters are more than one text may hold. */
function scopesBlocks({ scopes }: UsedToken): KnownBlock[] {
  const parts = Array.from({ length: Math.ceil(scopes.length / SCOPES_DRAWN_MAX) }, (_, part) =>
    scopes.slice(part * SCOPES_DRAWN_MAX, (part + 1) * SCOPES_DRAWN_MAX).join(', '),
  );
  return parts.map((text) => ({ type: 'context', elements: [plain(`Scopes: ${text}`)] }));
}
