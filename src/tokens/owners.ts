import type { Effect } from './store.ts';
import type { PersonId, WorkspaceId } from './token.ts';

/** An owner whom Slack is to be asked about. */
export type DueOwner = {
  readonly workspace: WorkspaceId;
  readonly person: PersonId;
  /** Since when it is due, or before. Tells whether the owner came to be asked about once more while Slack was being asked. */
  readonly lookUpAt: number;
  /** Since when the owner is known to be gone or barred; null: not known to be. */
  readonly goneAt: number | null;
  /** Whether they are barred: in the workspace, but not allowed to use the app. */
  readonly isBarred: boolean;
  /** Whether Slack told something of them that makes them due before everybody who is due by the clock. */
  readonly isSuspected: boolean;
  /** Whether they have a token that is neither revoked nor expired. */
  readonly hasLiveTokens: boolean;
};

/** When Slack is to be asked next about each owner of a token, and which of them are gone. */
export interface Owners {
  /** The owner who has been due longest at `now`, suspected ones first; undefined when nobody is due. */
  ownerToLookUp(workspace: WorkspaceId, now: number): Promise<DueOwner | undefined>;
  /**
   * Slack told that a person changed: an owner is due at once, and suspected, when they are said to be gone or barred, and
   * when they were before and may be back. Who is due already never comes later by it. Nothing is written for anybody else.
   */
  suspectOwner(
    workspace: WorkspaceId,
    person: PersonId,
    news: { readonly isSaidGone: boolean; readonly at: number },
  ): Promise<void>;
  /**
   * What came of it, and what that brings along. Nothing is written when the owner came to be asked about once more in the
   * meantime.
   */
  noteOwner(owner: DueOwner, note: OwnerNote, effect?: Omit<Effect, 'delivery'>): Promise<void>;
}

/** Where an owner stands, and when to ask about them next. */
export type OwnerNote = {
  readonly lookUpAt: number;
  readonly goneAt: number | null;
  readonly isBarred?: boolean;
  readonly isSuspected: boolean;
};
