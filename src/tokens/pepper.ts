import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';

export const PEPPER_LENGTH_MIN = 32;

/** The key of all digests, made ready once: a `KeyObject` digests several times faster than the text it came from. */
export type Pepper = {
  readonly key: KeyObject;
  /** 8 hex digits that tell which pepper made a digest and give nothing of it away. */
  readonly id: string;
  /** The key of the audit chain, derived, so that a digest never equals a MAC. */
  readonly auditKey: KeyObject;
  /** The key of the seals of secrets, derived for the same reason. */
  readonly sealKey: KeyObject;
};

/** The peppers at hand: one that makes what is new, and those before it, under which digests still stand. */
export type Peppers = {
  readonly current: Pepper;
  /** The current one first. */
  readonly all: readonly Pepper[];
  /** The pepper of that id; undefined when it is not at hand. */
  find(id: string): Pepper | undefined;
};

/** `current` and the `old` ones together. No two of them have the same id. */
export function peppersFrom(current: Pepper, old: readonly Pepper[] = []): Peppers {
  const all = [current, ...old];
  const byId = new Map(all.map((pepper) => [pepper.id, pepper]));
  if (byId.size < all.length) throw new Error('two peppers have the same id');
  return { current, all, find: (id) => byId.get(id) };
}

/** The pepper in `text`, which has at least 32 characters. */
export function pepperFrom(text: string): Pepper {
  if (text.length < PEPPER_LENGTH_MIN)
    throw new Error(`a pepper has at least ${PEPPER_LENGTH_MIN} characters`);
  const key = createSecretKey(Buffer.from(text, 'utf8'));
  return {
    key,
    id: derive(key, 'apitoken pepper id').toString('hex').slice(0, 8),
    auditKey: createSecretKey(derive(key, 'apitoken audit chain')),
    sealKey: createSecretKey(derive(key, 'apitoken seal')),
  };
}

function derive(key: KeyObject, label: string): Buffer {
  return createHmac('sha256', key).update(label).digest();
}
