import type { AuditEvent } from './audit.ts';
import type { Delivery, Saying } from './telling.ts';
import type { PersonId, TokenId } from './token.ts';

/** Something that is to be said now. `version` tells whether it was asked for again while it was being said. */
export type DueSaying = {
  readonly key: string;
  readonly version: number;
  readonly attempts: number;
  readonly saying: Saying;
};

/** Where a lasting message stands, so that it can be brought up to date. */
export type KeptMessage = { readonly channel: string; readonly ts: string };

/** A message in a channel that is kept up to date with how everybody's tokens stand. */
export type Board = KeptMessage & {
  /** Who put it there. */
  readonly placedBy: PersonId;
  /** What it shows (a digest of it); null: nothing yet. */
  readonly drawing: string | null;
  /** When Slack was asked last to change it, whatever came of that; null: never yet. */
  readonly triedAt: number | null;
};

/** What is done by itself about a live value in a channel: nothing, its people are told, or it ends and they are told. */
export type LeakPolicy = 'off' | 'warn' | 'revoke';

/** A token of which a value stood in a message. */
export type LeakedToken = {
  readonly tokenId: TokenId;
  /** When that value was made, which tells it from others of its token. */
  readonly madeAt: number;
  /** Whether the message still held it when it was last looked at. */
  readonly isThere: boolean;
};

/** A message in a channel in which live values stood. Of what it says nothing is kept. */
export type Leak = KeptMessage & {
  /** The thread that it stands in. */
  readonly threadTs: string | null;
  /** What kind of place that is and who posted it, as `leakTextOf` writes it. */
  readonly place: string;
  /** Why the tokens end. */
  readonly reason: string;
  readonly policy: Exclude<LeakPolicy, 'off'>;
  readonly seenAt: number;
  /** Where its people were told, with a digest of what; by who was: `channel`, `oncall:PERSON`, or an owner. */
  readonly cards: Readonly<Record<string, LeakCard>>;
  readonly tokens: readonly LeakedToken[];
};

export type LeakCard = KeptMessage & { readonly drawing: string };

/** What was found when a message was looked at. */
export type LeakFound = {
  readonly live: readonly Pick<LeakedToken, 'tokenId' | 'madeAt'>[];
  /** All tokens of which a value stands there, live or not. */
  readonly there: ReadonlySet<TokenId>;
};

/** Boards of a workspace: each may be changed once a minute, and Slack takes about 50 changes a minute of all messages. */
export const BOARDS_MAX = 20;

/**
 * What is still to be said in Slack. A saying that is asked for again before it was said is one saying, due at the
 * earlier of both. It survives a restart and never holds a value.
 */
export interface Outbox {
  /**
   * Those due at `now`, the longest due first. They are taken: no other process gets them for 15 s, by the database's clock, or until
   * it is told here what became of them. What a process took before it gets again.
   */
  takeDue(now: number, limit: number): Promise<readonly DueSaying[]>;
  /** They are still being said: this process's for another 15 s. */
  keepTaken(sayings: readonly Pick<DueSaying, 'key'>[]): Promise<void>;
  /**
   * It was said, or never can be: drops it, unless it was asked for again since it was taken. False where another process has
   * taken it meanwhile: which of both said it last, nobody knows.
   */
  settle(due: DueSaying): Promise<boolean>;
  /**
   * It could not be said yet: due again at `dueAt`, with one more attempt counted. `quietUntil`: nor before then where it is asked
   * for anew. As `settle`.
   */
  postpone(due: DueSaying, dueAt: number, quietUntil?: number): Promise<boolean>;
  /** It was said, and must be said once more at `dueAt` although nothing will have happened: begins anew. As `settle`. */
  sayAgain(due: DueSaying, dueAt: number): Promise<boolean>;
  /** Asks for it once more. */
  sayAnew(saying: Saying, dueAt: number): Promise<void>;
  /**
   * Takes what `key` names for this process, for `forMs` by the database's clock; whoever has it takes it anew. False while it is another
   * one's.
   */
  takeLease(key: string, forMs: number): Promise<boolean>;
  /** Leaves it to whoever comes next, this process or another one, `afterMs` from now. */
  leaveLease(key: string, afterMs?: number): Promise<void>;
  /** How many should have been said by `now` and were not, and since when the first of them waits (null: none does). */
  waitingSayings(now: number): Promise<{ readonly count: number; readonly sinceAt: number | null }>;
  findReceipt(tokenId: TokenId): Promise<KeptMessage | undefined>;
  /** The receipt now stands there; a former one is forgotten. */
  keepReceipt(tokenId: TokenId, message: KeptMessage): Promise<void>;

  /** All boards; 20 at most. */
  listBoards(): Promise<readonly Board[]>;
  findBoard(channel: string): Promise<Board | undefined>;
  /**
   * The board of that channel now stands there and is to be drawn at once. Resolves to where it stood before, if it did.
   * Nothing is written when there are 20 in other channels (`too_many`), or this delivery placed it before (`repeated`).
   */
  keepBoard(
    board: Omit<Board, 'drawing' | 'triedAt'>,
    effect: { readonly event: AuditEvent; readonly delivery: Delivery },
  ): Promise<{ kind: 'kept'; former: KeptMessage | undefined } | { kind: 'too_many' } | { kind: 'repeated' }>;
  /** The board is to be drawn anew at `dueAt`, unless that is to be done already. */
  askForBoard(channel: string, dueAt: number): Promise<void>;
  /** Slack is about to be asked to change the board in that place. */
  tryBoard(board: KeptMessage, triedAt: number): Promise<void>;
  /** The board in that place shows `drawing`. */
  keepDrawing(board: KeptMessage, drawing: string): Promise<void>;
  /**
   * The board in that place is kept up to date no longer; `event`: because somebody wanted that. False, and nothing is
   * written, when it was not kept up to date, or stands elsewhere by now.
   */
  forgetBoard(message: KeptMessage, event?: AuditEvent): Promise<boolean>;

  /**
   * The message at this place holds what was found. Its people are to be told, where that is something new. Nothing is written when it is not, nor of a message that never held a
   * live value.
   */
  keepLeak(leak: Omit<Leak, 'cards' | 'tokens'>, found: LeakFound): Promise<void>;
  findLeak(message: KeptMessage): Promise<Leak | undefined>;
  /** The card about that message for `reader` stands there. */
  keepLeakCard(message: KeptMessage, reader: string, card: LeakCard): Promise<void>;
}
