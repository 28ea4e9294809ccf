import type { z } from 'zod';

/** Places that are named at most. */
const PLACES_MAX = 5;
/** Slack's own keys. What a person or a client named, as a block, may be anything. */
const KEY = /^[a-z][a-z_]{0,40}$/;

/** A delivery without what the app needs of it. Tells where something is missing or wrong, and nothing of what was delivered. */
export class UnreadDelivery extends Error {
  constructor(places: readonly string[]) {
    super(`a delivery of Slack cannot be read at ${places.join(', ')}`);
    this.name = 'UnreadDelivery';
  }
}

/** What `schema` reads in a delivery or in a part of one. Throws `UnreadDelivery`. */
export function readDelivery<T extends z.ZodType>(schema: T, body: unknown): z.infer<T> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new UnreadDelivery(parsed.error.issues.slice(0, PLACES_MAX).map(({ path }) => placeOf(path)));
}

function placeOf(path: readonly PropertyKey[]): string {
  const keys = path.map((key) => (typeof key === 'number' || KEY.test(String(key)) ? String(key) : '*'));
  return keys.length === 0 ? 'its top' : keys.join('.');
}
