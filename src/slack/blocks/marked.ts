import type { KnownBlock } from '@slack/types';
import type { Message } from './message.ts';

/** Messages with buttons that one person alone sees. */
const EPHEMERAL_KINDS = [
  'list',
  'status',
  'history',
  'info',
  'matches',
  'checked',
  'held',
  'unknown',
  'choices',
  'card',
  'value',
] as const;
/** Messages that last: with buttons, and `shared` with everybody in a channel, without any. */
const LASTING_KINDS = ['receipt', 'notice', 'board', 'leak', 'shared'] as const;
export type EphemeralKind = (typeof EPHEMERAL_KINDS)[number];
export type LastingKind = (typeof LASTING_KINDS)[number];

/**
 * The message with its kind in the id of each block, by which a press is later known to stand in one. `variant` tells apart what
 * takes the place of another of the kind: Slack keeps what was chosen in a block for as long as its id stays.
 * https://docs.slack.dev/reference/block-kit/blocks ("use a new block_id")
 */
export function marked(kind: EphemeralKind | LastingKind, { text, blocks }: Message, variant = ''): Message {
  const idOf = (index: number) => [kind, ...(variant === '' ? [] : [variant]), index].join(':');
  return { text, blocks: blocks.map((block, index): KnownBlock => ({ block_id: idOf(index), ...block })) };
}

/** The kind of message seen by one person alone in which a block of this id stands; undefined when it is none of ours. */
export function ephemeralKindOf(blockId: string): EphemeralKind | undefined {
  return EPHEMERAL_KINDS.find((kind) => kind === blockId.split(':', 1)[0]);
}

/** The same of one that lasts. */
export function lastingKindOf(blockId: string): LastingKind | undefined {
  return LASTING_KINDS.find((kind) => kind === blockId.split(':', 1)[0]);
}
