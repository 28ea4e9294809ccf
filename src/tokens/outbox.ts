import type { Saying } from './store.ts';
import type { TokenId } from './token.ts';

/** Something that is to be said now. `version` tells whether it was asked for again while it was being said. */
export type DueSaying = {
  readonly key: string;
  readonly version: number;
  readonly attempts: number;
  readonly saying: Saying;
};

/** Where a lasting message stands, so that it can be brought up to date. */
export type KeptMessage = { readonly channel: string; readonly ts: string };

/**
 * What is still to be said in Slack. A saying that is asked for again before it was said is one saying, due at the
 * earlier of both. It survives a restart and never holds a value.
 */
export interface Outbox {
  /** Those due at `now`, the longest due first. */
  takeDue(now: number, limit: number): Promise<readonly DueSaying[]>;
  /** It was said, or never can be: drops it, unless it was asked for again since it was taken. */
  settle(due: DueSaying): Promise<void>;
  /** It could not be said yet: due again at `dueAt`, with one more attempt counted. */
  postpone(due: DueSaying, dueAt: number): Promise<void>;
  /** It was said, and must be said once more at `dueAt` although nothing will have happened: begins anew. */
  sayAgain(due: DueSaying, dueAt: number): Promise<void>;
  /** How many should have been said by `now` and were not, and since when the first of them waits (null: none does). */
  waitingSayings(now: number): Promise<{ readonly count: number; readonly sinceAt: number | null }>;
  findReceipt(tokenId: TokenId): Promise<KeptMessage | undefined>;
  /** The receipt now stands there; a former one is forgotten. */
  keepReceipt(tokenId: TokenId, message: KeptMessage): Promise<void>;
}
