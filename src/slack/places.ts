import { type Clock, MINUTE_MS } from '../clock.ts';
import type { ListPlace } from './blocks/list.ts';
import { setBounded } from './bounded-map.ts';

/** A `response_url` is good for 30 minutes. */
const PLACE_AGE_MS_MAX = 30 * MINUTE_MS;
const PLACES_MAX = 10_000;

/** The drawn list that a dialog was opened from, so that it can be drawn again when the dialog has done its work. */
export type OpenedFrom = { readonly responseUrl: string; readonly place: ListPlace };

/** Remembers, in memory and for 30 minutes, where dialogs were opened. After a restart a list is just not drawn again. */
export type Places = {
  remember(viewId: string, from: OpenedFrom): void;
  find(viewId: string): OpenedFrom | undefined;
};

/** Places, none remembered yet. */
export function createPlaces(clock: Clock): Places {
  const places = new Map<string, OpenedFrom & { readonly at: number }>();
  return {
    remember: (viewId, from) => setBounded(places, viewId, { ...from, at: clock() }, PLACES_MAX),
    find: (viewId) => {
      const from = places.get(viewId);
      return from !== undefined && clock() - from.at < PLACE_AGE_MS_MAX ? from : undefined;
    },
  };
}
