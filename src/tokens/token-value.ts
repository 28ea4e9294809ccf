import { type KeyObject, randomInt } from 'node:crypto';
import { inspect } from 'node:util';
import { crc32 } from 'node:zlib';
import { hmac } from './pepper.ts';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** `length` random digits 0-9A-Za-z from the system's generator, each equally likely (`randomInt` has no modulo bias). */
export function randomBase62(length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) text += DIGITS.charAt(randomInt(DIGITS.length));
  return text;
}

/** `number` (an integer ≥ 0) in base 62, most significant digit first, zero-padded to `length`. */
export function toBase62(number: number, length: number): string {
  let text = '';
  for (let rest = number; text.length < length; rest = Math.floor(rest / DIGITS.length)) {
    text = DIGITS.charAt(rest % DIGITS.length) + text;
  }
  return text;
}

const LOOKUP_LENGTH = 12;

const SECRET_LENGTH = 32;

const CHECK_LENGTH = 6;

const MASK_LENGTH = 4;

/** What `TOKEN_PREFIX` may be; also what any presented value may start with. */
export const PREFIX_PATTERN = /^[a-z][a-z0-9]{1,9}$/;

const WHOLE = /^([a-z][a-z0-9]{1,9})_([0-9A-Za-z]{12})_([0-9A-Za-z]{32})([0-9A-Za-z]{6})$/;

/**
 * The text that a caller presents: `{prefix}_{lookup id}_{secret}{check digits}`. Printed, inspected and serialised it is
 * `apit_4fTz…`. A `TokenValue` has the right shape and check digits; that it is good for anything only `verifyToken` says.
 */
export class TokenValue {
  readonly #text: string;
  readonly #separator: number;

  private constructor(text: string) {
    this.#text = text;
    this.#separator = text.indexOf('_');
  }

  /** A fresh random value: 12 public and 32 secret characters (190 bits). */
  static generate(prefix: string): TokenValue {
    if (!PREFIX_PATTERN.test(prefix)) throw new Error('the prefix of a value is [a-z][a-z0-9]{1,9}');
    const body = `${prefix}_${randomBase62(LOOKUP_LENGTH)}_${randomBase62(SECRET_LENGTH)}`;
    return new TokenValue(body + checkDigits(body));
  }

  /** The value that `text` is, from its first to its last character; undefined when shape or check digits are wrong. */
  static parse(text: string): TokenValue | undefined {
    if (!WHOLE.test(text)) return undefined;
    const body = text.slice(0, -CHECK_LENGTH);
    return checkDigits(body) === text.slice(-CHECK_LENGTH) ? new TokenValue(text) : undefined;
  }

  /** The public part, which finds the secret's row. */
  get lookupId(): string {
    return this.#text.slice(this.#separator + 1, this.#separator + 1 + LOOKUP_LENGTH);
  }

  /** What stands in front, which tells whose scanners know it. */
  get prefix(): string {
    return this.#text.slice(0, this.#separator);
  }

  /** HMAC-SHA256 of the whole value under the pepper: 32 bytes. */
  digest(key: KeyObject): Buffer {
    return hmac(key, this.#text);
  }

  /** The 32 secret characters, for the hasher alone: bcrypt would cut the whole value at 72 bytes. */
  secretForHash(): string {
    const start = this.#separator + LOOKUP_LENGTH + 2;
    return this.#text.slice(start, start + SECRET_LENGTH);
  }

  /** The value itself, for the one place that shows it to its owner. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return `${this.#text.slice(0, this.#separator + 1 + MASK_LENGTH)}…`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** A text that looks like a value in every way and is none: it was made just now, and nothing keeps it. For trials of Slack. */
export function valueOfNothing(prefix: string): string {
  return TokenValue.generate(prefix).reveal();
}

function checkDigits(body: string): string {
  return toBase62(crc32(body), CHECK_LENGTH);
}
