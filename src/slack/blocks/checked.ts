import type { Button } from '@slack/types';
import type { Finding } from '../../tokens/check.ts';
import { marked } from './marked.ts';
import type { Message } from './message.ts';
import { escaped, mention, plain, saying, smallPrint } from './text.ts';
import { field, revokedText, tokenFields } from './token-facts.ts';

/** How to ask about a value. */
export const CHECK_USAGE =
  'Type /apitoken check VALUE with a whole value, from its first to its last character. It is not saved.';

/** What a value is, without anything of it, with the buttons (`offers`) that whoever asked may press. */
export function checkedMessage(finding: Finding, now: number, offers: readonly Button[]): Message {
  const sentence = sentenceOf(finding);
  if (finding.is === 'unknown') return { text: sentence, blocks: [saying(sentence)] };
  const { token } = finding;
  return marked('checked', {
    text: escaped(sentence),
    blocks: [
      saying(sentence),
      {
        type: 'section',
        text: plain(token.name),
        fields: [...tokenFields(token, now), field('Owner', mention(token.owner))],
      },
      ...(token.revokedAt === null ? [] : [smallPrint(revokedText(token))]),
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
