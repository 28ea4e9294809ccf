import type { Json } from '../../sandbox/workspace/state.ts';

/** One way in which something of Slack's differs from what it sends in full; `path` with a dot between keys. */
export type Variant = { readonly path: string; readonly as: 'left out' | 'null' };

/** What the app itself once drew, as Slack says it again, and the fields of a message: nothing in it is read, so it is not taken apart. */
const DRAWN = new Set(['blocks', 'title', 'close', 'submit', 'text']);
const FIELDS_OF_MESSAGE = 'state';

/** Each key left out and each one null, one at a time, however deep it lies. */
export function variantsOf(full: Json): Variant[] {
  return pathsIn(full).flatMap((path) => [{ path, as: 'left out' } as const, { path, as: 'null' } as const]);
}

function pathsIn(part: unknown, above = ''): string[] {
  if (typeof part !== 'object' || part === null) return [];
  return Object.entries(part).flatMap(([key, value]) => {
    const path = `${above}${key}`;
    const deeper = DRAWN.has(key) || path === FIELDS_OF_MESSAGE ? [] : pathsIn(value, `${path}.`);
    return Array.isArray(part) ? deeper : [path, ...deeper];
  });
}

/** A copy that differs in that way. */
export function changedAt(full: Json, { path, as }: Variant): Json {
  const copy = structuredClone(full);
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let part: Json = copy;
  for (const key of keys) part = part[key] as Json;
  if (as === 'null') part[last] = null;
  else delete part[last];
  return copy;
}
