import { type Clock, MINUTE_MS } from '../clock.ts';
import type { ListPlace } from './blocks/list.ts';
import type { DrawnNotice } from './blocks/notice.ts';
import { setBounded } from './bounded-map.ts';
import type { Visit } from './visit.ts';

/** A `response_url` is good for 30 minutes. */
const PLACE_AGE_MS_MAX = 30 * MINUTE_MS;
const PLACES_MAX = 10_000;

/** Where a dialog was opened from, so that its result can be told there too. */
export type OpenedFrom =
  | { readonly kind: 'list'; readonly responseUrl: string; readonly place: ListPlace }
  | { readonly kind: 'notice'; readonly responseUrl: string; readonly notice: DrawnNotice }
  /** A command, a shortcut, or a message that only that person sees. */
  | { readonly kind: 'elsewhere'; readonly responseUrl: string };

/** Remembers, in memory and for 30 minutes, where dialogs were opened. After a restart nothing is told there. */
export type Places = {
  remember(viewId: string, from: OpenedFrom): void;
  find(viewId: string): OpenedFrom | undefined;
};

/** Notes that a dialog was opened there, where that can be answered later. */
export function rememberPlace(
  { responseUrl }: Pick<Visit, 'responseUrl'>,
  viewId: string | undefined,
  places: Places,
  place?: ListPlace,
): void {
  if (viewId === undefined || responseUrl === undefined) return;
  places.remember(
    viewId,
    place === undefined ? { kind: 'elsewhere', responseUrl } : { kind: 'list', responseUrl, place },
  );
}

/** Places, none remembered yet. */
export function createPlaces(clock: Clock): Places {
  const places = new Map<string, { readonly from: OpenedFrom; readonly at: number }>();
  return {
    remember: (viewId, from) => setBounded(places, viewId, { from, at: clock() }, PLACES_MAX),
    find: (viewId) => {
      const place = places.get(viewId);
      return place !== undefined && clock() - place.at < PLACE_AGE_MS_MAX ? place.from : undefined;
    },
  };
}
