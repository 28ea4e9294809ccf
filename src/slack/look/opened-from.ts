import { LRUCache } from 'lru-cache';
import { type Clock, MINUTE_MS } from '../../clock.ts';
import type { PageOfList } from '../blocks/pages.ts';
import type { DrawnNotice } from '../notices/notice-blocks.ts';
import { goodFor } from '../people/memory.ts';
import type { Visit } from '../visit.ts';

/** A `response_url` is good for 30 minutes. */
const OPENING_AGE_MS_MAX = 30 * MINUTE_MS;

const OPENINGS_MAX = 10_000;

/** Where a dialog was opened from, so that its result can be told there too. */
export type OpenedFrom =
  | {
      readonly kind: 'list';
      readonly responseUrl: string;
      readonly channel: string | undefined;
      readonly channelName: string | undefined;
      readonly page: PageOfList;
    }
  | { readonly kind: 'notice'; readonly responseUrl: string; readonly notice: DrawnNotice }
  /** A command, a shortcut, or a message that only that person sees. */
  | {
      readonly kind: 'elsewhere';
      readonly responseUrl: string;
      readonly channel: string | undefined;
      readonly channelName: string | undefined;
    };

/** A dialog and who opened it: a view's id comes back from a client, and nobody writes where somebody else's was opened. */
type Dialog = Pick<Visit, 'personId' | 'viewId'>;

/** Remembers, in memory and for 30 minutes, where dialogs were opened. After a restart nothing is told there. */
export type Openings = {
  remember(dialog: Dialog, from: OpenedFrom): void;
  find(dialog: Dialog): OpenedFrom | undefined;
};

/** Notes that a dialog was opened there, where that can be answered later. */
export function rememberOpening(
  {
    personId,
    responseUrl,
    channelId: channel,
    channelName,
  }: Pick<Visit, 'personId' | 'responseUrl' | 'channelId' | 'channelName'>,
  viewId: string | undefined,
  openings: Openings,
  page?: PageOfList,
): void {
  if (viewId === undefined || responseUrl === undefined) return;
  const from = { responseUrl, channel, channelName };
  openings.remember(
    { personId, viewId },
    page === undefined ? { kind: 'elsewhere', ...from } : { kind: 'list', ...from, page },
  );
}

/** What remembers them, told the age of each by `clock`. */
export function createOpenings(clock: Clock): Openings {
  const options = { max: OPENINGS_MAX, ...goodFor(OPENING_AGE_MS_MAX, clock) };
  const openings = new LRUCache<string, OpenedFrom>(options);
  return {
    remember: (dialog, from) => void openings.set(keyOf(dialog), from),
    find: (dialog) => openings.get(keyOf(dialog)),
  };
}

function keyOf({ personId, viewId = '' }: Dialog): string {
  return `${personId} ${viewId}`;
}
