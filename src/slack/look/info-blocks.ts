import type { Button, KnownBlock } from '@slack/types';
import type { Finding } from '../../tokens/check.ts';
import { statusOf, type UsedToken } from '../../tokens/token.ts';
import { marked } from '../blocks/marked.ts';
import type { Message } from '../blocks/message.ts';
import { context, escaped, mention, plain, section } from '../blocks/text.ts';
import { field, noteBlocks, revokedText, tokenFields } from '../blocks/token-facts.ts';

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
          field('Refused', String(token.refusedCount + token.triedCount)),
          ...(addresses === '' ? [] : [field('Last addresses', addresses)]),
        ],
      },
      ...scopesBlocks(token),
      ...noteBlocks('Purpose', token.purpose),
      ...(token.revokedAt === null ? [] : [context(revokedText(token))]),
      ...noteBlocks('Reason', token.revokeReason),
      context(`Token id \`${token.id}\``),
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

/** How to ask about a value. */
export const CHECK_USAGE =
  'Type /apitoken check VALUE with a whole value, from its first to its last character. It is not saved.';

/** What a value is, without anything of it, with the buttons (`offers`) that whoever asked may press. */
export function checkedMessage(finding: Finding, now: number, offers: readonly Button[]): Message {
  const sentence = sentenceOf(finding);
  if (finding.is === 'unknown') return { text: sentence, blocks: [section(sentence)] };
  const { token } = finding;
  return marked('checked', {
    text: escaped(sentence),
    blocks: [
      section(sentence),
      {
        type: 'section',
        text: plain(token.name),
        fields: [...tokenFields(token, now), field('Owner', mention(token.owner))],
      },
      ...(token.revokedAt === null ? [] : [context(revokedText(token))]),
      ...(offers.length === 0 ? [] : [{ type: 'actions' as const, elements: [...offers] }]),
    ],
  });
}

function sentenceOf(finding: Finding): string {
  switch (finding.is) {
    case 'valid':
      return `This is a value of ${finding.token.name}, and it is accepted.`;
    case 'expired':
      return `This is a value of ${finding.token.name}, which has expired: nothing accepts it.`;
    case 'retired':
      return `This is an old value of ${finding.token.name}, which ended when it was rotated: nothing accepts it.`;
    case 'revoked':
      return `A value that begins like this one was of ${finding.token.name}, which is revoked: nothing accepts it.`;
    case 'unknown':
      return 'This is no value of a token here: nothing accepts it.';
  }
}
