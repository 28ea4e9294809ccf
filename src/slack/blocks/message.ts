import type { KnownBlock } from '@slack/types';

/** A message as it is handed to Slack. `text` says the same as the blocks, for notifications and screen readers. */
export type Message = { readonly text: string; readonly blocks: KnownBlock[] };
