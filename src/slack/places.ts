import { type Clock, MINUTE_MS } from '../clock.ts';
import type { ListPlace } from './blocks/list.ts';
import type { DrawnNotice } from './blocks/notice.ts';
import { setBounded } from './bounded-map.ts';

/** A `response_url` is good for 30 minutes. */
const PLACE_AGE_MS_MAX = 30 * MINUTE_MS;
const PLACES_MAX = 10_000;

/** The message that a dialog was opened from, so that it can be drawn again when the dialog has done its work. */
export type OpenedFrom =
  | { readonly kind: 'list'; readonly responseUrl: string; readonly place: ListPlace }
  | { readonly kind: 'notice'; readonly responseUrl: string; readonly notice: DrawnNotice };

/** Remembers, in memory and for 30 minutes, where dialogs were opened. After a restart a message is just not drawn again. */
export type Places = {
  remember(viewId: string, from: OpenedFrom): void;
  find(viewId: string): OpenedFrom | undefined;
};

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
