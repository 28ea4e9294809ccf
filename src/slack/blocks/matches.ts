import type { KnownBlock } from '@slack/types';
import { statusOf, type UsedToken } from '../../tokens/token.ts';
import type { Message } from './message.ts';
import { mention, plain, saying } from './text.ts';
import { field, revokeButton } from './token-facts.ts';

/** The tokens that what was typed may mean, to choose from; nothing of what was typed. */
export function matchesMessage(tokens: readonly UsedToken[], now: number): Message {
  return {
    text: `${tokens.length} tokens have a value that begins so.`,
    blocks: [
      saying(`${tokens.length} tokens have a value that begins so. Which one is it?`),
      ...tokens.map(
        (token): KnownBlock => ({
          type: 'section',
          text: plain(token.name),
          fields: [field('Owner', mention(token.owner)), field('Status', statusOf(token, now))],
          ...(token.revokedAt === null ? { accessory: revokeButton(token) } : {}),
        }),
      ),
    ],
  };
}
