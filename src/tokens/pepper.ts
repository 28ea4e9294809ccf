import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';

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
  /** The key of what dialogs carry through a client and nobody else may read or make. */
  readonly dialogKey: KeyObject;
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
    id: hmac(key, 'apitoken pepper id').toString('hex').slice(0, 8),
    auditKey: createSecretKey(hmac(key, 'apitoken audit chain')),
    sealKey: createSecretKey(hmac(key, 'apitoken seal')),
    dialogKey: createSecretKey(hmac(key, 'apitoken dialog')),
  };
}

/** Of SHA-256, in bytes: what it takes at once, and what it gives. */
const BLOCK = 64;

const HASH = 32;

/** Longer than what a verification digests or seals. */
const MESSAGE_MAX = 2048;

/** UTF-8 of one UTF-16 unit is no longer. */
const BYTES_A_UNIT = 3;

/** What stands before the message in both hashes of an HMAC (RFC 2104 §2), with room behind it for that message. */
type Pads = { readonly inner: Buffer; readonly outer: Buffer };

const padsByKey = new WeakMap<KeyObject, Pads>();

/**
 * HMAC-SHA256 under `key` of the bytes `before` and, behind them, `text` in UTF-8. By two one-shot hashes, in a third of the time
 * of `createHmac`: that makes an object and a buffer outside the heap each time, and a verification needs two of them.
 */
export function hmac(key: KeyObject, text: string, before?: Buffer): Buffer {
  const start = BLOCK + (before?.length ?? 0);
  if (start + text.length * BYTES_A_UNIT > BLOCK + MESSAGE_MAX) return longHmac(key, text, before);
  const { inner, outer } = padsOf(key);
  if (before !== undefined) inner.set(before, BLOCK);
  const end = start + inner.write(text, start);
  outer.write(hash('sha256', inner.subarray(0, end), 'binary'), BLOCK, 'binary');
  // It may be a value.
  inner.fill(0, BLOCK, end);
  return Buffer.from(hash('sha256', outer, 'binary'), 'binary');
}

function longHmac(key: KeyObject, text: string, before: Buffer = Buffer.alloc(0)): Buffer {
  return createHmac('sha256', key).update(before).update(text).digest();
}

function padsOf(key: KeyObject): Pads {
  const known = padsByKey.get(key);
  if (known !== undefined) return known;
  const bytes = key.export();
  const short = bytes.length > BLOCK ? hash('sha256', bytes, 'buffer') : bytes;
  const pads = { inner: Buffer.alloc(BLOCK + MESSAGE_MAX), outer: Buffer.alloc(BLOCK + HASH) };
  for (let i = 0; i < BLOCK; i++) {
    pads.inner[i] = (short[i] ?? 0) ^ 0x36;
    pads.outer[i] = (short[i] ?? 0) ^ 0x5c;
  }
  padsByKey.set(key, pads);
  return pads;
}
