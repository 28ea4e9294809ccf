import { type Clock, SECOND_MS } from './clock.ts';
import { eventsAfter } from './tokens/audit.ts';
import { type HeldValue, type LeakSource, type Leaks, parseLeakSource } from './tokens/held.ts';
import type { TokenStore } from './tokens/store.ts';
import type { TokenId } from './tokens/token.ts';

/** Values that are remembered until their end, and after it so that none counts twice. The oldest is forgotten first. */
const REMEMBERED_MAX = 10_000;

/** What ends values. */
type Ends = Pick<TokenStore, 'revokeTokens' | 'endOldValues'>;

/** Counts live values that leaked, and measures how long each one lived from then on. */
export type LeakWatch = Leaks & {
  /** `store`, but whatever it ends is told here. */
  watching<S extends Ends>(store: S): S;
  /** Takes in what other processes revoked since the last time, the command line too. It is known by its audit events alone. */
  catchUp(): Promise<void>;
};

/**
 * The watch of one app. What it remembers is gone with the process: of a value that was found before and revoked after, it tells
 * no time. Of other processes it tells what they did after the event `since`.
 */
export function createLeakWatch(deps: {
  readonly store: Pick<TokenStore, 'eventsAfter'>;
  readonly clock: Clock;
  readonly onFound: (source: LeakSource) => void;
  /** A value was dead so long after it was found. */
  readonly onDead: (seconds: number) => void;
  readonly since: number;
}): LeakWatch {
  const { store, clock, onFound, onDead } = deps;
  const foundAt = new Map<string, { readonly tokenId: TokenId; readonly at: number; isDead: boolean }>();
  let since = deps.since;
  let catchingUp: Promise<void> | undefined;

  const found: Leaks['found'] = ({ lookupId, tokenId }, source, at) => {
    if (foundAt.has(lookupId)) return;
    const [oldest] = foundAt.keys();
    if (oldest !== undefined && foundAt.size >= REMEMBERED_MAX) foundAt.delete(oldest);
    foundAt.set(lookupId, { tokenId, at, isDead: false });
    onFound(source);
  };

  /** Whether any of these was found before and dies now. */
  function died(isMeant: (value: HeldValue) => boolean, at: number): boolean {
    let isAny = false;
    for (const [lookupId, value] of foundAt) {
      if (value.isDead || !isMeant({ lookupId, tokenId: value.tokenId })) continue;
      value.isDead = true;
      isAny = true;
      onDead(Math.max(0, at - value.at) / SECOND_MS);
    }
    return isAny;
  }

  async function followEvents(): Promise<void> {
    for await (const { sequence, action, tokenId, at, detail } of eventsAfter(since, store)) {
      since = sequence;
      if (action !== 'token.revoked' || tokenId === null) continue;
      const wasKnown = died((value) => value.tokenId === tokenId, at);
      const source = parseLeakSource(detail.found);
      if (source === undefined || wasKnown) continue;
      onFound(source);
      onDead(Math.max(0, at - Number(detail.found_at)) / SECOND_MS);
    }
  }

  return {
    found,
    watching: (ending) => ({
      ...ending,
      revokeTokens: async (ids, by, delivery) => {
        const outcome = await ending.revokeTokens(ids, by, delivery);
        const ended = new Set<TokenId>(outcome.kind === 'revoked' ? ids : []);
        if (ended.size > 0) died(({ tokenId }) => ended.has(tokenId), clock());
        return outcome;
      },
      endOldValues: async (id, at, effect, one) => {
        const outcome = await ending.endOldValues(id, at, effect, one);
        // Which values end where none is named, nobody here knows.
        if (outcome.kind === 'ended' && one !== undefined) died(({ lookupId }) => lookupId === one, clock());
        return outcome;
      },
    }),
    catchUp: () => {
      catchingUp ??= followEvents().finally(() => {
        catchingUp = undefined;
      });
      return catchingUp;
    },
  };
}
