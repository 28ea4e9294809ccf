import type { WebClient } from '@slack/web-api';
import type { Log } from '../log.ts';
import type { CreationPolicy } from '../tokens/create.ts';
import type { Hasher } from '../tokens/hasher.ts';
import type { Leaks } from '../tokens/held.ts';
import type { FindPerson } from '../tokens/kept-scopes.ts';
import type { Owners } from '../tokens/leavers.ts';
import type { Outbox } from '../tokens/outbox.ts';
import type { RefuseDeps } from '../tokens/refusal.ts';
import type { Deliver, ShowingTurns } from '../tokens/show.ts';
import type { TokenStore, Visitors } from '../tokens/store.ts';
import type { WorkspaceId } from '../tokens/token.ts';
import type { UsageRecorder } from '../tokens/usage.ts';
import type { VerifyDeps } from '../tokens/verify.ts';
import type { DrawnIn } from './entrance.ts';
import type { CheckLimit } from './look/check-limit.ts';
import type { Homes } from './look/list.ts';
import type { Openings } from './look/opened-from.ts';
import type { Receipts } from './notices/receipts.ts';
import type { Actors } from './people/actor.ts';
import type { Tables } from './reply/respond.ts';
import type { AckSubmission } from './reply/submission.ts';
import type { OneAtATime, TakeTurn } from './turns.ts';
import type { KnownVisit } from './visit.ts';

/** What listeners use of the app beyond Slack. */
export type DomainDeps = RefuseDeps &
  VerifyDeps & {
    readonly store: TokenStore & Outbox & Owners & Visitors;
    readonly policy: CreationPolicy;
    readonly hasher: Pick<Hasher, 'hash'>;
    readonly prefix: string;
    readonly workspace: WorkspaceId;
    readonly log: Log;
    /** Brings what was counted in memory into the store, before it is drawn, and tells what is not there yet. */
    readonly usage: Pick<UsageRecorder, 'flush' | 'isUsed'>;
    readonly leaks: Leaks;
  };

/** All that a listener may use. */
export type ListenerDeps = DomainDeps & {
  readonly deliver: Deliver;
  readonly findPerson: FindPerson;
  readonly showingTurns: ShowingTurns;
  readonly client: WebClient;
  readonly actors: Actors;
  readonly openedFrom: Openings;
  /** Answers to commands that were written as messages: as many a minute as checks. */
  readonly writtenLimit: CheckLimit;
  /** By person: answering what they wrote to the app. */
  readonly takeWrittenTurn: TakeTurn;
  readonly homes: Homes;
  readonly checkLimit: CheckLimit;
  readonly receipts: Receipts;
  readonly tables: Tables;
  /** By channel: drawing a board and stopping it. */
  readonly takeBoardTurn: TakeTurn;
  /** By the tokens of a card: sharing it. */
  readonly takeShareTurn: TakeTurn;
  /** By person: making and sending a file. */
  readonly exportOneAtATime: OneAtATime;
};

/** Answers a pressed button or a chosen option. The delivery is acknowledged and the person is known. */
export type PressListener = (visit: KnownVisit, value: string, deps: ListenerDeps) => Promise<void>;

/** A button or menu. */
export type Press = {
  readonly listener: PressListener;
  /**
   * All that it is drawn in: pressed anywhere else it was made up. With `unread` for what writes over nothing and is said to
   * nobody else: that may be answered wherever it seems to stand.
   */
  readonly drawnIn: readonly DrawnIn[];
};

/** Answers a submitted dialog. It must acknowledge it itself, within 3 s. */
export type SubmissionListener = (
  visit: KnownVisit,
  submission: {
    readonly fields: Readonly<Record<string, string>>;
    /** Of fields that take several. */
    readonly choices: Readonly<Record<string, readonly string[]>>;
    readonly metadata: string;
    readonly ack: AckSubmission;
  },
  deps: ListenerDeps,
) => Promise<void>;
