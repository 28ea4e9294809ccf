import type { KnownBlock } from '@slack/types';
import type { FoundToRevoke } from '../../tokens/first-characters.ts';
import { statusOf } from '../../tokens/token.ts';
import { marked } from './marked.ts';
import type { Message } from './message.ts';
import { mention, plain, saying } from './text.ts';
import { field, revokeButton } from './token-facts.ts';

const HOW: Readonly<Record<FoundToRevoke['by'], (count: number) => string>> = {
  name: (count) => `${count} tokens have names that are typed alike.`,
  first_characters: (count) => `${count} tokens have a value that begins so.`,
  either: (count) => `${count} tokens are called so, or have a value that begins so.`,
};

/** The tokens that what was typed may mean, to choose from; nothing of what was typed. */
export function matchesMessage({ tokens, by }: Omit<FoundToRevoke, 'kind'>, now: number): Message {
  const found = HOW[by](tokens.length);
  return marked('matches', {
    text: found,
    blocks: [
      saying(`${found} Which one is it?`),
      ...tokens.map(
        (token): KnownBlock => ({
          type: 'section',
          text: plain(token.name),
          fields: [field('Owner', mention(token.owner)), field('Status', statusOf(token, now))],
          ...(token.revokedAt === null ? { accessory: revokeButton(token) } : {}),
        }),
      ),
    ],
  });
}
